// Half: every value's conversions added up, arithmetic, rounding, text; the same through generic mathematics.
using System.Globalization;
using System.Numerics;

internal static class Program
{
    private static T Horner<T>(T x, params T[] c) where T : INumber<T> { T r = T.Zero; foreach (T k in c) r = r * x + k; return r; }
    private static string Facts<T>() where T : IFloatingPointIeee754<T>, IMinMaxValue<T> =>
        $"{typeof(T).Name} {T.Epsilon} {T.MaxValue} {T.Pi} {T.NegativeZero} {T.NaN} {T.Sqrt(T.CreateChecked(2))} {T.BitIncrement(T.One)} {T.ILogB(T.CreateChecked(1000))} {T.Round(T.CreateChecked(2.5))} {T.Lerp(T.Zero, T.CreateChecked(10), T.CreateChecked(0.25))}";

    private static void Main()
    {
        uint sum = 0, nans = 0;
        for (int i = 0; i < 65536; i++)
        {
            Half h = BitConverter.UInt16BitsToHalf((ushort)i);
            if (Half.IsNaN(h)) { nans++; continue; }
            float f = (float)h;
            if (BitConverter.HalfToUInt16Bits((Half)f) != i || BitConverter.HalfToUInt16Bits((Half)(double)f) != i) Console.WriteLine($"{i} does not come back");
            sum = unchecked(sum * 31 + BitConverter.SingleToUInt32Bits(f));
        }
        Console.WriteLine($"{sum:x} {nans}");
        foreach (float f in new[] { 65504f, 65519.99f, 65520f, 1e-8f, 5.9e-8f, 2.98e-8f, 0.1f, -1.0009f, float.NaN, float.NegativeInfinity, 2049f, 2051f })
            Console.WriteLine($"{f:R} -> {(Half)f} {BitConverter.HalfToUInt16Bits((Half)f):x4}");
        Half a = (Half)1.5f, b = (Half)0.3f;
        Console.WriteLine($"{a + b} {a - b} {a * b} {a / b} {a % b} {a > b} {Half.Max(a, b)} {-a} {Half.Abs(-b)} {Half.Sin(a)} {Half.Pow(a, b)} {Half.FusedMultiplyAdd(a, b, a)} {Half.Hypot(a, b)} {Half.Round(a)} {a.CompareTo(b)} {a.GetHashCode() == ((Half)1.5f).GetHashCode()}");
        Console.WriteLine($"{Half.Parse("1.001e2", CultureInfo.InvariantCulture)} {Half.TryParse("x", out _)} {a:F3} {Half.MaxValue:E2} {Half.Epsilon:R}");
        Console.WriteLine(Horner((Half)2, (Half)1, (Half)2, (Half)3) + " " + Horner(2m, 1, 2, 3) + " " + Horner((Int128)2, 1, 2, 3) + " " + Horner('\x2', '\x1', '\x2', '\x3') + 0);
        Console.WriteLine(Facts<Half>());
        Console.WriteLine(Facts<float>());
        Console.WriteLine(Facts<double>());
        Console.WriteLine((byte)(Half)300f + " " + byte.CreateSaturating((Half)300f) + " " + int.CreateTruncating(Half.PositiveInfinity) + " " + (Half)long.MaxValue + " " + Half.CreateChecked(12345));
        try { Console.WriteLine(checked((byte)(Half)300f)); } catch (OverflowException e) { Console.WriteLine(e.Message); }
    }
}
