// yield: laziness, finally on early dispose, nested and recursive iterators, generic ones, exceptions inside.
internal sealed class Tree<T> : IEnumerable<T>
{
    public T Value = default!;
    public Tree<T>? Left, Right;

    public IEnumerator<T> GetEnumerator()
    {
        if (Left != null) foreach (T v in Left) yield return v;
        yield return Value;
        if (Right != null) foreach (T v in Right) yield return v;
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}

internal static class Program
{
    private static IEnumerable<int> Count(int from, int to)
    {
        Console.WriteLine("begin");
        try { for (int i = from; i <= to; i++) { Console.WriteLine("at " + i); yield return i; } }
        finally { Console.WriteLine("finally"); }
        Console.WriteLine("end");
    }

    private static IEnumerable<long> Fibonacci()
    {
        (long a, long b) = (0, 1);
        while (true) { yield return a; (a, b) = (b, a + b); }
    }

    private static IEnumerable<string> Nested(int depth)
    {
        if (depth == 0) { yield return "leaf"; yield break; }
        try
        {
            try { foreach (string s in Nested(depth - 1)) yield return depth + ":" + s; }
            finally { Console.WriteLine("inner " + depth); }
            yield return "after " + depth;
        }
        finally { Console.WriteLine("outer " + depth); }
    }

    private static IEnumerable<T> Where<T>(IEnumerable<T> src, Func<T, bool> keep) { foreach (T t in src) if (keep(t)) yield return t; }
    private static IEnumerable<int> Faulty() { yield return 1; throw new InvalidOperationException("in iterator"); }
    private static IEnumerator<int> Plain() { yield return 7; yield return 8; }

    private static Tree<T>? Build<T>(T[] items, int lo, int hi)
    {
        if (lo > hi) return null;
        int mid = (lo + hi) / 2;
        return new Tree<T> { Value = items[mid], Left = Build(items, lo, mid - 1), Right = Build(items, mid + 1, hi) };
    }

    private static void Main()
    {
        foreach (int i in Count(1, 3)) Console.WriteLine("got " + i);
        foreach (int i in Count(1, 100)) { if (i == 2) break; }
        var lazy = Count(5, 6);
        Console.WriteLine("not yet");
        Console.WriteLine(lazy.First() + lazy.Last());
        Console.WriteLine(string.Join(",", Fibonacci().TakeWhile(f => f < 5000)));
        foreach (string s in Nested(3)) { Console.WriteLine(s); if (s.StartsWith("after 1")) break; if (s == "3:after 2") break; }
        Console.WriteLine(string.Join(" ", Where(Enumerable.Range(1, 20), x => x % 3 == 0)));
        Console.WriteLine(string.Join(" ", Build("abcdefgh".ToCharArray(), 0, 7)!));
        Console.WriteLine(string.Join(" ", Build(new[] { 1, 2, 3, 4, 5 }, 0, 4)!));
        try { foreach (int i in Faulty()) Console.WriteLine(i); }
        catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        using IEnumerator<int> en = Plain();
        Console.WriteLine($"{en.Current} {en.MoveNext()} {en.Current} {en.MoveNext()} {en.Current} {en.MoveNext()}");
        try { en.Reset(); } catch (NotSupportedException) { Console.WriteLine("no reset"); }
        IEnumerable<int> twice = Count(1, 1);
        using IEnumerator<int> e1 = twice.GetEnumerator(), e2 = twice.GetEnumerator();
        Console.WriteLine(ReferenceEquals(e1, e2));
    }
}
