// Tuples: names, equality, nesting past seven, swaps, deconstruction with user types and extensions, discards, in generics and async.
internal sealed class Pt(int x, int y)
{
    public void Deconstruct(out int a, out int b) { a = x; b = y; }
    public void Deconstruct(out int a, out int b, out string s) { a = x; b = y; s = $"{x}/{y}"; }
}

internal static class Ext
{
    public static void Deconstruct(this string s, out char first, out string rest) { first = s[0]; rest = s[1..]; }
}

internal static class Program
{
    private static (int min, int max, double avg) Stats(params int[] a) => (a.Min(), a.Max(), a.Average());
    private static (T, U) Mk<T, U>(T t, U u) => (t, u);
    private static (int a, (string b, long c) inner) Nested() => (1, ("b", 2));
    private static async Task<(int, string)> Async() { await Task.Yield(); return (5, "async"); }
    private static int s_order; private static int O(int n) { s_order = s_order * 10 + n; return n; }

    private static void Main()
    {
        var (min, max, _) = Stats(3, 1, 2); Console.WriteLine($"{min} {max} {Stats(4, 6).avg}");
        int a = 1, b = 2, c = 3; (a, b, c) = (c, a, b); Console.WriteLine($"{a}{b}{c}");
        int[] arr = { 1, 2, 3 }; int i = 0; (arr[i++], arr[i]) = (arr[i], arr[0]); Console.WriteLine(string.Join("", arr) + i);
        var t = (1, "two", 3.0, '4', 5L, 6f, 7m, 8, (byte)9);
        Console.WriteLine($"{t} {t.Item8} {t.Item9} {t.GetHashCode() == (1, "two", 3.0, '4', 5L, 6f, 7m, 8, (byte)9).GetHashCode()}");
        Console.WriteLine($"{(1, 2) == (1, 2)} {(1, "a") != (1, "b")} {(1, 2L) == (1L, 2)} {Mk(1, "x").Equals((1, "x"))} " +
            $"{((int?)1, 2) == (null, 2)}");
        var (x, (y, z)) = Nested();
        Console.WriteLine(x + y + z);
        var (p, q) = new Pt(7, 8);
        var (_, _, s) = new Pt(1, 2);
        var (f, r) = "hello";
        Console.WriteLine($"{p}{q}{s}{f}{r}");
        Console.WriteLine(Async().Result);
        var list = new List<(string Name, int Age)> { ("b", 2), ("a", 1) };
        list.Sort();
        Console.WriteLine(list[0].Name + string.Join(";", list.OrderByDescending(e => e.Age)));
        foreach (var (key, value) in new Dictionary<string, int> { ["k"] = 5 }) Console.WriteLine(key + value);
        (O(1), O(2)).ToString(); bool eq = (O(3), O(4)) == (O(3), O(5)); Console.WriteLine(eq + " " + s_order);
        ValueTuple none = default;
        Console.WriteLine(none + " " + ValueTuple.Create(5) + " " + (1, 2).CompareTo((1, 3)) + " " + Tuple.Create(1, "ref", 2.5));
        (int X, int Y) named = (Y: 1, X: 2);
        named.X++;
        Console.WriteLine(named.X + "" + named.Y);
        var g = from e in list group e.Age by (e.Name, e.Age > 1) into gr select (gr.Key.Name, gr.Count());
        Console.WriteLine(string.Join(" ", g));
        (string? n, object? o) dflt = default;
        Console.WriteLine(dflt.n is null && dflt.o is null);
        System.Runtime.CompilerServices.ITuple it = t; Console.WriteLine(it.Length + " " + it[7]);
    }
}
