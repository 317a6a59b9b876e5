// decimal, BigInteger, Int128, UInt128, Half, Complex, Math and MathF functions, BitOperations, Guid.
using System.Globalization;
using System.Numerics;

internal static class Program
{
    private static string J(params object?[] a)
        => string.Join(" ", a.Select(x => x is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : x));
    private static string T(Func<object> f) { try { return f().ToString()!; } catch (Exception e) { return e.GetType().Name; } }
    private static decimal D(string s) => decimal.Parse(s, CultureInfo.InvariantCulture);

    private static void Main()
    {
        decimal a = D("12345678901234567890.123456789"), b = D("-0.000000000987654321"), z = 0m;
        Console.WriteLine(J(a + b, a - b, a * b, a / b, a % 7, -a, a / 3, decimal.Round(2.5m), decimal.Round(3.5m),
            Math.Round(2.345m, 2, MidpointRounding.AwayFromZero), decimal.Truncate(b), decimal.Floor(-1.5m), Math.Ceiling(-1.5m),
            1.10m + 1.1m, 1.0m == 1.00m, (1.0m).GetHashCode() == (1.00m).GetHashCode(), D("79228162514264337593543950335"),
            T(() => decimal.MaxValue + D("1")), T(() => a / z), decimal.Compare(a, b), 1m / 3m * 3m));
        Console.WriteLine(J(string.Join(",", decimal.GetBits(-1.5m)), (int)D("-7.9"), (double)a, (decimal)1e20, (decimal)0.1f,
            T(() => (decimal)(1e30 + (double)z)), T(() => (int)a), (long)D("9223372036854775807"), (decimal)ulong.MaxValue,
            decimal.ToOACurrency(1.5m), (1.2300m).Scale, decimal.Parse("1e-5", NumberStyles.Float, CultureInfo.InvariantCulture),
            Math.Abs(b), Math.Sign(b), Math.Max(a, b), D("0.1") + D("0.2") == D("0.3")));
        BigInteger f = 1;
        for (int i = 2; i <= 60; i++) f *= i;
        BigInteger p = BigInteger.Pow(2, 200) - 1;
        Console.WriteLine(J(f, p / f, p % f, f << 10, p >> 100, -f / 7, -f % 7, BigInteger.GreatestCommonDivisor(f, p),
            BigInteger.ModPow(3, p, 1000007), BigInteger.Parse("-123456789012345678901234567890") * 3, p.ToString("X"), f.GetBitLength(),
            (double)f, (p & f) ^ (p | f), ~p, p.IsEven, BigInteger.Log10(f) > 81, BigInteger.Compare(f, p), new BigInteger(1e30),
            T(() => (long)f), (long)(f % 1000000007), string.Join(",", new BigInteger(-300).ToByteArray()),
            BigInteger.Parse("ff", NumberStyles.HexNumber), p.GetHashCode() == (BigInteger.Pow(2, 200) - 1).GetHashCode(),
            BigInteger.DivRem(f, 97, out BigInteger rem), rem));
        BigInteger fa = 0, fb = 1;
        for (int i = 0; i < 1000; i++) (fa, fb) = (fb, fa + fb);
        Console.WriteLine(fa);
        Console.WriteLine((fa * fa).ToString().Length + " " + BigInteger.Parse(fa.ToString()).Equals(fa));
        Int128 x = Int128.MaxValue, y = -5;
        UInt128 u = UInt128.MaxValue;
        Console.WriteLine(J(x, x + 1 == Int128.MinValue, x / y, x % y, y * 3, x >> 64, y >>> 100, (long)y, (double)x, u / 10, u % 1000,
            u << 70, (ulong)u, (UInt128)12345678901234567890 * 9876543210987654321, T(() => checked(x + 1)), T(() => checked((int)x)),
            T(() => x / Int128.Zero), Int128.Parse("-170141183460469231731687303715884105728"), Int128.Log2(x), UInt128.PopCount(u),
            (Int128)(-1.5e30), (decimal)(Int128)(-7), Int128.Abs(y), x > y, u.GetHashCode() == UInt128.MaxValue.GetHashCode()));
        Half h = (Half)1.5, k = (Half)0.1;
        Console.WriteLine(J(h + k, h * k, h / k, -h, (float)k, (double)k, Half.MaxValue, (Half)1e6, (Half)(-1e-10), Half.IsNaN(Half.NaN),
            h > k, (int)h, BitConverter.HalfToUInt16Bits(h), Half.Parse("3.14", CultureInfo.InvariantCulture), (Half)2049,
            Half.Sqrt((Half)2)));
        Complex c = new(3, 4);
        Console.WriteLine(J(c.Magnitude, c * Complex.ImaginaryOne, Complex.Conjugate(c), c / new Complex(1, 1), Complex.Sqrt(-4)
            .Imaginary));
        Console.WriteLine(J(Math.Sqrt(2), Math.Pow(2, 0.5), Math.Pow(-8, 1.0 / 3), Math.Pow(0, 0), Math.Floor(-1.5), Math.Ceiling(1.2),
            Math.Round(2.5), Math.Round(-3.5), Math.Round(1.25, 1), Math.Truncate(-1.9), Math.Abs(-5.5), Math.Sign(-3),
            Math.Max(double.NaN, 1), Math.Min(-0.0, 0.0), Math.IEEERemainder(5, 3), Math.FusedMultiplyAdd(2, 3, 4),
            Math.BigMul(int.MaxValue, 2), Math.DivRem(7, 2), Math.Clamp(5, 1, 3), Math.Cbrt(27), Math.ScaleB(1, 10), Math.ILogB(1000),
            Math.BitIncrement(1), Math.CopySign(1, -2), Math.Log2(8), Math.Log(1), Math.Log10(1000), Math.Exp(0), Math.Sin(0), Math.Cos(0),
            Math.Atan2(0, -1) == Math.PI, Math.Sinh(0), Math.Hypot0(3, 4)));
        foreach (double v in new[] { 0.5, 1, 2.5, -0.7 })
            Console.WriteLine(J(Math.Round(Math.Sin(v), 12), Math.Round(Math.Cos(v), 12), Math.Round(Math.Tan(v), 12),
                Math.Round(Math.Exp(v), 12), Math.Round(Math.Log(Math.Abs(v)), 12), Math.Round(Math.Asin(v % 1), 12),
                Math.Round(Math.Acos(v % 1), 12), Math.Round(Math.Atan(v), 12), Math.Round(Math.Cosh(v), 12), Math.Round(Math.Tanh(v), 12),
                Math.Round(Math.Pow(Math.Abs(v), 1.7), 12), MathF.Round(MathF.Sin((float)v), 5), MathF.Sqrt(MathF.Abs((float)v)),
                MathF.Floor((float)v), MathF.Round(MathF.Exp((float)v), 4), MathF.Round(MathF.Log2(MathF.Abs((float)v)), 5),
                Math.Round(Math.Asinh(v), 12), Math.Round(Math.Acosh(Math.Abs(v) + 1), 12), Math.Round(Math.Atanh(v % 1), 12),
                MathF.Round(MathF.Pow(MathF.Abs((float)v), 1.5f), 5), MathF.Round(MathF.Atan2((float)v, 2), 5), MathF.Ceiling((float)v),
                MathF.Round(MathF.Cbrt((float)v), 5)));
        var g = new Guid("01234567-89ab-cdef-0123-456789abcdef");
        Console.WriteLine(J(g, g.ToString("N"), g.ToString("B"), g.ToString("X"), string.Join(",", g.ToByteArray()),
            g == Guid.Parse("{01234567-89AB-CDEF-0123-456789ABCDEF}"), g.CompareTo(Guid.Empty), Guid.TryParse("bad", out _),
            new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]), Guid.NewGuid() != Guid.NewGuid(), Guid.NewGuid().Version, Guid.CreateVersion7()
            .Version, g.GetHashCode() == new Guid(g.ToByteArray()).GetHashCode(), Guid.AllBitsSet));
    }

    extension(Math) { private static double Hypot0(double x, double y) => double.Hypot(x, y); }
}
