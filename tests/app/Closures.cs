// Local functions and lambdas: shared captures, per-iteration captures, struct closures, recursion, static ones, defaults, params.
internal class Early<T>(T start) // the lambda is there before the base's constructor runs
{
    public readonly Func<T> First = () => start;
    public T Start => start;
    public T Next() { T t = First(); start = default!; return t; }
}

internal sealed class Holder
{
    private int _field = 10;
    public Func<int> Get() => () => _field++;
    public int Local(int n) { int k = n; int Inner(int m) => m == 0 ? k : Inner(m - 1) + _field; return Inner(3); }
}

internal static class Program
{
    private static (Func<int> get, Action<int> set) Shared() { int v = 1; return (() => v, x => v = x); }

    private static Func<int, int> Curry(int a)
    {
        int b = a * 2;
        return c => { int d = c + b; Func<int> inner = () => a + b + c + d; return inner(); };
    }

    private static T Id<T>(T v) { T Inner() => v; return Inner(); }
    private static Func<T> Box<T>(T v) where T : struct => () => v;
    private static int Fact(int n) { return F(n); static int F(int k) => k <= 1 ? 1 : k * F(k - 1); }
    private static int RefCapture(int start) { int sum = start; void Add(int x) { sum += x; if (x > 0) Add(x - 1); } Add(4); return sum; }

    private static IEnumerable<Func<int>> Loop()
    {
        var list = new List<Func<int>>();
        for (int i = 0; i < 3; i++) list.Add(() => i);
        foreach (int j in new[] { 10, 20 }) list.Add(() => j);
        int w = 0;
        while (w < 2) { int c = w * 100; list.Add(() => c + w); w++; }
        return list;
    }

    private static void Main()
    {
        var (get, set) = Shared(); set(42); Console.WriteLine(get());
        Console.WriteLine(Curry(3)(4));
        Console.WriteLine(Id("text") + Id(5) + Box(2.5)());
        Console.WriteLine(Fact(10) + " " + RefCapture(100));
        Console.WriteLine(string.Join(",", Loop().Select(f => f())));
        var h = new Holder(); var g = h.Get(); g(); g(); Console.WriteLine(g() + " " + h.Local(5));
        Func<int, int>? fib = null; fib = n => n < 2 ? n : fib!(n - 1) + fib!(n - 2); Console.WriteLine(fib(15));
        var withDefault = (int a, int b = 7) => a * b; Console.WriteLine(withDefault(3) + withDefault(3, 2));
        var withParams = (params int[] xs) => xs.Length; Console.WriteLine(withParams(1, 2, 3) + withParams());
        Func<int, Func<int, Func<int, int>>> deep = a => b => c => a * 100 + b * 10 + c; Console.WriteLine(deep(1)(2)(3));
        var cached1 = () => 1; Func<int> st = static () => 5; Console.WriteLine(cached1() + st());
        int x = 1;
        {
            int y = 2;
            Action a1 = () => { x++; y++; };
            a1();
            { int z = 3; Action a2 = () => { x += z; y += z; z++; }; a2(); a2(); Console.WriteLine($"{x} {y} {z}"); }
        }
        Action<string> log = Console.WriteLine; log("method group");
        Comparison<int> cmp = (p, q) => q.CompareTo(p);
        var arr = new[] { 3, 1, 2 };
        Array.Sort(arr, cmp);
        Console.WriteLine(string.Join("", arr));
        try { Action boom = () => throw new Exception("from lambda"); boom(); } catch (Exception e) { Console.WriteLine(e.Message); }
        var tryOut = (string s, out int n) => int.TryParse(s, out n); Console.WriteLine(tryOut("12", out int parsed) + " " + parsed);
        var early = new Early<int>(20); Console.WriteLine(early.Next() + early.Next() + early.Start + new Early<string>("s").First());
        object o = (int q) => q + 1; Console.WriteLine(o.GetType() == typeof(Func<int, int>));
    }
}
