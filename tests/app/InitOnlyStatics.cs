// Reflection on initonly statics: written while the class constructor runs, refused afterwards, whichever way is tried first.

using System;
using System.Reflection;
using System.Runtime.CompilerServices;

class Early
{
    internal static readonly string S = "0";
    internal static readonly int N = 1;

    static Early()
    {
        Program.Set(typeof(Early), "S", "1");
        Program.SetDirect(typeof(Early), "S", S + "2");
        Program.Set(typeof(Early), "N", 5);
        Program.SetDirect(typeof(Early), "N", 6);
    }
}

class Direct
{
    internal static readonly string S;
    static Direct() { S = "d"; }
}

class Both
{
    internal static readonly string S;
    internal static string Free = "f";
    static Both() { S = "b"; }
}

class Lazy
{
    internal static readonly string S = "lazy";
}

class LazyDirect
{
    internal static readonly int N = 3;
}

class Precise
{
    internal static readonly string S;
    static Precise() { S = "p"; }
}

class Plain
{
#pragma warning disable CS0649
    internal static readonly string? S;
    internal static readonly int N;
#pragma warning restore CS0649
}

class Generic<T>
{
    internal static readonly T? V;
    static Generic() { V = default; }
}

static class Program
{
    const BindingFlags All = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    internal static void Set(Type type, string name, object value) => Try("SetValue", type, name, value, f => f.SetValue(null, value));

    internal static void SetDirect(Type type, string name, object value) => Try("SetValueDirect", type, name, value, f =>
    {
        int i = 0;
        f.SetValueDirect(__makeref(i), value);
    });

    static void Try(string how, Type type, string name, object value, Action<FieldInfo> set)
    {
        FieldInfo field = type.GetField(name, All)!;
        try
        {
            set(field);
            Console.WriteLine($"{how} {type.Name}.{name}: now {field.GetValue(null) ?? "null"}");
        }
        catch (Exception e)
        {
            Console.WriteLine($"{how} {type.Name}.{name}: {e.GetType()}: {e.Message}");
        }
    }

    static void Main()
    {
        RuntimeHelpers.RunClassConstructor(typeof(Early).TypeHandle);
        Set(typeof(Early), "S", "3");
        SetDirect(typeof(Early), "S", "4");
        Set(typeof(Early), "N", 7);
        SetDirect(typeof(Early), "N", 8);

        RuntimeHelpers.RunClassConstructor(typeof(Direct).TypeHandle);
        SetDirect(typeof(Direct), "S", "x");
        Set(typeof(Direct), "S", "y");

        RuntimeHelpers.RunClassConstructor(typeof(Both).TypeHandle);
        Console.WriteLine(typeof(Both).GetField("S", All)!.GetValue(null));
        Set(typeof(Both), "S", "y");
        SetDirect(typeof(Both), "S", "x");
        Set(typeof(Both), "Free", "g");
        SetDirect(typeof(Both), "Free", "h");

        Set(typeof(Lazy), "S", "1");
        Set(typeof(Lazy), "S", "2");
        SetDirect(typeof(LazyDirect), "N", 1);
        SetDirect(typeof(LazyDirect), "N", 2);
        Set(typeof(Precise), "S", "1");
        Set(typeof(Precise), "S", "2");
        Set(typeof(Plain), "S", "1");
        Set(typeof(Plain), "S", "2");
        SetDirect(typeof(Plain), "N", 3);
        SetDirect(typeof(Plain), "N", 4);
        RuntimeHelpers.RunClassConstructor(typeof(Generic<string>).TypeHandle);
        SetDirect(typeof(Generic<string>), "V", "g");
        Set(typeof(Generic<string>), "V", "h");
        SetDirect(typeof(Generic<int>), "V", 1);
        Set(typeof(Generic<int>), "V", 2);
    }
}
