// Collection expressions, spreads, target types, params of spans and lists, collection builders, first-class span conversions.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

[CollectionBuilder(typeof(Bag), nameof(Bag.Create))]
internal sealed class Bag<T>(T[] items) : IEnumerable<T>
{
    public int Count => items.Length;
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)items).GetEnumerator();
    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}

internal static class Bag
{
    public static Bag<T> Create<T>(ReadOnlySpan<T> items) { Console.Write($"(bag of {items.Length})"); return new(items.ToArray()); }
}

internal sealed class Adder : System.Collections.IEnumerable
{
    public int Sum;
    public void Add(int i) => Sum += i;
    public void Add(int a, int b) => Sum += a * b;
    public System.Collections.IEnumerator GetEnumerator() => throw new NotSupportedException();
}

internal static class Program
{
    private static int P(params ReadOnlySpan<int> xs) { int t = 0; foreach (int x in xs) t = t * 10 + x; return t; }
    private static string L(params List<string> xs) => xs.Count + string.Concat(xs);
    private static string E(params IEnumerable<object> xs) => string.Join("/", xs);
    private static string Which(ReadOnlySpan<char> s) => "span " + s.Length;
    private static string Which(object o) => "object";
    private static IEnumerable<int> Gen() { yield return 7; yield return 8; }
    private static int Count<T>(ReadOnlySpan<T> s) => s.Length;

    private static void Main()
    {
        int[] a = [1, 2, 3];
        List<int> l = [.. a, 4, .. Gen()];
        Span<int> s = [9, .. a];
        ReadOnlySpan<string> rs = ["x", "y"];
        IEnumerable<int> e = [.. l, .. s];
        HashSet<int> h = [1, 1, 2];
        ImmutableArray<int> ia = [5, .. a];
        Console.WriteLine($"{string.Join("", l)} {s.Length} {rs[1]} {string.Join("", e)} {h.Count} {ia.Length}");
        int[] none = [];
        int[][] jag = [[1], [], [2, 3]];
        Console.WriteLine($"{none.Length} {jag[2][1]} {ReferenceEquals(none, Array.Empty<int>())}");
        Bag<string> b = ["p", "q", .. rs]; Console.WriteLine(b.Count + string.Concat(b));
        Console.WriteLine($"{P(1, 2, 3)} {P()} {P(a)} {L("a", "b")} {L()} {E(1, "two", 3.0)} {E([.. new object[] { 4 }])}");
        Console.WriteLine(Which("text") + " " + Which(5) + " " + Count<int>(a) + Count<char>("abc"));
        var ad = new Adder { 1, { 2, 3 }, 4 }; Console.WriteLine(ad.Sum);
        var d = new Dictionary<string, int[]> { ["a"] = [1], ["b"] = [2, 2] }; Console.WriteLine(d["b"].Length);
        IReadOnlyList<int> ro = [1, 2];
        Console.WriteLine(ro.Count + " " + ro[1]);
        try { ((IList<int>)ro)[0] = 5; } catch (NotSupportedException) { Console.WriteLine("read only"); }
        List<List<int>> nested = [[1, 2], [.. from x in a where x > 1 select x * x]]; Console.WriteLine(nested[1][1]);
        Console.WriteLine(a.AsSpan().Contains(3) + " " + a.Contains(3) + " " + ((ReadOnlySpan<int>)a).IndexOf(2));
    }
}
