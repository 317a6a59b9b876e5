// Activator and objects made without constructors: every form, private and optional arguments, and what is refused.
// also: common/Ask.cs
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

class Plain { public int N = 7; }
class Private { public int N; Private() => N = 1; Private(int n, string s = "d") => N = n + s.Length; }
class Choice
{
    public string Which;
    public Choice(int a) => Which = "int";
    public Choice(long a) => Which = "long";
    public Choice(string a) => Which = "string";
    public Choice(object a) => Which = "object";
    public Choice(params int[] a) => Which = "params" + a.Length;
    public Choice(string a, int? b) => Which = "string int?";
    public Choice(ref int a, out int b) { b = a++; Which = "refs"; }
}
class NoDefault { public NoDefault(int a) { } }
class Throws { public Throws() => throw new InvalidOperationException("from the constructor"); }
class BadInitialiser { static int x = Fail(); static int Fail() => throw new FormatException("static"); public BadInitialiser() { } }
abstract class Abstract { }
interface IFace { }
static class Static { }
struct Value { public int N; }
struct WithConstructor { public int N; public WithConstructor() => N = 42; }
struct ThrowsToo { public ThrowsToo() => throw new Exception("struct"); }
class Generic<T> where T : new() { public T Item = new(); }
ref struct Stack { }
class Finalised { ~Finalised() { } public Finalised() => throw new Exception("in the constructor of a finalised class"); }
class Base { public string Name = "base"; public Base() { Name += GetType().Name; } }
class Sub : Base { }
class Outer { public class Nested { } class Hidden { } }
delegate void Callback();

static class Program
{
    static T New<T>() where T : new() => new T();

