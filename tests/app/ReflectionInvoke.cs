// Methods called through reflection: any number of arguments, every kind of parameter and result, the invokers, and what is refused.
// also: common/Ask.cs
using System.Reflection;
using System.Runtime.CompilerServices;

enum Colour : byte { Red = 1, Green = 2 }
struct Pair { public int A; public string? B; public override string ToString() => $"({A},{B})"; }
[InlineArray(300)] struct Many { public long First; }
[InlineArray(200)] struct Names { public string? First; }
ref struct OnStack { public int X; }
interface IShape { int Sides(); static abstract string Make(int n); int Twice() => Sides() * 2; }
class Square : IShape { public int Sides() => 4; public static string Make(int n) => "square" + n; }
struct Dot : IShape { public int N; public int Sides() => ++N; public static string Make(int n) => "dot" + n; }

unsafe class Target
{
    public int Field = 5;
    static int counter;
    static int[] numbers = [1, 2, 3];
    static string? text = "ref";
    public static string Seventy(int a0, long a1, double a2, float a3, string a4, byte a5, Pair a6, object a7, char a8, short a9,
        int b0, long b1, double b2, float b3, string b4, byte b5, Pair b6, object b7, char b8, short b9,
        int c0, long c1, double c2, float c3, string c4, byte c5, Pair c6, object c7, char c8, short c9,
        int d0, long d1, double d2, float d3, string d4, byte d5, Pair d6, object d7, char d8, short d9,
        int e0, long e1, double e2, float e3, string e4, byte e5, Pair e6, object e7, char e8, short e9,
        int f0, long f1, double f2, float f3, string f4, byte f5, Pair f6, object f7, char f8, short f9,
        int g0, long g1, double g2, float g3, ref string g4, out byte g5, ref Pair g6, object g7, char g8, short g9)
    {
        g5 = 200;
        GC.Collect();
        g6 = new Pair { A = g6.A + 1, B = g4 + "!" };
        g4 = "changed";
        return $"{a0} {a1} {a2} {a3} {a4} {a5} {a6} {a7} {a8} {a9} {b4} {b6} {c4} {c6} {d4} {d6} {e4} {e6} {f0} {f1} {f2} {f3} {f4} {f5} {f6} {f7} {f8} {f9} {g0} {g1} {g2} {g3} {g7} {g8} {g9}";
    }
    public static Many Big(int n) { var m = new Many(); for (int i = 0; i < 300; i++) m[i] = i * n; return m; }
    public static Names BigNames(string s) { var m = new Names(); for (int i = 0; i < 200; i++) { m[i] = s + i; if (i == 100) GC.Collect(); } return m; }
    public Names InstanceNames(Names from) { from[0] = "first" + Field; return from; }
    public static void Nothing() => counter++;
    public static int? Nullable(int? a, Pair? b) => b == null ? a : a + b.Value.A;
    public static int* Pointer(int* p, void* v) => p + 1;
    public static delegate*<int, int> Function(delegate*<int, int> f) => f;
    public static ref int Element(int i) => ref numbers[i];
    public static ref string? Word() => ref text;
    public static ref readonly Pair Constant(in Pair p) => ref p;
    public static ref int NoRef() => ref Unsafe.NullRef<int>();
    public static string Optional(int a, string b = "b", Colour c = Colour.Green, decimal d = 1.5m, DateTime t = default, int? n = 7, params int[] rest) => $"{a} {b} {c} {d} {t.Ticks} {n} {rest.Length}";
    public static Colour Paint(Colour c, Colour? d) => d ?? c;
    public static void Refs(ref int a, out string b, ref object? c, ref int? d, in long e) { a++; b = "out"; c = c == null ? "new" : null; d = d == null ? 3 : null; }
    public static T Generic<T>(T v, List<T> l) { l.Add(v); return l[0]; }
    public static void Throws(string s) => throw new InvalidOperationException(s, new Exception("inner"));
    public static object Spans(ReadOnlySpan<char> s) => s.Length;
    public static OnStack MakeStack() => default;
    public static int Typed(TypedReference r) => 1;
    public static void RefStack(ref OnStack s) { }
    public virtual string Virtual() => "base " + Field;
    public Target(int a, string b) => Field = a + b.Length;
    public Target() { }
    Target(ref int a) { a = 9; Field = 100; }
    static Target() => Nothing();
    public int this[int a, string b] { get => a + b.Length; set => Field = a + b.Length + value; }
    public int Length { get; private set; }
    public static int operator +(Target a, int b) => a.Field + b;
}
class Derived : Target { public override string Virtual() => "derived " + Field; }
abstract class Abstract { public Abstract() { } public abstract void M(); }
class Faulty { public static int X = Fail(); static int Fail() => throw new Exception("type initialiser"); public Faulty() { } public static void M() { } }

