// Index and Range over arrays, strings, spans, lists and user types; slices as copies or views; out-of-range slices.
internal sealed class Seq(int n)
{
    public int Length => n;
    public int this[int i] { get { Console.Write($"[{i}]"); return i * i; } }
    public string Slice(int s, int l) => $"slice({s},{l})";
}

internal static class Program
{
    private static string Try(Func<object> f) { try { return f().ToString()!; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        int[] a = [0, 1, 2, 3, 4, 5];
        string s = "abcdef";
        Index last = ^1;
        Range mid = 1..^1;
        Console.WriteLine($"{a[last]} {s[^2]} {string.Join("", a[mid])} {s[mid]} {s[..2]}{s[4..]} {a[..].Length} {last} {mid} " +
            $"{Index.Start} {Range.All}");
        int[] copy = a[2..4];
        copy[0] = 99;
        Console.WriteLine(a[2]);
        Span<int> view = a.AsSpan()[2..4];
        view[0] = 77;
        Console.WriteLine(a[2]);
        var q = new Seq(10);
        Console.WriteLine(q[^3] + q[2..^2] + q[..]);
        List<int> l = [1, 2, 3];
        l[^1] = 30;
        Console.WriteLine(l[^1]);
        Console.WriteLine(Try(() => a[7..]) + " " + Try(() => s[3..1]) + " " + Try(() => a[^0]) + " " + Try(() => s[^7]) + " " +
            Try(() => new Index(-1)) + " " + (3..5).GetOffsetAndLength(10) + " " + Try(() => (3..5).GetOffsetAndLength(4)) + " " +
            Try(() => a[..0].Length));
        int i = 2;
        Range r = i..(i + 2);
        Console.WriteLine(string.Join("", a[r]) + r.Equals(2..4) + r.GetHashCode().Equals((2..4).GetHashCode()) + (^2).GetOffset(10));
        a[^1]++;
        a[^2] += a[^1];
        Console.WriteLine(string.Join(",", a));
    }
}
