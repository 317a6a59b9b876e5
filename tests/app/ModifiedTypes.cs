// Types with the modifiers of their signatures: modreq and modopt of fields, parameters, arguments and function pointers.
using System.Reflection;
using System.Runtime.CompilerServices;

public unsafe class Holder
{
    public volatile int V;
    public readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<in int, ref readonly long, void> F;
    public delegate*<delegate* unmanaged[Stdcall]<int*, void>, string> Nested;
    public delegate* unmanaged<List<int>, int> Any;
    public int Init { get; init; }
    public ref readonly int Get(in int x, out string s, ref List<delegate*<int>[]> l) { s = ""; return ref Unsafe.AsRef(in x); }
    public virtual void Pass(volatile_t* p, int[,] m) { }
    public struct volatile_t;
}

internal static class Program
{
    private static void Show(string what, Type t, int depth = 0)
    {
        string mods = $"req[{string.Join(",", t.GetRequiredCustomModifiers().Select(x => x.Name))}] opt[{string.Join(",", t.GetOptionalCustomModifiers().Select(x => x.Name))}]";
        Console.WriteLine($"{new string(' ', depth * 2)}{what}: {t} {mods} {t.IsFunctionPointer} {t.IsUnmanagedFunctionPointer} {t == t.UnderlyingSystemType} {t.UnderlyingSystemType == t.UnderlyingSystemType.UnderlyingSystemType}");
        if (t.IsFunctionPointer)
        {
            Console.WriteLine($"{new string(' ', depth * 2)}conventions {string.Join(",", t.GetFunctionPointerCallingConventions().Select(x => x.Name))}");
            Show("returns", t.GetFunctionPointerReturnType(), depth + 1);
            foreach (Type p in t.GetFunctionPointerParameterTypes()) Show("takes", p, depth + 1);
        }
        else if (t.HasElementType)
            Show("element", t.GetElementType()!, depth + 1);
        else if (t.IsGenericType)
            foreach (Type a in t.GetGenericArguments()) Show("argument", a, depth + 1);
    }

    private static void Main()
    {
        foreach (FieldInfo f in typeof(Holder).GetFields()) { Show(f.Name, f.GetModifiedFieldType()); Console.WriteLine(f.FieldType + " " + f.GetRequiredCustomModifiers().Length); }
        MethodInfo get = typeof(Holder).GetMethod("Get")!;
        Show("return", get.ReturnParameter.GetModifiedParameterType());
        foreach (ParameterInfo p in get.GetParameters()) Show(p.Name!, p.GetModifiedParameterType());
        foreach (ParameterInfo p in typeof(Holder).GetMethod("Pass")!.GetParameters()) Show(p.Name!, p.GetModifiedParameterType());
        PropertyInfo init = typeof(Holder).GetProperty("Init")!;
        Show("property", init.GetModifiedPropertyType());
        Show("init", init.SetMethod!.ReturnParameter.GetModifiedParameterType());
        Console.WriteLine(string.Join(",", init.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Select(x => x.Name)));
        Console.WriteLine(typeof(delegate*<int>) == typeof(delegate*<int>) ? "same" : "different");
        Console.WriteLine(typeof(delegate* unmanaged<int, void>[]).GetElementType()!.IsUnmanagedFunctionPointer);
        Type managed = typeof(Holder).GetField("Nested")!.FieldType;
        Console.WriteLine($"{managed} {managed.Name} {managed.FullName ?? "no full name"} {managed.Namespace} {managed.BaseType} {managed.IsClass} {managed.Attributes}");
    }
}