    static void Main()
    {
        Ask.Say("plain", () => ((Plain)Activator.CreateInstance(typeof(Plain))!).N);
        Ask.Say("generic", () => Activator.CreateInstance<Plain>().N);
        Ask.Say("private", () => Activator.CreateInstance(typeof(Private)));
        Ask.Say("private allowed", () => ((Private)Activator.CreateInstance(typeof(Private), true)!).N);
        Ask.Say("private arguments", () => ((Private)Activator.CreateInstance(typeof(Private), BindingFlags.NonPublic | BindingFlags.Instance, null, [3, "four"], null)!).N);
        Ask.Say("optional", () => ((Private)Activator.CreateInstance(typeof(Private), BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.OptionalParamBinding, null, [3, Type.Missing], null)!).N);
        foreach (object?[] args in new object?[][] { [1], [1L], [(byte)1], ["x"], [1.5], [null], [], [1, 2, 3], ["x", 1], ["x", null], [new int[2]], [(short)1, (short)2], ["x", "y"], [new object(), 1] })
            Ask.Say("choice " + Ask.Text(args), () => ((Choice)Activator.CreateInstance(typeof(Choice), args)!).Which);
        object?[] refs = [5, null];
        Ask.Say("by reference", () => ((Choice)typeof(Choice).GetConstructor([typeof(int).MakeByRefType(), typeof(int).MakeByRefType()])!.Invoke(refs)).Which + Ask.Text(refs));
        Ask.Say("no default", () => Activator.CreateInstance(typeof(NoDefault)));
        Ask.Say("no default", () => Activator.CreateInstance<NoDefault>());
        Ask.Say("no match", () => Activator.CreateInstance(typeof(NoDefault), "x"));
        Ask.Say("throws", () => Activator.CreateInstance(typeof(Throws)));
        Ask.Say("throws", () => Activator.CreateInstance<Throws>());
        Ask.Say("throws", () => New<Throws>());
        Ask.Say("throws, bare", () => Activator.CreateInstance(typeof(Throws), BindingFlags.DoNotWrapExceptions | BindingFlags.Public | BindingFlags.Instance, null, null, null));
        Ask.Say("initialiser", () => Activator.CreateInstance(typeof(BadInitialiser)));
        Ask.Say("initialiser", () => Activator.CreateInstance<BadInitialiser>());
        Ask.Say("abstract", () => Activator.CreateInstance(typeof(Abstract)));
        Ask.Say("abstract", () => Activator.CreateInstance<Abstract>());
        Ask.Say("interface", () => Activator.CreateInstance(typeof(IFace)));
        Ask.Say("interface", () => Activator.CreateInstance<IFace>());
        Ask.Say("static", () => Activator.CreateInstance(typeof(Static)));
        Ask.Say("value", () => ((Value)Activator.CreateInstance(typeof(Value))!).N);
        Ask.Say("value with constructor", () => ((WithConstructor)Activator.CreateInstance(typeof(WithConstructor))!).N + " " + Activator.CreateInstance<WithConstructor>().N + " " + New<WithConstructor>().N);
        Ask.Say("value that throws", () => Activator.CreateInstance(typeof(ThrowsToo)));
        Ask.Say("value that throws", () => Activator.CreateInstance<ThrowsToo>());
        Ask.Say("value, arguments", () => Activator.CreateInstance(typeof(decimal), 5));
        Ask.Say("enum", () => Activator.CreateInstance(typeof(DayOfWeek)));
        Ask.Say("int", () => Activator.CreateInstance(typeof(int)));
        Ask.Say("nullable", () => Activator.CreateInstance(typeof(int?)));
        Ask.Say("nullable", () => Activator.CreateInstance(typeof(int?), 5));
        Ask.Say("nullable", () => Activator.CreateInstance<int?>());
        Ask.Say("string", () => Activator.CreateInstance(typeof(string)));
        Ask.Say("string", () => Activator.CreateInstance<string>());
        Ask.Say("string, arguments", () => Activator.CreateInstance(typeof(string), 'x', 3));
        Ask.Say("array", () => Activator.CreateInstance(typeof(int[])));
        Ask.Say("array", () => Activator.CreateInstance<int[]>());
        Ask.Say("array, arguments", () => ((int[])Activator.CreateInstance(typeof(int[]), 3)!).Length);
        Ask.Say("array of rank 2", () => ((int[,])Activator.CreateInstance(typeof(int[,]), 3, 4)!).Length);
        Ask.Say("delegate", () => Activator.CreateInstance(typeof(Callback)));
        Ask.Say("pointer", () => Activator.CreateInstance(typeof(int).MakePointerType()));
        Ask.Say("ref", () => Activator.CreateInstance(typeof(int).MakeByRefType()));
        Ask.Say("void", () => Activator.CreateInstance(typeof(void)));
        Ask.Say("span", () => Activator.CreateInstance(typeof(Span<int>)));
        Ask.Say("ref struct", () => Activator.CreateInstance(typeof(Stack)));
        Ask.Say("typed reference", () => Activator.CreateInstance(typeof(TypedReference)));
        Ask.Say("argument iterator", () => Activator.CreateInstance(typeof(ArgIterator)));
        Ask.Say("open", () => Activator.CreateInstance(typeof(Generic<>)));
        Ask.Say("parameter", () => Activator.CreateInstance(typeof(Generic<>).GetGenericArguments()[0]));
        Ask.Say("closed", () => ((Generic<Value>)Activator.CreateInstance(typeof(Generic<Value>))!).Item.N);
        Ask.Say("closed over one that throws", () => Activator.CreateInstance(typeof(Generic<Throws>)));
        Ask.Say("null", () => Activator.CreateInstance((Type)null!));
        Ask.Say("finalised", () => Activator.CreateInstance(typeof(Finalised)));
        Ask.Say("base", () => ((Base)Activator.CreateInstance(typeof(Sub))!).Name);

        string me = typeof(Program).Assembly.GetName().Name!;
        Ask.Say("by name", () => Activator.CreateInstance(me, "Plain")!.Unwrap());
        Ask.Say("by name, null assembly", () => Activator.CreateInstance(null!, "Plain")!.Unwrap());
        Ask.Say("by name, none", () => Activator.CreateInstance(me, "None"));
        Ask.Say("by name, case", () => Activator.CreateInstance(me, "pLAIN", true, BindingFlags.Default, null, null, null, null)!.Unwrap());
        Ask.Say("by name, nested", () => Activator.CreateInstance(me, "Outer+Hidden")!.Unwrap());
        Ask.Say("by name, no assembly", () => Activator.CreateInstance("NoSuchAssembly", "Plain"));
        Ask.Say("by name, private", () => Activator.CreateInstance(me, "Private"));
        Ask.Say("assembly", () => typeof(Program).Assembly.CreateInstance("Outer+Nested"));
        Ask.Say("assembly, none", () => typeof(Program).Assembly.CreateInstance("None"));
        Ask.Say("assembly, case", () => typeof(Program).Assembly.CreateInstance("choice", true, BindingFlags.Public | BindingFlags.Instance, null, ["x"], CultureInfo.InvariantCulture, null));
        Ask.Say("from", () => Activator.CreateInstanceFrom(typeof(Program).Assembly.Location, "Plain")!.Unwrap());

        foreach (Type t in new[] { typeof(Plain), typeof(Throws), typeof(Value), typeof(WithConstructor), typeof(string), typeof(Abstract), typeof(IFace), typeof(int[]), typeof(Callback), typeof(int?), typeof(Span<int>),
            typeof(Generic<>), typeof(Generic<int>), typeof(void), typeof(int).MakePointerType(), typeof(Generic<>).GetGenericArguments()[0], typeof(BadInitialiser), typeof(Static), typeof(TypedReference), typeof(Finalised) })
            Ask.Say("uninitialised " + t, () => RuntimeHelpers.GetUninitializedObject(t).GetType());
        Ask.Say("uninitialised null", () => RuntimeHelpers.GetUninitializedObject(null!));
        Ask.Say("uninitialised", () => ((Plain)RuntimeHelpers.GetUninitializedObject(typeof(Plain))).N);
    }
}