static unsafe class Program
{
    static int Plus(int a) => a + 1;

    static void Main()
    {
        const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        MethodInfo M(string name) => typeof(Target).GetMethod(name, any)!;

        object?[] seventy = new object[70];
        for (int i = 0; i < 70; i++)
            seventy[i] = (i % 10) switch { 0 => i, 1 => (long)i, 2 => (double)i, 3 => (float)i, 4 => "s" + i, 5 => (byte)i, 6 => new Pair { A = i, B = "p" }, 7 => new object[i], 8 => (char)('a' + i / 10), _ => (short)i };
        for (int round = 0; round < 3; round++)
        {
            Ask.Say("seventy", () => M("Seventy").Invoke(null, seventy));
            Ask.Say("by reference", () => Ask.Text(seventy[64]) + Ask.Text(seventy[65]) + Ask.Text(seventy[66]));
        }
        for (int round = 0; round < 3; round++)
        {
            var big = (Many)M("Big").Invoke(null, [3])!;
            Console.WriteLine(big[299] + " " + big[1]);
            var names = (Names)M("BigNames").Invoke(null, ["n"])!;
            Console.WriteLine(names[0] + names[199]);
            names = (Names)M("InstanceNames").Invoke(new Target(), [names])!;
            Console.WriteLine(names[0] + names[150]);
        }

        Ask.Say("nothing", () => M("Nothing").Invoke(null, null));
        Ask.Say("nullable", () => M("Nullable").Invoke(null, [1, new Pair { A = 2 }]));
        Ask.Say("nullable", () => M("Nullable").Invoke(null, [null, null]));
        Ask.Say("nullable, wrong", () => M("Nullable").Invoke(null, [1L, null]));
        int local = 3;
        Ask.Say("pointer", () => (nint)Pointer.Unbox(M("Pointer").Invoke(null, [(nint)8, null])!));
        Ask.Say("pointer", () => M("Pointer").Invoke(null, [Pointer.Box((void*)16, typeof(int*)), (nint)1])!.GetType());
        Ask.Say("pointer, wrong", () => M("Pointer").Invoke(null, [Pointer.Box((void*)16, typeof(long*)), null]));
        Ask.Say("pointer, wrong", () => M("Pointer").Invoke(null, ["x", null]));
        Ask.Say("function", () => M("Function").Invoke(null, [(nint)0])!.GetType());
        Ask.Say("function", () => ((delegate*<int, int>)(nint)M("Function").Invoke(null, [(nint)(delegate*<int, int>)&Plus])!)(4));
        Ask.Say("ref", () => M("Element").Invoke(null, [1]));
        Ask.Say("ref", () => M("Word").Invoke(null, null));
        Ask.Say("ref", () => M("Constant").Invoke(null, [new Pair { A = 4, B = "c" }]));
        Ask.Say("null ref", () => M("NoRef").Invoke(null, null));
        Ask.Say("optional", () => M("Optional").Invoke(null, BindingFlags.OptionalParamBinding, null, [1, Type.Missing, Type.Missing, Type.Missing, Type.Missing, Type.Missing, new int[2]], null));
        Ask.Say("optional", () => M("Optional").Invoke(null, [1, "x", 1, Type.Missing, Type.Missing, null, null]));
        Ask.Say("optional", () => M("Optional").Invoke(null, [1, "x", (byte)1, 2m, Type.Missing, null, Array.Empty<int>()]));
        Ask.Say("missing, none", () => M("Optional").Invoke(null, [Type.Missing, "x", Colour.Red, 2m, default(DateTime), null, null]));
        Ask.Say("enum", () => M("Paint").Invoke(null, [Colour.Red, null]));
        Ask.Say("enum", () => M("Paint").Invoke(null, [(byte)2, Colour.Green]));
        Ask.Say("enum, wrong", () => M("Paint").Invoke(null, [1, null]));
        Ask.Say("enum, undefined", () => M("Paint").Invoke(null, [(Colour)77, null]));

        object?[] refs = [1, null, null, null, 5L];
        Ask.Say("refs", () => M("Refs").Invoke(null, refs));
        Console.WriteLine(Ask.Text(refs));
        Ask.Say("refs", () => M("Refs").Invoke(null, refs));
        Console.WriteLine(Ask.Text(refs));
        object boxed = 41;
        refs = [boxed, null, null, null, 5];
        Ask.Say("refs", () => M("Refs").Invoke(null, refs));
        Console.WriteLine(Ask.Text(refs) + boxed + ReferenceEquals(refs[0], boxed));
        Ask.Say("refs", () => M("Refs").Invoke(null, [null, "x", null, null, null]));
        Ask.Say("refs, wrong", () => M("Refs").Invoke(null, ["x", 1, null, null, null]));

        Ask.Say("widening", () => M("Seventy").GetParameters().Length + " " + typeof(Program).GetMethod("Widen", any)!.Invoke(null, [(byte)1, 'c', (short)3, 4, 5f]));
        Ask.Say("narrowing", () => typeof(Program).GetMethod("Widen", any)!.Invoke(null, [1L, 'c', (short)3, 4, 5f]));
        Ask.Say("null for a value", () => typeof(Program).GetMethod("Widen", any)!.Invoke(null, [null, null, null, null, null]));

        Ask.Say("generic", () => M("Generic").MakeGenericMethod(typeof(string)).Invoke(null, ["g", new List<string>()]));
        Ask.Say("generic", () => M("Generic").MakeGenericMethod(typeof(Pair)).Invoke(null, [new Pair { A = 1 }, new List<Pair>()]));
        Ask.Say("generic, open", () => M("Generic").Invoke(null, ["g", new List<string>()]));
        Ask.Say("open type", () => typeof(List<>).GetMethod("Clear")!.Invoke(new List<int>(), null));
        Ask.Say("throws", () => M("Throws").Invoke(null, ["boo"]));
        Ask.Say("throws, bare", () => M("Throws").Invoke(null, BindingFlags.DoNotWrapExceptions, null, ["boo"], null));
        Ask.Say("count", () => M("Throws").Invoke(null, []));
        Ask.Say("count", () => M("Nothing").Invoke(null, [1]));
        Ask.Say("type", () => M("Throws").Invoke(null, [1]));
        Ask.Say("null target", () => M("Virtual").Invoke(null, null));
        Ask.Say("wrong target", () => M("Virtual").Invoke("x", null));
        Ask.Say("virtual", () => M("Virtual").Invoke(new Derived { Field = 8 }, null));
        Ask.Say("span", () => M("Spans").Invoke(null, ["x"]));
        Ask.Say("span", () => M("Spans").Invoke(null, [null]));
        Ask.Say("ref struct", () => M("MakeStack").Invoke(null, null));
        Ask.Say("ref to ref struct", () => M("RefStack").Invoke(null, [null]));
        Ask.Say("typed reference", () => M("Typed").Invoke(null, [null]));
        Ask.Say("abstract", () => typeof(Abstract).GetMethod("M")!.Invoke(null, null));
        Ask.Say("abstract class", () => typeof(Abstract).GetConstructors()[0].Invoke(null));
        Ask.Say("faulty", () => typeof(Faulty).GetMethod("M")!.Invoke(null, null));
        Ask.Say("faulty", () => typeof(Faulty).GetConstructors()[0].Invoke(null));
        Ask.Say("class constructor", () => typeof(Target).TypeInitializer!.Invoke(null, null));
        Ask.Say("class constructor", () => typeof(Target).TypeInitializer!.Invoke(null));

        Ask.Say("interface", () => typeof(IShape).GetMethod("Sides")!.Invoke(new Square(), null));
        object dot = new Dot();
        Ask.Say("interface on a struct", () => "" + typeof(IShape).GetMethod("Sides")!.Invoke(dot, null) + typeof(Dot).GetMethod("Sides")!.Invoke(dot, null) + ((Dot)dot).N);
        Ask.Say("default method", () => typeof(IShape).GetMethod("Twice")!.Invoke(dot, null));
        Ask.Say("static abstract", () => typeof(IShape).GetMethod("Make")!.Invoke(null, [1]));
        Ask.Say("static virtual", () => typeof(Dot).GetMethod("Make")!.Invoke(null, [1]));
        Ask.Say("on a Nullable", () => typeof(int?).GetMethod("GetValueOrDefault", [])!.Invoke(5, null));
        Ask.Say("on a Nullable", () => typeof(int?).GetProperty("HasValue")!.GetValue(5));
        Ask.Say("on a Nullable", () => typeof(int?).GetMethod("ToString")!.Invoke(5, null));
        Ask.Say("on a Nullable, null", () => typeof(int?).GetProperty("HasValue")!.GetValue(null));
        Ask.Say("on an Int32", () => typeof(object).GetMethod("ToString")!.Invoke(12, null));
        Ask.Say("GetType", () => typeof(object).GetMethod("GetType")!.Invoke(12, null));
        Ask.Say("MemberwiseClone", () => typeof(object).GetMethod("MemberwiseClone", any)!.Invoke(new Target { Field = 77 }, null) is Target { Field: 77 });
        Ask.Say("MemberwiseClone of a value", () => typeof(object).GetMethod("MemberwiseClone", any)!.Invoke(12, null));

        Ask.Say("constructor", () => ((Target)typeof(Target).GetConstructor([typeof(int), typeof(string)])!.Invoke([1, "ab"])).Field);
        object?[] byRef = [1];
        Ask.Say("constructor by reference", () => ((Target)typeof(Target).GetConstructor(any, [typeof(int).MakeByRefType()])!.Invoke(byRef)).Field + Ask.Text(byRef));
        var again = new Target();
        Ask.Say("constructor on an object", () => typeof(Target).GetConstructor([typeof(int), typeof(string)])!.Invoke(again, [10, "ab"]));
        Console.WriteLine(again.Field);
        Ask.Say("constructor of string", () => typeof(string).GetConstructor([typeof(char), typeof(int)])!.Invoke(['x', 3]));
        Ask.Say("constructor of string", () => typeof(string).GetConstructor([typeof(char[])])!.Invoke([new[] { 'a', 'b' }]));
        Ask.Say("constructor of a struct", () => typeof(decimal).GetConstructor([typeof(int)])!.Invoke([3]));
        Ask.Say("constructor of a Nullable", () => typeof(int?).GetConstructors()[0].Invoke([3]));
        Ask.Say("constructor of a delegate", () => ((Func<int, int>)typeof(Func<int, int>).GetConstructors()[0].Invoke([null, (nint)(delegate*<int, int>)&Plus])).Method.Name);
        Ask.Say("constructor of a span", () => typeof(Span<int>).GetConstructor([typeof(int[])])!.Invoke([new int[2]]));
        Ask.Say("constructor of an open type", () => typeof(List<>).GetConstructor([])!.Invoke(null));

        Ask.Say("indexer", () => typeof(Target).GetProperty("Item")!.GetValue(again, [1, "abc"]));
        Ask.Do("indexer", () => typeof(Target).GetProperty("Item")!.SetValue(again, 5, [1, "abc"]));
        Console.WriteLine(again.Field);
        Ask.Do("private setter", () => typeof(Target).GetProperty("Length")!.SetValue(again, 5));
        Ask.Do("no setter", () => typeof(string).GetProperty("Length")!.SetValue("x", 5));
        Ask.Say("operator", () => M("op_Addition").Invoke(null, [again, 3]));

        Invokers(again);
    }

