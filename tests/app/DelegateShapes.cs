// Delegates of every shape: open static, closed static, open and closed instance, virtual, interface, struct, generic;
// multicast results; CreateDelegate.
using System.Reflection;

internal delegate int Calc(int a, int b);
internal delegate string ToStr(object o);
internal delegate R OpenInst<T, R>(T self);
internal delegate void RefStruct(ref S s, int by);
internal delegate ref int RefRet(int[] a);
internal delegate T Gen<T>(T t);
internal delegate (long, long, long) Big(decimal a, (int, string) b);
internal struct S { public int N; public void Add(int by) => N += by; public readonly int Get() => N; }
internal class Base { public virtual string Who() => "Base"; public string Plain() => "plain" + GetType().Name; }
internal sealed class Sub : Base { public override string Who() => "Sub"; }
internal interface IWho { string Me(); }
internal sealed class W : IWho { public string Me() => "W.Me"; }

internal static class Ext
{
    public static string Tag(this string s) => "<" + s + ">";
    public static int Len(this object? o) => o == null ? -1 : o.ToString()!.Length;
}

internal static class Program
{
    private static int Add(int a, int b) => a + b;
    private static int Log(string tag, int v) { Console.Write(tag); return v; }
    private static ref int First(int[] a) => ref a[0];
    private static (long, long, long) Many(decimal a, (int, string) b) => ((long)a, b.Item1, b.Item2.Length);

    private static void Main()
    {
        Calc open = Add;
        Func<string> closedStatic = "ext".Tag;
        Func<int> nullClosed = ((object?)null).Len;
        Console.WriteLine($"{open(1, 2)} {closedStatic()} {nullClosed()} {open.Target == null} {closedStatic.Target}");
        Base b = new Sub();
        Func<string> virt = b.Who, plain = b.Plain;
        Console.WriteLine(virt() + plain());
        IWho w = new W();
        Func<string> iface = w.Me;
        Console.WriteLine(iface() + iface.Method.Name + iface.Method.DeclaringType!.Name);
        var oi = typeof(Base).GetMethod("Who")!.CreateDelegate<OpenInst<Base, string>>();
        Console.WriteLine(oi(new Base()) + oi(new Sub()));
        var ii = typeof(IWho).GetMethod("Me")!.CreateDelegate<Func<IWho, string>>();
        Console.WriteLine(ii(w));
        var os = typeof(S).GetMethod("Add")!.CreateDelegate<RefStruct>();
        S s = new() { N = 5 };
        os(ref s, 3);
        Console.WriteLine(s.N);
        Action<int> boxed = s.Add;
        boxed(100);
        Console.WriteLine(s.N + " " + ((S)boxed.Target!).N);
        var cs = (Func<int, int>)Delegate.CreateDelegate(typeof(Func<int, int>), "tag ",
            typeof(Program).GetMethod("Log", BindingFlags.NonPublic | BindingFlags.Static)!);
        Console.WriteLine(cs(8));
        Func<int> m = () => Log("a", 1);
        m += () => Log("b", 2);
        m += () => Log("c", 3);
        Console.WriteLine(m() + " " + m.GetInvocationList().Length);
        m -= m.GetInvocationList()[1] as Func<int>;
        Console.WriteLine(m!());
        Func<int> boom = () => Log("x", 1);
        boom += () => throw new InvalidOperationException("mid");
        boom += () => Log("never", 3);
        try { boom(); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        RefRet rr = First;
        int[] arr = [1, 2];
        rr(arr) = 50;
        Console.WriteLine(arr[0]);
        Gen<string> gs = x => x + x;
        Gen<int> gi = x => x * x;
        Console.WriteLine(gs("g") + gi(7));
        Big big = Many;
        Console.WriteLine(big(9.5m, (4, "str")));
        ToStr ts = Convert.ToString!;
        Func<object, string?> f2 = ts.Invoke;
        Console.WriteLine(f2(12));
        Func<string, object> contra = ts.Invoke;
        Console.WriteLine(contra("contra"));
        Calc c1 = Add, c2 = Add;
        Console.WriteLine($"{c1 == c2} {c1.Equals(c2)} {ReferenceEquals(c1, c2)} {c1.GetHashCode() == c2.GetHashCode()} " +
            $"{virt == (Func<string>)b.Who} {virt == (Func<string>)new Sub().Who} {m == null}");
        Calc? none = null;
        none += null;
        Console.WriteLine(none == null);
        none += Add;
        Console.WriteLine(none!(2, 2));
        Calc multi = c1 + c2;
        Console.WriteLine((multi - c1 - c2 == null) + " " + (c1 + c2 == multi));
        Delegate d = multi;
        Console.WriteLine(d.DynamicInvoke(3, 4) + " " + d.Method.Name);
        try { d.DynamicInvoke("no", 1); } catch (ArgumentException) { Console.WriteLine("argument"); }
        try { ((Delegate)(Action)(() => throw new Exception("inner"))).DynamicInvoke(); }
        catch (TargetInvocationException e) { Console.WriteLine(e.InnerException!.Message); }
        try { Func<string> n = ((string)null!).Trim; } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
        try { none = null; none!(1, 1); } catch (NullReferenceException) { Console.WriteLine("null delegate"); }
        Func<int, Func<int, int>> curry = x => y => x - y;
        Console.WriteLine(curry(10)(3));
        Action all = null!;
        for (int i = 0; i < 5; i++) { int k = i; all += () => Console.Write(k); }
        all();
        Console.WriteLine(all.GetInvocationList().Length);
        foreach (Action one in Delegate.EnumerateInvocationList(all)) one();
        Console.WriteLine();
        var wide = (int a, long b, byte c, double d, string e, object f, S g, decimal h, float i2,
            char j) => $"{a}{b}{c}{d}{e}{f}{g.N}{h}{i2}{j}";
        wide += (a, b, c, d, e, f, g, h, i2, j) => $"second{a}{j}{g.N}{d}";
        Console.WriteLine(wide(1, 2, 3, 4.5, "e", 'f', new S { N = 7 }, 8m, 9.5f, 'j'));
    }
}
