// Patterns: type, constant, relational, logical, property, positional, list and slice, var, in switch and is.
internal class Animal { public string? Name; public int Legs; public Animal? Friend; }
internal sealed class Dog : Animal { public bool Good; }

internal readonly struct Vec(int x, int y)
{
    public int X => x;
    public int Y => y;
    public void Deconstruct(out int a, out int b) { a = x; b = y; }
}

internal static class Program
{
    private static string Kind(object? o) => o switch
    {
        null => "null",
        int i and > 100 => $"big {i}",
        int and (0 or 1) => "bit",
        int i when i % 2 == 0 => $"even {i}",
        int => "odd",
        long and >= 0 and < 10 => "digit long",
        double.NaN => "nan",
        double d and not (< 0) => $"nonneg {d}",
        double => "neg",
        "" => "empty",
        string { Length: 1 } s => $"char {s}",
        string { Length: > 5 and < 10 } => "medium",
        string s => $"string {s.Length}",
        char and (>= 'a' and <= 'z' or >= 'A' and <= 'Z') => "letter",
        Dog { Good: true, Name: { } n } => $"good {n}",
        Animal { Friend.Friend: { Legs: var l } } => $"friend of friend with {l}",
        Animal { Name: null } => "nameless",
        Vec(0, 0) => "origin",
        Vec(var x, 0) => $"on x at {x}",
        Vec { X: < 0, Y: < 0 } => "third quadrant",
        Vec(var x, var y) when x == y => "diagonal",
        Vec => "vec",
        (int a, string b) => $"tuple {a}{b}",
        int[] and [] => "no ints",
        int[] and [var one] => $"one {one}",
        int[] and [1, 2, ..] => "starts 1 2",
        int[] and [.., 9] => "ends 9",
        int[] and [var f, .. var mid, var e] when mid.Length > 2 => $"{f}..{e} with {mid.Length}",
        int[] and [_, _, ..] => "two or more",
        IEnumerable<int> e => $"seq {e.Count()}",
        Type t when t == typeof(int) => "int type",
        Enum e => $"enum {e}",
        _ => o.GetType().Name,
    };

    private static string Spans(ReadOnlySpan<char> s) => s switch
    {
        "on" or "yes" => "true", ['n', ..] => "n-word", [] => "empty", [.., '!'] => "loud", _ => "?"
    };

    private static string Two(bool a, bool? b) => (a, b) switch
    {
        (true, true) => "tt", (true, false) => "tf", (_, null) => "null", (false, _) => "f"
    };

    private static int Grade(int x) => x switch { < 0 => -1, < 10 => 0, < 100 => 1, < 1000 => 2, int.MaxValue => 99, _ => 3 };

    private static void Main()
    {
        object?[] values = { null, 5, 4, 0, 1000, 7L, 12L, double.NaN, 1.5, -1.5, "", "x", "medium", "a long string here", 'q', '?',
            new Dog { Good = true, Name = "Rex" }, new Animal { Name = "A", Friend = new Animal { Friend = new Animal { Legs = 6 } } },
            new Animal(), new Animal { Name = "B" },
            new Vec(0, 0), new Vec(3, 0), new Vec(-1, -2), new Vec(4, 4), new Vec(1, 2), (3, "x"), new int[0], new[] { 7 },
            new[] { 1, 2, 3 }, new[] { 5, 9 },
            new[] { 4, 5, 6, 7, 8 }, new[] { 4, 4 }, new List<int> { 1, 2 }, typeof(int), DayOfWeek.Friday, 1.5m };
        foreach (object? v in values) Console.WriteLine(Kind(v));
        foreach (string s in new[] { "on", "yes", "no", "", "hey!", "x" }) Console.WriteLine(Spans(s));
        Console.WriteLine($"{Two(true, true)} {Two(true, false)} {Two(false, null)} {Two(false, true)}");
        foreach (int g in new[] { -5, 0, 10, 999, 1000, int.MaxValue }) Console.Write(Grade(g) + " ");
        Console.WriteLine();
        object o = "pattern";
        if (o is string { Length: var len } and not "other") Console.WriteLine(len);
        if (o is not int n) Console.WriteLine("not int"); else Console.WriteLine(n);
        Console.WriteLine(values is [null, int first, .., decimal last] ? $"{first} {last}" : "no");
        try { object x = 5; _ = x switch { string => 1, _ when x is long => 2 }; }
        catch (System.Runtime.CompilerServices.SwitchExpressionException e) { Console.WriteLine(e.UnmatchedValue); }
    }
}
