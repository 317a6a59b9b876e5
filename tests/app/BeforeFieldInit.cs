// When static initialisers run: precise classes at each kind of first access, inheritance, structs, generics,
// RunClassConstructor, module initialiser, readonly statics.
using System.Runtime.CompilerServices;

internal static class Log { public static int W(string s, int v = 0) { Console.WriteLine("  " + s); return v; } }
internal class P1 { public static int F = Log.W("P1"); static P1() { } public static void M() { } public int I; }
internal class P2 { static P2() => Log.W("P2"); public P2() => Log.W("P2 instance"); }
internal class P3 { static P3() => Log.W("P3"); public const int K = 5; public static int Field; public static int Prop { get; set; } = 3; }
internal class P4 { static P4() => Log.W("P4"); public virtual void V() { } }
internal class P5 : P4 { static P5() => Log.W("P5"); }
internal class P6 : P5 { public static int X; static P6() => Log.W("P6"); }
internal interface IP { static int F = Log.W("IP"); static IP() => Log.W("IP cctor"); void M() { } static void S() { } }
internal class P7 : IP { static P7() => Log.W("P7"); }
internal struct S1 { static S1() => Log.W("S1"); public int A; public void M() { } public static int F; public S1(int a) { A = a; } }
internal class GP<T> { static GP() => Log.W("GP<" + typeof(T).Name + ">"); public static T? V; public static void M<U>() { } }
internal class P8 { static P8() => Log.W("P8"); public static readonly object Lock = new(); public event Action? E; }

internal class Lazy1
{
    private static class Holder { public static readonly int Value = Log.W("Holder", 99); static Holder() { } }
    public static int Get() => Holder.Value;
}

internal class Before
{
    public static readonly int A = 3;
    public static readonly string B = "b" + A;
    public static readonly int[] Arr = [1, 2, 3];
}

internal class Order
{
    public static int A = Log.W("order A", 1);
    public static int B = Log.W("order B", A + 1);
    public static int C = D + 1;
    public static int D = Log.W("order D", 7);
    static Order() => Log.W("order cctor " + C);
}

internal static class Program
{
    [ModuleInitializer] internal static void Module() => Console.WriteLine("module initialiser");

    private static void Main()
    {
        Console.WriteLine("main");
        Console.WriteLine("null instance");
        P1? none = null;
        Console.WriteLine(none == null);
        Console.WriteLine("static field");
        P1.F++;
        Console.WriteLine("instance");
        new P2();
        new P2();
        Console.WriteLine("const " + P3.K);
        Console.WriteLine("prop");
        Console.WriteLine(P3.Prop);
        Console.WriteLine("array");
        _ = new P4[3];
        Console.WriteLine("derived instance");
        new P6().V();
        Console.WriteLine("typeof");
        _ = typeof(P7).Name;
        Console.WriteLine("implementor");
        IP ip = new P7();
        Console.WriteLine("interface static");
        IP.S();
        ip.M();
        Console.WriteLine("default struct");
        S1 s = default;
        s.A = 1;
        Console.WriteLine("struct method");
        s.M();
        Console.WriteLine("struct ctor");
        s = new S1(2);
        Console.WriteLine("generic");
        GP<int>.V = 1;
        GP<string>.M<int>();
        GP<object>.V = "";
        GP<string>.V = "s";
        Console.WriteLine("run");
        RuntimeHelpers.RunClassConstructor(typeof(P8).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(P8).TypeHandle);
        Console.WriteLine("holder");
        Console.WriteLine(Lazy1.Get());
        Console.WriteLine(Before.B + Before.Arr.Length);
        Console.WriteLine("order");
        Console.WriteLine(Order.C + Order.D);
        Console.WriteLine("delegate");
        Action d = Del.M;
        Console.WriteLine("created");
        d();
        Console.WriteLine("reflection");
        typeof(Refl).GetField("F")!.SetValue(null, 6);
        Console.WriteLine(Refl.F);
        Console.WriteLine("uninitialised");
        _ = RuntimeHelpers.GetUninitializedObject(typeof(Uninit));
        Console.WriteLine("activator");
        Activator.CreateInstance<Act>();
    }

    private static class Del { static Del() => Log.W("Del"); public static void M() => Log.W("Del.M"); }
    private static class Refl { static Refl() => Log.W("Refl"); public static int F; }
    private sealed class Uninit { static Uninit() => Log.W("Uninit"); public Uninit() => Log.W("never"); }
    private sealed class Act { static Act() => Log.W("Act"); }
}
