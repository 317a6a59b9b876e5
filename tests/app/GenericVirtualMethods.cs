// Generic virtual and generic interface methods: overriding, over value and reference types, through constraints and delegates.
internal interface IVisitor { R Visit<T, R>(T value, Func<T, R> f); string Name<T>(); }

internal class Plain : IVisitor
{
    public virtual R Visit<T, R>(T value, Func<T, R> f) => f(value);
    public virtual string Name<T>() => "Plain<" + typeof(T).Name + ">";
}

internal class Logging : Plain
{
    public int Calls;
    public override R Visit<T, R>(T value, Func<T, R> f) { Calls++; return base.Visit(value, f); }
    public override string Name<T>() => "Logging:" + base.Name<T>();
}

internal sealed class Explicit : Logging, IVisitor { string IVisitor.Name<T>() => "Explicit<" + typeof(T).Name + ">"; }

internal struct StructVisitor : IVisitor
{
    public int N;
    public R Visit<T, R>(T v, Func<T, R> f) { N++; return f(v); }
    public readonly string Name<T>() => "Struct" + N + typeof(T).Name;
}

internal abstract class Container<T>
{
    public abstract U Convert<U>(Func<T, U> f);
    public virtual Container<U> Map<U>(Func<T, U> f) => new One<U>(Convert(f));
    public virtual string Types<U>() => typeof(T).Name + "," + typeof(U).Name;
}

internal class One<T>(T v) : Container<T>
{
    public override U Convert<U>(Func<T, U> f) => f(v);
    public override string ToString() => $"One({v})";
}

internal sealed class Two<T>(T a, T b) : One<T>(a)
{
    public override U Convert<U>(Func<T, U> f) { base.Convert(f); return f(b); }
    public override string Types<U>() => "Two:" + base.Types<U[]>();
}

internal interface IDefaultGeneric { string Show<T>(T v) => "default " + v + ":" + typeof(T).Name; }
internal sealed class UsesDefault : IDefaultGeneric { }
internal sealed class OwnShow : IDefaultGeneric { public string Show<T>(T v) => "own " + v; }

internal static class Program
{
    private static string All(IVisitor v) => $"{v.Name<int>()} {v.Name<string>()} {v.Name<object>()} {v.Name<List<int>>()} " +
        $"{v.Name<List<string>>()} {v.Visit(5, x => x * 2)} {v.Visit("ab", s => s.Length)} {v.Visit(1.5, d => d.ToString())}";

    private static string Constrained<V>(ref V v) where V : IVisitor
    {
        string s = v.Name<byte>();
        v.Visit(1, x => x);
        return s + v.Name<string>();
    }

    private static void Main()
    {
        Console.WriteLine(All(new Plain()));
        var l = new Logging(); Console.WriteLine(All(l)); Console.WriteLine(l.Calls);
        Console.WriteLine(All(new Explicit())); Console.WriteLine(new Explicit().Name<int>());
        Console.WriteLine(All(new StructVisitor()));
        var sv = new StructVisitor();
        Console.WriteLine(Constrained(ref sv));
        Console.WriteLine(Constrained(ref sv));
        Console.WriteLine(Constrained(ref l));
        Container<string> c = new Two<string>("a", "bcd");
        Console.WriteLine($"{c.Convert(s => s.Length)} {c.Map(s => s + "!")} {c.Map(s => s.Length).Map(n => n * 1.5)} {c.Types<int>()} " +
            $"{c.Types<string>()}");
        Container<int> ci = new Two<int>(3, 4);
        Console.WriteLine($"{ci.Convert(i => i.ToString())} {ci.Types<object>()} {new One<int>(1).Types<long>()}");
        Func<Func<string, object>, object> del = c.Convert<object>; Console.WriteLine(del(s => s + s));
        IVisitor iv = l; Func<string> named = iv.Name<DateTime>; Console.WriteLine(named());
        foreach (IDefaultGeneric d in new IDefaultGeneric[] { new UsesDefault(), new OwnShow() })
            Console.WriteLine(d.Show(5) + " " + d.Show("s"));
        for (int i = 0; i < 50; i++) iv.Visit(i, x => x); Console.WriteLine(l.Calls);
        try { ((IVisitor)null!).Name<int>(); } catch (NullReferenceException) { Console.WriteLine("null"); }
    }
}
