// System.Numerics.BigInteger: arithmetic of many sizes, powers, roots by division, bits, text, conversions; and Complex.
using System.Globalization;
using System.Numerics;

internal static class Program
{
    private static string Sum(BigInteger b) => $"{b.GetBitLength()}b:{b % 1000000007}";

    private static void Main()
    {
        BigInteger f = BigInteger.One;
        for (int i = 2; i <= 1000; i++) f *= i;
        Console.WriteLine(f.ToString()[..60] + " " + f.ToString().Length + " " + Sum(f));
        BigInteger a = BigInteger.Pow(3, 5000), b = BigInteger.Pow(7, 2000) + 12345;
        Console.WriteLine($"{Sum(a + b)} {Sum(a - b)} {Sum(a * b)} {Sum(a / b)} {Sum(a % b)} {Sum(BigInteger.GreatestCommonDivisor(a * 77, b * 49))}");
        Console.WriteLine($"{BigInteger.ModPow(5, f, 1000003)} {Sum(a * a)} {Sum(BigInteger.Pow(a, 3))} {BigInteger.Log10(a):F6} {BigInteger.Log(b, 2):F6}");
        Console.WriteLine($"{Sum(a << 1234)} {Sum(a >> 1234)} {Sum(-a >> 1234)} {Sum(a & b)} {Sum(a | -b)} {Sum(a ^ -b)} {Sum(~a)} {a.IsEven} {BigInteger.PopCount(a)} {BigInteger.TrailingZeroCount(b)}");
        BigInteger parsed = BigInteger.Parse(f.ToString());
        Console.WriteLine(parsed == f);
        try { BigInteger.Parse("-00ff", NumberStyles.HexNumber | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture); }
        catch (ArgumentException e) { Console.WriteLine(e.Message); }
        foreach (string s in new[] { "0", "1", "7f", "80", "0ff", "ff", "8000000000000000" })
            Console.WriteLine($"{s}: {BigInteger.Parse(s, NumberStyles.AllowHexSpecifier)} {BigInteger.Parse(s, NumberStyles.AllowHexSpecifier):x}");
        foreach (BigInteger x in new BigInteger[] { 0, 255, -255, 256, long.MinValue, ulong.MaxValue, BigInteger.Pow(2, 100) })
            Console.WriteLine($"{x} {x:X} {x:N1} {x:E3} {x:D30} {Convert.ToHexString(x.ToByteArray())} {Convert.ToHexString(x.ToByteArray(isBigEndian: true))} {x.GetByteCount()} {(double)x:R} {x.Sign}");
        foreach (Func<object> g in new Func<object>[] { () => (int)BigInteger.Pow(2, 40), () => (long)-BigInteger.Pow(2, 63), () => (decimal)BigInteger.Pow(10, 40), () => BigInteger.Divide(1, 0), () => new BigInteger(double.NaN), () => BigInteger.Parse("12x") })
            try { Console.WriteLine(g()); } catch (Exception e) { Console.WriteLine($"{e.GetType().Name}: {e.Message}"); }
        Console.WriteLine(new BigInteger(1e25) + " " + new BigInteger(1234567890.9m) + " " + (BigInteger)float.MaxValue);
        BigInteger n = BigInteger.Pow(10, 200), r = n;
        while (true) { BigInteger next = (r + n / r) >> 1; if (next >= r) break; r = next; }
        Console.WriteLine(r == BigInteger.Pow(10, 100));
        var c = new Complex(3, -4);
        Console.WriteLine($"{c} {c.Magnitude} {c.Phase:F6} {Complex.Sqrt(c)} {c * Complex.ImaginaryOne} {Complex.Exp(new Complex(0, 1)):F6} {c / new Complex(1, 2)} {Complex.Pow(c, 2):F6} {Complex.Reciprocal(c)} {Complex.FromPolarCoordinates(2, 1):F4} {c == Complex.Conjugate(Complex.Conjugate(c))}");
    }
}
