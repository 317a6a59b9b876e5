// Span, ReadOnlySpan, stackalloc, slicing, ref structs with interfaces and as generic arguments, Memory.
internal interface ISum { int Total(); }

internal ref struct SpanSum(ReadOnlySpan<int> s) : ISum
{
    private readonly ReadOnlySpan<int> _s = s;
    public readonly int Total() { int t = 0; foreach (int i in _s) t += i; return t; }
    public void Dispose() => Console.WriteLine("disposed " + _s.Length);
}

internal ref struct Splitter(ReadOnlySpan<char> text, char sep)
{
    private ReadOnlySpan<char> _rest = text;
    private bool _done;
    public ReadOnlySpan<char> Current { get; private set; }
    public readonly Splitter GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_done) return false;
        int i = _rest.IndexOf(sep);
        if (i < 0) { Current = _rest; _done = true; } else { Current = _rest[..i]; _rest = _rest[(i + 1)..]; }
        return true;
    }
}

internal static class Program
{
    private static int Use<T>(T t) where T : ISum, allows ref struct => t.Total();
    private static int Sum(ReadOnlySpan<int> s) { int t = 0; for (int i = 0; i < s.Length; i++) t += s[i]; return t; }

    private static unsafe int Raw(int n)
    {
        int* p = stackalloc int[n];
        for (int i = 0; i < n; i++) p[i] = i * i;
        int t = 0;
        while (n-- > 0) t += p[n];
        return t;
    }

    private static int Dynamic(int n)
    {
        Span<byte> s = n <= 64 ? stackalloc byte[n] : new byte[n];
        s.Fill(3);
        int t = 0;
        foreach (byte b in s) t += b;
        return t;
    }

    private static string Reverse(string s) => string.Create(s.Length, s, (span, src) =>
    {
        for (int i = 0; i < src.Length; i++) span[i] = src[src.Length - 1 - i];
    });

    private static int Recursive(int depth)
    {
        Span<int> s = stackalloc int[8];
        s[depth % 8] = depth;
        return depth == 0 ? 0 : s[depth % 8] + Recursive(depth - 1);
    }

    private static void Main()
    {
        Span<int> s = stackalloc int[5] { 5, 4, 3, 2, 1 };
        s.Sort(); Console.WriteLine($"{s[0]} {s[^1]} {s.Length} {Sum(s[1..^1])}");
        s[1..3].Clear(); s.Reverse(); Console.WriteLine(string.Join(",", s.ToArray()));
        Console.WriteLine(Use(new SpanSum(s)));
        using (var d = new SpanSum(s[..2])) Console.WriteLine(d.Total());
        foreach (ReadOnlySpan<char> part in new Splitter("a,bc,,def", ',')) Console.Write($"[{part}]");
        Console.WriteLine();
        Console.WriteLine($"{Raw(10)} {Dynamic(10)} {Dynamic(1000)} {Reverse("spans")} {Recursive(50)}");
        ReadOnlySpan<char> text = "hello world";
        Console.WriteLine($"{text.IndexOf("wor")} {text.Contains('z')} {text.StartsWith("hell")} {text[6..].ToString()} " +
            $"{text.LastIndexOf('o')} {text.IndexOfAny("xyzw")}");
        Console.WriteLine(text.SequenceEqual("hello world") + " " + text.SequenceCompareTo("help") + " " + text.TrimStart("he").ToString());
        ReadOnlySpan<byte> data = [1, 2, 3, 250]; ReadOnlySpan<long> longs = [1, -1, long.MaxValue]; ReadOnlySpan<byte> utf8 = "utf8 é"u8;
        Console.WriteLine($"{data[3]} {longs[2]} {utf8.Length} {utf8[5]}");
        byte[] arr = new byte[6]; data.CopyTo(arr.AsSpan(1)); Console.WriteLine(string.Join(" ", arr));
        try { data.CopyTo(arr.AsSpan(4)); } catch (ArgumentException) { Console.WriteLine("too short"); }
        try { Console.WriteLine(s[int.Parse("9")]); } catch (IndexOutOfRangeException) { Console.WriteLine("range"); }
        try { _ = s.Slice(4, 2); } catch (ArgumentOutOfRangeException) { Console.WriteLine("slice"); }
        Memory<int> mem = new[] { 1, 2, 3, 4 }; mem.Span[2] = 30; ReadOnlyMemory<char> rom = "memory".AsMemory(2, 3);
        Console.WriteLine($"{mem[1..].Span[1]} {rom} {mem.Length}");
        Span<string> strs = ["b", "a", "c"]; strs.Sort(); Console.WriteLine(strs[0] + strs[1] + strs[2]);
        Span<int> overlap = [1, 2, 3, 4, 5]; overlap[..4].CopyTo(overlap[1..]); Console.WriteLine(string.Join("", overlap.ToArray()));
        Console.WriteLine(overlap.Overlaps(overlap[2..]) + " " + overlap.IndexOf(4) + " " + overlap.BinarySearch(4) + " " +
            overlap.Count(1));
        Span<char> cs = stackalloc char[16]; 12345.TryFormat(cs, out int w); Console.WriteLine(cs[..w].ToString());
        object[] covariant = new string[1];
        try { new Span<object>(covariant); } catch (ArrayTypeMismatchException) { Console.WriteLine("mismatch"); }
    }
}
