// Interpolated strings, alignment and formats, and a user-defined handler with a condition.
using System.Runtime.CompilerServices;
using System.Text;

[InterpolatedStringHandler]
internal ref struct LogHandler
{
    private readonly StringBuilder? _text;

    public LogHandler(int literalLength, int formattedCount, bool enabled, out bool wanted)
    {
        wanted = enabled;
        _text = enabled ? new StringBuilder().Append('<').Append(literalLength).Append(',').Append(formattedCount).Append('>') : null;
    }

    public void AppendLiteral(string s) => _text!.Append(s);
    public void AppendFormatted<T>(T value) => _text!.Append('{').Append(value).Append('}');
    public void AppendFormatted<T>(T value, int alignment, string? format = null) where T : IFormattable
        => _text!.Append('{').Append(value.ToString(format, null).PadLeft(alignment, '.')).Append('}');
    public override string ToString() => _text?.ToString() ?? "(off)";
}

internal static class Program
{
    private static int s_evaluated;
    private static int Eval(int x) { s_evaluated++; return x; }
    private static void Log(bool enabled, [InterpolatedStringHandlerArgument(nameof(enabled))] LogHandler h)
        => Console.WriteLine(h.ToString());

    private static void Main()
    {
        int i = 42; string s = "str"; double d = 1.5; object? o = null; DateTime date = new(2024, 2, 29);
        Console.WriteLine($"{i} {s} {d} [{o}]");
        Console.WriteLine($"{i,6}|{i,-6}|{i:X4}|{i,8:D5}|{d:F3}|{date:yyyy-MM-dd}");
        Console.WriteLine($"{{braces}} {(i > 40 ? "big" : "small")} {s.Length switch { 3 => "three", _ => "other" }}");
        Console.WriteLine($"""raw "{s}" \n""");
        Console.WriteLine($$"""{ {{i}} }""");
        const string c1 = "const", c2 = $"{c1}-joined";
        Console.WriteLine(c2);
        Log(true, $"value {Eval(1)} and {Eval(2),4:D2} end");
        Log(false, $"value {Eval(3)}");
        Console.WriteLine(s_evaluated);
        Span<char> buffer = stackalloc char[32];
        bool ok = buffer.TryWrite($"{i}:{d}", out int written);
        Console.WriteLine($"{ok} {buffer[..written]}");
        FormattableString fs = $"a{i}b{d}";
        Console.WriteLine($"{fs.Format} {fs.ArgumentCount} {FormattableString.Invariant(fs)}");
        var sb = new StringBuilder();
        sb.Append($"in builder {i:x}").AppendLine($"; {s}");
        Console.Write(sb);
    }
}
