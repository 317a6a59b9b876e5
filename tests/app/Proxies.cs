// DispatchProxy: generic methods, by-reference and out arguments, events, properties, internal interfaces, non-public types, constraints, misuse.
using System.Reflection;
using System.Runtime.CompilerServices;

public interface IParent { string Base(int x); string Shadow(); }
public interface IChild<T> : IParent
{
    T Value { get; set; }
    event EventHandler<T>? Changed;
    int this[string key, T other] { get; set; }
    bool TryGet(ref int a, out string b, in long c);
    U Convert<U, V>(T input, V extra) where U : class, new() where V : struct;
    new string Shadow();
    string Default() => "default of " + Base(1);
    Task<T> Later(CancellationToken token);
    void Nothing();
    Span<byte> Bytes(ReadOnlySpan<char> text);
    static string Fixed() => "static";
    string Many(int a, long b, double c, decimal d, string e, object f, int? g, DateTime h, T[] i);
}
internal interface IHidden { int Secret(HiddenType t); }
internal class HiddenType { public int V = 9; }
public struct Big { public long A, B, C; }
public interface IStructs { Big Twice(Big b); void Change(ref Big b); }

public class Recorder : DispatchProxy
{
    public Func<MethodInfo, object?[], object?> Handler = (_, _) => null;
    protected override object? Invoke(MethodInfo? m, object?[]? a) => Handler(m!, a!);
}
public class NoDefault : DispatchProxy { public NoDefault(int x) { } protected override object? Invoke(MethodInfo? m, object?[]? a) => null; }
public abstract class Abstract : DispatchProxy { }
public sealed class Sealed : DispatchProxy { protected override object? Invoke(MethodInfo? m, object?[]? a) => null; }

internal static class Program
{
    private static void Try(string what, Func<object?> f)
    {
        try { Console.WriteLine(what + ": " + f()); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }

    private static T Make<T>(Func<MethodInfo, object?[], object?> handler) where T : class
    {
        T p = DispatchProxy.Create<T, Recorder>();
        ((Recorder)(object)p).Handler = handler;
        return p;
    }

    private static void Main()
    {
        var log = new List<string>();
        IChild<int> p = Make<IChild<int>>((m, a) =>
        {
            log.Add(m.DeclaringType!.Name + "." + m.Name + (m.IsGenericMethod ? "<" + string.Join(",", m.GetGenericArguments().Select(t => t.Name)) + ">" : "") + "(" + string.Join(", ", a.Select(x => x is Delegate ? "delegate" : x is Array r ? "array" + r.Length : x ?? "null")) + ")");
            switch (m.Name)
            {
                case "TryGet": a[0] = (int)a[0]! + 1; a[1] = "out"; return true;
                case "get_Value": return 42;
                case "get_Item": return 7;
                case "Convert": return Activator.CreateInstance(m.GetGenericArguments()[0]);
                case "Later": return Task.FromResult(5);
                case "Default": return "from the proxy";
                case "Nothing": throw new InvalidOperationException("thrown by the handler");
                default: return m.ReturnType == typeof(string) ? m.Name + a.Length : null;
            }
        });
        Console.WriteLine(p.Base(3) + " " + ((IParent)p).Shadow() + " " + p.Shadow() + " " + p.Default());
        p.Value = 8;
        Console.WriteLine(p.Value);
        p.Changed += (_, _) => { };
        p.Changed -= (_, _) => { };
        p["k", 1] = 2;
        Console.WriteLine(p["z", 3]);
        int r = 5;
        long l = 6;
        Console.WriteLine(p.TryGet(ref r, out string o, in l) + " " + r + o);
        Console.WriteLine(p.Convert<List<string>, double>(1, 2.5).GetType() + " " + p.Later(default).Result);
        Try("nothing", () => { p.Nothing(); return null; });
        Console.WriteLine(p.Many(1, 2, 3, 4, "5", 6, null, default, [7]));
        foreach (string s in log) Console.WriteLine("  " + s.Replace("01/01/0001 00:00:00", "date"));
        Console.WriteLine(p is IParent && p is Recorder && p.GetType().BaseType == typeof(Recorder) && p.GetType() == DispatchProxy.Create<IChild<int>, Recorder>().GetType());
        Try("span", () => p.Bytes("x").Length);
        IHidden h = Make<IHidden>((_, a) => ((HiddenType)a[0]!).V);
        Console.WriteLine(h.Secret(new HiddenType()));
        IStructs s2 = Make<IStructs>((m, a) => { var b = (Big)a[0]!; b.C *= 2; if (m.Name == "Change") { a[0] = b; return null; } return b; });
        var big = new Big { A = 1, B = 2, C = 3 };
        s2.Change(ref big);
        Console.WriteLine(s2.Twice(big).C);
        Try("wrong result", () => Make<IParent>((_, _) => 5).Base(1));
        Try("null for a value", () => Make<IChild<int>>((_, _) => null).Value);
        Try("no default constructor", () => DispatchProxy.Create(typeof(IParent), typeof(NoDefault)));
        Try("abstract", () => DispatchProxy.Create<IParent, Abstract>());
        Try("sealed", () => DispatchProxy.Create<IParent, Sealed>());
        Try("not an interface", () => DispatchProxy.Create<Recorder, Recorder>());
        Try("open", () => DispatchProxy.Create(typeof(IChild<>), typeof(Recorder)).GetType());
        Try("null", () => DispatchProxy.Create(null!, typeof(Recorder)));
        Try("by type", () => ((IParent)DispatchProxy.Create(typeof(IParent), typeof(Recorder))).Base(1));
        Try("reflection", () => { IParent q = Make<IParent>((m, a) => m.Name + a[0]); return typeof(IParent).GetMethod("Base")!.Invoke(q, [4]); });
        Try("delegate", () => { IParent q = Make<IParent>((m, a) => m.Name + a[0]); Func<int, string> f = q.Base; return f(6); });
    }
}
