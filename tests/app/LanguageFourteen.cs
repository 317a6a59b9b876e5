// C# 14 and 13: extension blocks, field-backed properties, null-conditional assignment, compound operators, partial members, spans as first-class, ref struct interfaces, params collections, Lock.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

internal static class Extensions
{
    extension<T>(IEnumerable<T> source)
    {
        public bool IsEmpty => !source.Any();
        public IEnumerable<T> Twice() { foreach (T t in source) { yield return t; yield return t; } }
        public static IEnumerable<T> operator +(IEnumerable<T> a, IEnumerable<T> b) => a.Concat(b);
    }
    extension(string) { public static string Join3(string a, string b, string c) => $"{a}/{b}/{c}"; public static int Answer => 42; }
    extension(ref int i) { public void Bump(int by) => i += by; }
    extension<T>(T[] a) where T : struct { public ref T First => ref a[0]; }
}

internal struct Acc
{
    public int V, Copies;
    public void operator +=(int x) => V += x;
    public void operator ++() => V++;
    public static Acc operator +(Acc a, int x) => new() { V = a.V + x, Copies = a.Copies + 1 };
    public static Acc operator checked -(Acc a, int x) => throw new OverflowException("checked form");
    public static Acc operator -(Acc a, int x) => new() { V = a.V - x };
}

internal partial class Partial
{
    public partial string Name { get; set; }
    public partial int this[int i] { get; }
    public partial event Action? Changed;
    public partial Partial(int x);
    public int X;
}
internal partial class Partial
{
    public partial string Name { get => field ?? "unset"; set => field = value.Trim(); }
    public partial int this[int i] => i * X;
    private Action? changed;
    public partial event Action? Changed { add => changed += value; remove => changed -= value; }
    public partial Partial(int x) => X = x;
    public void Raise() => changed?.Invoke();
}

internal sealed class Node { public Node? Next; public int Value; public int[]? Items; public event Action? Hit; public void Fire() => Hit?.Invoke(); public int Lazy { get { if (field == 0) field = 7; return field; } set { field = value; } } }

internal interface IShape { int Area(); }
internal ref struct Rect(Span<int> s) : IShape { private readonly Span<int> s = s; public int Area() => s[0] * s[1]; }

file sealed class FileLocal { public override string ToString() => "file"; }

internal static class Program
{
    private static int Area<T>(T t) where T : IShape, allows ref struct => t.Area();
    private static string Many(params ReadOnlySpan<int> x) => $"span{x.Length}";
    private static string Some(params IEnumerable<string> x) => string.Join("", x);
    [OverloadResolutionPriority(1)] private static string Over(ReadOnlySpan<char> s) => "span";
    private static string Over(object s) => "object";
    private static string Named(int a, int b = 2, [CallerArgumentExpression(nameof(a))] string e = "") => $"{a}{b}{e}";
    private static int Sum<T>(this Span<T> s, Func<T, int> f) { int r = 0; foreach (T t in s) r += f(t); return r; }
    private static async Task<int> SpanInAsync() { await Task.Yield(); Span<int> s = stackalloc int[3]; s[1] = 5; int r = s.Sum(x => x); await Task.Yield(); return r; }
    private static IEnumerable<int> RefInIterator() { int[] a = [1, 2, 3]; for (int i = 0; i < 3; i++) { { ref int r = ref a[i]; r *= 10; } yield return a[i]; } }

    private static void Main()
    {
        int[] none = [], some = [1, 2];
        Console.WriteLine($"{none.IsEmpty} {some.IsEmpty} {string.Join(",", some.Twice())} {string.Join3("a", "b", "c")} {string.Answer} {string.Join(",", (IEnumerable<int>)some + some)}");
        int n = 1; n.Bump(5); some.First = 9;
        Console.WriteLine($"{n} {some[0]}");
        var a = new Acc(); a += 5; a++; ++a; Acc b = a + 1; b -= 1;
        Console.WriteLine($"{a.V} {a.Copies} {b.V} {b.Copies}");
        try { b = checked(b - 1); } catch (OverflowException e) { Console.WriteLine(e.Message); }
        var p = new Partial(3) { Name = "  trimmed " };
        int raised = 0;
        p.Changed += () => raised++;
        p.Raise();
        Console.WriteLine($"{p.Name}|{new Partial(1).Name} {p[4]} {raised}");
        Node? node = new() { Next = new() }, missing = null;
        node?.Next?.Value += 5; node?.Items ??= [4]; missing?.Value = Boom(); missing?.Items?[0] = Boom();
        node?.Hit += () => raised += 10; node!.Fire();
        node.Lazy = node.Lazy + 1;
        Console.WriteLine($"{node.Next!.Value} {node.Items![0]} {raised} {node.Lazy}");
        Span<int> sides = [3, 4];
        Console.WriteLine($"{Area(new Rect(sides))} {Many(1, 2, 3)} {Many()} {Some("a", "b")} {Over("text")} {Over(new[] { 'a' })} {Named(n + 1)} {SpanInAsync().Result} {string.Join(",", RefInIterator())} {new FileLocal()} {nameof(List<>)} {typeof(Dictionary<,>).Name}");
        Func<string, bool> parse = (text) => int.TryParse(text, out _); TryParse<int> modified = (text, out result) => int.TryParse(text, out result);
        Console.WriteLine($"{parse("5")} {modified("7", out int seven)} {seven} \e[0m".Replace("\e", "ESC"));
        var list = new List<int> { 1, 2, 3 };
        Console.WriteLine($"{list is [1, .. var rest, 3]} {list is [_, > 1, ..]} {new[] { "a", "b" } is ["a", { Length: 1 }]} {(n, list) is ( > 3, { Count: 3 })} {n switch { < 0 => "neg", 0 or 1 => "small", > 5 and < 10 => "mid", _ => "big" }}");
        List<int> spread = [0, .. list, .. list.Where(x => x > 1), 9]; HashSet<char> chars = [.. "hello"]; Dictionary<string, int> d = new() { ["a"] = 1, ["b"] = 2 };
        var (x, (y, z)) = (1, (2, 3)); (x, y) = (y, x);
        Console.WriteLine($"{string.Join("", spread)} {chars.Count} {d.Count} {x}{y}{z} {"""raw "quoted" {text}"""} {$$"""{{n}} {kept}"""} {"u8"u8.Length} {(Half)1.5} {0b1010_1010:x} {^1} {1_000_000:N0}");
        using var scope = new Lock().EnterScope() is var s ? null as IDisposable : null;
        Console.WriteLine(new Point(1, 2) with { Y = 5 });
        Console.WriteLine(new Derived { Req = 5 }.Req + new Primary(3).Twice + (new Primary(3) == new Primary(3) ? "eq" : "ne"));
    }

    private delegate bool TryParse<T>(string text, out T result);
    private static int Boom() => throw new Exception("evaluated");
    private readonly record struct Point(int X, int Y);
    private class Base { public required int Req { get; init; } }
    private sealed class Derived : Base;
    private sealed record Primary(int V) { public int Twice { get; } = V * 2; }
}
