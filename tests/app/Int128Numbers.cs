// Int128 and UInt128: arithmetic at the edges, conversions, formatting and parsing, checked and unchecked.
using System.Globalization;

internal static class Program
{
    private static void Try<T>(string what, Func<T> f)
    {
        try { Console.WriteLine($"{what}: {f()}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}"); }
    }

    private static void Main()
    {
        Int128[] s = [0, 1, -1, Int128.MaxValue, Int128.MinValue, long.MaxValue, (Int128)ulong.MaxValue + 1, Int128.Parse("-123456789012345678901234567890")];
        UInt128[] u = [0, 1, UInt128.MaxValue, ulong.MaxValue, (UInt128)ulong.MaxValue + 1, UInt128.Parse("98765432109876543210987654321")];
        foreach (Int128 a in s)
        {
            Console.WriteLine($"{a} {a:x} {a:N0} {a:E5} {unchecked(-a)} {~a} {a << 3} {a >> 65} {a >>> 100} {Int128.LeadingZeroCount(a)} {Int128.PopCount(a)} {Int128.Sign(a)} {Int128.IsEvenInteger(a)} {(double)a:R} {(float)a:R}");
            foreach (Int128 b in s)
                Console.WriteLine($"  {unchecked(a + b)} {unchecked(a - b)} {unchecked(a * b)} {a < b} {a.CompareTo(b)} {Int128.Max(a, b)} {Int128.RotateLeft(a, 9)} {a & b} {a ^ b}");
            foreach (Int128 b in s)
            {
                Try("div", () => a / b);
                Try("rem", () => a % b);
                Try("checked", () => checked(a * b));
            }
        }
        foreach (UInt128 a in u)
        {
            Console.WriteLine($"{a} {a:X} {a:D40} {a >> 64} {a << 64} {UInt128.TrailingZeroCount(a)} {UInt128.Log2(a == 0 ? 1 : a)} {UInt128.IsPow2(a)} {(double)a:R} {(decimal)(a >> 40)}");
            foreach (UInt128 b in u)
            {
                Try("div", () => UInt128.DivRem(a, b));
                Try("sum", () => checked(a + b));
                Try("difference", () => checked(a - b));
            }
        }
        Try("to long", () => checked((long)Int128.MaxValue));
        Try("to ulong", () => checked((ulong)s[2]));
        Try("to byte", () => unchecked((byte)s[3]));
        Try("from double", () => (Int128)1e30);
        Try("from huge", () => checked((Int128)1e39));
        Try("from NaN", () => checked((UInt128)double.NaN));
        Try("to decimal", () => (decimal)Int128.MaxValue);
        Try("parse", () => Int128.Parse("170141183460469231731687303715884105728"));
        Try("parse hex", () => UInt128.Parse("ffffffffffffffffffffffffffffffff", NumberStyles.HexNumber));
        Try("parse group", () => Int128.Parse("-1,234,567", NumberStyles.Number, CultureInfo.InvariantCulture));
        Try("bytes", () => { Span<byte> x = stackalloc byte[16]; ((System.Numerics.IBinaryInteger<Int128>)s[7]).WriteBigEndian(x); return Convert.ToHexString(x); });
        Try("big", () => Math.BigMul(ulong.MaxValue, ulong.MaxValue));
        Try("signed big", () => Math.BigMul(long.MinValue, long.MaxValue));
    }
}