    static string Widen(int a, int b, long c, double d, double e) => $"{a} {b} {c} {d} {e}";

    static void Invokers(Target target)
    {
        const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        MethodInvoker I(string name) => MethodInvoker.Create(typeof(Target).GetMethod(name, any)!);
        for (int round = 0; round < 3; round++)
        {
            Ask.Say("invoker", () => I("Nullable").Invoke(null, 1, new Pair { A = 2 }));
            Ask.Say("invoker", () => I("Virtual").Invoke(target));
            Ask.Say("invoker, span", () => I("Optional").Invoke(null, new Span<object?>([1, "b", Colour.Red, 1m, default(DateTime), null, new int[1]])));
            object?[] refs = [1, null, null, null, 5L];
            Ask.Say("invoker, refs", () => I("Refs").Invoke(null, refs.AsSpan()) + Ask.Text(refs));
            Ask.Say("invoker, count", () => I("Nullable").Invoke(null, 1));
            Ask.Say("invoker, type", () => I("Nullable").Invoke(null, "x", null));
            Ask.Say("invoker, throws", () => I("Throws").Invoke(null, "x"));
            Ask.Say("invoker, null target", () => I("Virtual").Invoke(null));
            Ask.Say("invoker, wrong target", () => I("Virtual").Invoke(1));
            Ask.Say("constructor invoker", () => ((Target)ConstructorInvoker.Create(typeof(Target).GetConstructor([typeof(int), typeof(string)])!).Invoke(1, "abc")).Field);
            Ask.Say("constructor invoker, type", () => ConstructorInvoker.Create(typeof(Target).GetConstructor([typeof(int), typeof(string)])!).Invoke("x", "abc"));
            Ask.Say("constructor invoker", () => ConstructorInvoker.Create(typeof(Pair?).GetConstructors()[0]).Invoke(new Pair { A = 3 }));
        }
        Ask.Say("invoker of an open method", () => I("Generic").Invoke(null, 1, 2));
        Ask.Say("invoker of null", () => MethodInvoker.Create(null!));
        Ask.Say("invoker of an abstract class", () => ConstructorInvoker.Create(typeof(Abstract).GetConstructors()[0]).Invoke());
    }
}
