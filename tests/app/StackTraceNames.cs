// Method names in stack traces: generics, nested types, lambdas, local functions, iterators, async, constructors,
// properties, operators, interface methods.
using System.Diagnostics;
using System.Runtime.CompilerServices;

internal interface IFace { void Do(int a, string b); }

internal class Gen<T> : IFace
{
    [MethodImpl(MethodImplOptions.NoInlining)] public void Run<U>(T t, List<U> u) => throw new Exception("gen");
    [MethodImpl(MethodImplOptions.NoInlining)] void IFace.Do(int a, string b) => throw new Exception("explicit");

    public class Inner
    {
        public int Prop { [MethodImpl(MethodImplOptions.NoInlining)] get => throw new Exception("prop"); }
        [MethodImpl(MethodImplOptions.NoInlining)] public static Inner operator +(Inner a, int[] b) => throw new Exception("op");
        public int this[ref readonly int i] { [MethodImpl(MethodImplOptions.NoInlining)] get => throw new Exception("indexer"); }
    }
}

internal sealed class Ctor
{
    [MethodImpl(MethodImplOptions.NoInlining)] public Ctor(int[,] a, ref int b, params object[] c) => throw new Exception("ctor");
    static Ctor() { }
}

internal static class Statics
{
    public static int V = Fail();
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Fail() => throw new Exception("cctor");
    static Statics() { }
}

internal static class Program
{
    private static void Show(string title, Action a)
    {
        try { a(); }
        catch (Exception e)
        {
            while (e.InnerException != null) e = e.InnerException;
            Console.WriteLine(title);
            foreach (string line in e.StackTrace!.Split('\n'))
            {
                string s = line.Trim();
                int at = s.IndexOf(" in ");
                if (at > 0) s = s[..at];
                if (!s.Contains("at System.") && !s.Contains("Program.Show") && !s.Contains("Program.<>c.<Main>") &&
                    !s.Contains("Program.Main"))
                    Console.WriteLine("   " + s);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static IEnumerable<int> Iter() { yield return 1; throw new Exception("iter"); }
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<int> AsyncA() { await Task.CompletedTask; return await AsyncB("x"); }
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<int> AsyncB(string s) { await Task.Yield(); throw new Exception(s); }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Local()
    {
        inner(5);
        [MethodImpl(MethodImplOptions.NoInlining)] static void inner(int k) => throw new Exception("local");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe void Ptr(int* p, delegate*<int, void> f, nint n, (int a, string b) t, int? q) => throw new Exception("ptr");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Kinds(bool a, byte b, char c, double d, decimal e, object f, ulong g, out string h, in DateTime i, string[][] j)
        => throw new Exception("kinds");

    private static unsafe void Main()
    {
        int b = 0;
        Show("generic", () => new Gen<string>().Run(null!, new List<int>()));
        Show("generic int", () => new Gen<int>().Run(1, new List<string>()));
        Show("explicit", () => ((IFace)new Gen<int>()).Do(1, ""));
        Show("property", () => _ = new Gen<string>.Inner().Prop);
        Show("operator", () => _ = new Gen<int>.Inner() + new int[0]);
        Show("indexer", () => _ = new Gen<int>.Inner()[in b]);
        Show("ctor", () => new Ctor(new int[0, 0], ref b));
        Show("cctor", () => _ = Statics.V);
        Show("iterator", () => Iter().Sum());
        Show("async", () => AsyncA().GetAwaiter().GetResult());
        Show("local", Local);
        Show("pointers", () => Ptr(null, null, 0, default, null));
        Show("kinds", () => Kinds(false, 0, 'a', 0, 0, "", 0, out _, default, null!));
        Show("library", () => int.Parse("x"));
        Show("nested library", () => new List<int> { 1 }.ForEach(i => throw new Exception("foreach")));
        Show("delegate", () => { Action<int> a = x => throw new Exception("d"); a += x => { }; a(1); });
        Show("sort", () => new[] { 2, 1 }.ToList().Sort((x, y) => throw new Exception("cmp")));
        Show("reflection", () => typeof(Program).GetMethod("Local", System.Reflection.BindingFlags.NonPublic |
            System.Reflection.BindingFlags.Static)!.Invoke(null, null));
        Console.WriteLine(Here());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Here()
    {
        var st = new StackTrace();
        var f = st.GetFrame(0)!;
        return f.GetMethod()!.Name + " " + st.GetFrame(1)!.GetMethod()!.Name + " " + st.FrameCount + " " +
            new StackFrame(0).GetMethod()!.DeclaringType!.Name;
    }
}
