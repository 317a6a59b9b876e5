// Text building: composite formats, alignment, custom formatters, handlers of interpolation, StringBuilder chunks, spans, parsing.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

internal sealed class Loud : IFormatProvider, ICustomFormatter
{
    public object? GetFormat(Type? t) => t == typeof(ICustomFormatter) ? this : null;
    public string Format(string? format, object? arg, IFormatProvider? p) => $"<{arg?.ToString()?.ToUpperInvariant()}{format}>";
}

[InterpolatedStringHandler]
internal ref struct Logged
{
    private readonly StringBuilder b;
    public Logged(int literal, int holes, bool on, out bool go) { go = on; b = new StringBuilder($"{literal}/{holes}:"); }
    public void AppendLiteral(string s) => b.Append(s);
    public void AppendFormatted<T>(T v, int alignment = 0, string? format = null) => b.Append($"[{v},{alignment},{format},{typeof(T).Name}]");
    public override string ToString() => b?.ToString() ?? "off";
}

internal readonly struct Pair(int a, int b) : ISpanFormattable, IParsable<Pair>
{
    public int A => a;
    public string ToString(string? format, IFormatProvider? p) => format == "s" ? $"{a + b}" : $"({a},{b})";
    public bool TryFormat(Span<char> to, out int n, ReadOnlySpan<char> format, IFormatProvider? p) => to.TryWrite($"<{a}|{b}>", out n);
    public static Pair Parse(string s, IFormatProvider? p) => TryParse(s, p, out Pair r) ? r : throw new FormatException("no pair");
    public static bool TryParse(string? s, IFormatProvider? p, out Pair r) { string[] x = s?.Split(',') ?? []; r = x.Length == 2 && int.TryParse(x[0], out int m) && int.TryParse(x[1], out int n) ? new Pair(m, n) : default; return x.Length == 2; }
}

internal static class Program
{
    private static int calls;
    private static int Called() => ++calls;
    private static string Log(bool on, [InterpolatedStringHandlerArgument(nameof(on))] Logged l) => l.ToString();
    private static string Try(Func<string> f) { try { return f(); } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }

    private static void Main()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine(string.Format("{0,5}|{0,-5}|{1:x4}|{2:yyyy}|{{}}|{3}", 42, 255, new DateTime(2024, 1, 1), null));
        Console.WriteLine(string.Format(new Loud(), "{0} {1:f} {0,-10}|", "a", 2));
        foreach (string f in new[] { "{0", "}", "{5}", "{0,}", "{-1}", "{0:}}" }) Console.WriteLine(Try(() => string.Format(f, 1)));
        var composite = CompositeFormat.Parse("{0:N1} and {1,6}|");
        Console.WriteLine(string.Format(null, composite, 1234.56, "x") + composite.MinimumArgumentCount);
        Console.WriteLine(Log(true, $"a{Called()}b{1.5,8:F2}") + " " + Log(false, $"{Called()}") + calls);
        Console.WriteLine($"{new Pair(1, 2)} {new Pair(1, 2):s} {new Pair(1, 2).ToString("s", null)} {string.Concat("x", new Pair(3, 4))}");
        Console.WriteLine(Pair.Parse("5,6", null).A + Try(() => Pair.Parse("x", null).ToString("", null)));
        var sb = new StringBuilder("abc", 4);
        for (int i = 0; i < 40; i++) sb.Append(i).Append(',');
        sb.Insert(3, "-in-").Replace("1", "one", 10, 40).Remove(0, 2).AppendJoin('|', 1, 2, 3).AppendFormat("{0:P}", 0.5).AppendLine().Append('x', 5).Append(CultureInfo.InvariantCulture, $"{1.5}");
        int chunks = 0;
        foreach (ReadOnlyMemory<char> _ in sb.GetChunks()) chunks++;
        Console.WriteLine($"{sb.Length} {chunks > 1} {sb[7]} {sb.ToString(5, 30)} {sb.Equals(new StringBuilder(sb.ToString()))} {Try(() => sb.Insert(9999, "x").ToString())} {Try(() => new StringBuilder(1, 2).Append("abc").ToString())}");
        Span<char> span = stackalloc char[12];
        Console.WriteLine($"{span.TryWrite($"{1:000}-{"ab"}", out int n)} {span[..n]} {span.TryWrite($"{long.MaxValue}", out n)} {n} {MemoryExtensions.Trim(" a ".AsSpan())}");
        foreach (Range r in "a,b,,c".AsSpan().Split(',')) Console.Write($"{r} ");
        Console.WriteLine(string.Create(5, 'q', (s, c) => s.Fill(c)) + " " + "abc".PadLeft(6, '.') + " " + string.Join("-", "a b  c".Split(' ', StringSplitOptions.RemoveEmptyEntries)) + " " + "x=1;y=2".Split([';', '='], 3).Length + " " + "Ab".Equals("aB", StringComparison.OrdinalIgnoreCase) + " " + "line1\r\nline2\n".ReplaceLineEndings("|"));
        foreach (ReadOnlySpan<char> line in "a\nb\r\nc".AsSpan().EnumerateLines()) Console.Write(line.ToString() + ";");
        Console.WriteLine(string.IsInterned("abc" + calls) ?? "not interned");
        var guid = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        Console.WriteLine($"{guid:N} {guid:B} {guid:X} {Guid.TryParseExact("{00000001-0002-0003-0405-060708090a0b}", "B", out Guid g)} {g == guid} {guid.CompareTo(Guid.Empty)} {new Version("1.2.3.4")} {Version.Parse("1.2") < new Version(1, 10)} {new Uri("http://u:p@h:81/a%20b/../c?q=1#f").PathAndQuery} {new Index(3, true)} {1..^2} {DateOnly.FromDayNumber(700000)} {TimeOnly.FromTimeSpan(TimeSpan.FromHours(5)):t} {TimeSpan.FromSeconds(3725.5):c} {TimeSpan.FromDays(1.5):g} {new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(-3)):o}");
    }
}
