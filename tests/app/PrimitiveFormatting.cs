// ToString of every primitive with standard and custom formats, invariant culture; composite formatting and padding.
using System.Globalization;

internal static class Program
{
    private static void F<T>(T v, params string[] formats) where T : IFormattable
    {
        var parts = formats.Select(f =>
        {
            try { return v.ToString(f, CultureInfo.InvariantCulture); } catch (FormatException) { return "!"; }
        });
        Console.WriteLine($"{typeof(T).Name} {v}: {string.Join(" | ", parts)}");
    }

    private static void Main()
    {
        string[] ints = ["D", "D8", "X", "x4", "N0", "N2", "C", "E2", "F1", "G", "P0", "B", "B12", "000000", "#,##0", "+0;-0;zero", "R"];
        foreach (int i in new[] { 0, 1, -1, 42, -12345, int.MaxValue, int.MinValue }) F(i, ints);
        F((byte)200, ints);
        F((sbyte)-100, ints);
        F((short)-30000, ints);
        F((ushort)60000, ints);
        F(4000000000u, ints);
        F(long.MinValue, ints);
        F(ulong.MaxValue, ints);
        F((nint)(-5), ints);
        F((nuint)5, ints);
        F(Int128.MinValue, "D", "X", "N0"); F(UInt128.MaxValue, "D", "x"); F((Int128)12345, ints);
        string[] floats = ["G", "R", "F2", "F0", "E", "e3", "N3", "P2", "G3", "G17", "0.00", "#.##", "0.###e+0", "C1", "G9", "00.0;(00.0)",
            "F20"];
        foreach (double d in new[] { 0, -0.0, 1, 1.5, -2.25, 0.1, 1e-5, 1e-4, 123456789, 1e15, 1e16, 1.7976931348623157e308, 5e-324, 2.5,
            3.5, 0.5, 1e22, 1e23, 0.3, 2.675, 1.005, 99.995 })
            F(d, floats);
        F(double.NaN, floats); F(double.PositiveInfinity, "G", "F2"); F(double.NegativeInfinity, "E");
        foreach (float f in new[] { 0.1f, 1f / 3, 16777216f, 3.4028235e38f, 1.4e-45f, 1e10f, -7.5f, 0.3f }) F(f, floats);
        foreach (Half h in new[] { (Half)0.1, (Half)65504, (Half)(-1.5), Half.Epsilon, Half.NaN }) F(h, "G", "F3", "E2", "R");
        foreach (decimal m in new[] { 0m, 1.00m, -123.4500m, decimal.MaxValue, 0.0000000000000000000000000001m, 1234567.891m, 2.5m, 3.5m })
            F(m, floats.Where(x => x != "R").ToArray());
        F('c', "G"); Console.WriteLine($"{true} {false} {(object)'x'} {'\u00e9'}");
        Console.WriteLine(string.Format(CultureInfo.InvariantCulture, "{0,10:F2}|{0,-10:E1}|{1:D3}|{2}|{{}}|{3:yyyy}|{4:X2}", 3.14159, 7,
            null, new DateTime(1999, 1, 1), (byte)10));
        Console.WriteLine(string.Join(" ", new object[] { 1, 2L, 3.5f, 4.25, 5.125m, 'c', true, (byte)1 }));
        var nfi = new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", CurrencySymbol = "kr",
            NegativeSign = "~", NumberGroupSizes = [3, 2], CurrencyPositivePattern = 3, PercentSymbol = "pct" };
        Console.WriteLine($"{1234567.891.ToString("N2", nfi)} {(-5).ToString(nfi)} {12.5.ToString("C", nfi)} {0.5.ToString("P", nfi)} " +
            $"{1e20.ToString("N0", nfi)}");
        Console.WriteLine(1234.5.ToString("0,0.00 'units' \\#") + " " + 0.125.ToString("%0.0") + " " + (-7).ToString("0;neg 0;zip") + " " +
            0.ToString("0;neg;zip") + " " + 1e6.ToString("0,,.0M") + " " + 0.00012.ToString("0.00‰"));
        Span<byte> utf8 = stackalloc byte[20];
        (-12.5).TryFormat(utf8, out int n, "F3", CultureInfo.InvariantCulture);
        Console.WriteLine(System.Text.Encoding.UTF8.GetString(utf8[..n]));
        Console.WriteLine(Convert.ToString(255, 2) + " " + Convert.ToString(-1, 16) + " " + Convert.ToString(64L, 8) + " " +
            Convert.ToHexString([1, 171]) + " " + BitConverter.ToString([1, 171]));
    }
}
