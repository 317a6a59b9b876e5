// Static abstract operators of the number interfaces: every primitive through the same generic code, parsing spans included.
using System.Globalization;
using System.Numerics;

internal static class Program
{
    private static string Catch(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return e.GetType().Name; } }

    private static void All<T>(string text) where T : struct, INumber<T>, IMinMaxValue<T>
    {
        T a = T.Parse(text, CultureInfo.InvariantCulture), two = T.One + T.One, three = T.CreateChecked(3);
        Console.WriteLine($"{typeof(T).Name}: {a} {a + two} {a - T.One} {a * two} {a / three} {a % three} {T.Clamp(a, T.Zero, two)} {T.Abs(a)} {T.Sign(a)} {T.IsInteger(a / two)} {T.IsPositive(a)} {T.MinValue} {T.MaxValue} {T.Max(a, three)} {a == two} {a >= two}");
        Console.WriteLine($"  {Catch(() => checked(T.MaxValue + T.One))} {Catch(() => checked(T.MinValue - T.One))} {Catch(() => unchecked(T.MaxValue + T.One))} {Catch(() => T.CreateChecked(-1))} {T.CreateSaturating(1000000)} {T.CreateTruncating(1000000)} {Catch(() => T.CreateChecked(double.NaN))} {Catch(() => a / T.Zero)} {T.TryParse("12z", CultureInfo.InvariantCulture, out T bad)} {bad}");
        Span<char> buffer = stackalloc char[64];
        a.TryFormat(buffer, out int n, "", CultureInfo.InvariantCulture);
        Span<byte> utf8 = stackalloc byte[64];
        ((IUtf8SpanFormattable)a).TryFormat(utf8, out int m, "", CultureInfo.InvariantCulture);
        Console.WriteLine($"  {buffer[..n]} {m} {T.Parse(utf8[..m], CultureInfo.InvariantCulture)} {T.Parse(buffer[..n], NumberStyles.Any, CultureInfo.InvariantCulture)}");
    }

    private static void Bits<T>(T a) where T : struct, IBinaryInteger<T>
    {
        Span<byte> bytes = stackalloc byte[16];
        int n = a.WriteBigEndian(bytes);
        Console.WriteLine($"{typeof(T).Name}: {T.PopCount(a)} {T.LeadingZeroCount(a)} {T.TrailingZeroCount(a)} {T.RotateLeft(a, 3)} {T.RotateRight(a, 3)} {a << 2} {a >> 1} {a >>> 1} {~a} {a & T.One} {T.IsPow2(a)} {T.Log2(a)} {T.DivRem(a, T.CreateTruncating(7))} {a.GetByteCount()} {a.GetShortestBitLength()} {Convert.ToHexString(bytes[..n])} {T.ReadBigEndian(bytes[..n], true)}");
    }

    private static T Sum<T>(IEnumerable<T> items) where T : IAdditionOperators<T, T, T>, IAdditiveIdentity<T, T> { T r = T.AdditiveIdentity; foreach (T x in items) r += x; return r; }
    private static T Mean<T>(params T[] items) where T : INumberBase<T> => items.Aggregate(T.Zero, (x, y) => x + y) / T.CreateChecked(items.Length);

    private readonly record struct Meters(double V) : IAdditionOperators<Meters, Meters, Meters>, IAdditiveIdentity<Meters, Meters>
    {
        public static Meters AdditiveIdentity => default;
        public static Meters operator +(Meters a, Meters b) => new(a.V + b.V);
    }

    private static void Main()
    {
        All<byte>("12"); All<sbyte>("12"); All<short>("12"); All<ushort>("12"); All<int>("12"); All<uint>("12"); All<long>("12"); All<ulong>("12");
        All<nint>("12"); All<nuint>("12"); All<float>("12.5"); All<double>("12.5"); All<decimal>("12.5"); All<Half>("12.5"); All<Int128>("12"); All<UInt128>("12");
        Bits((byte)0xb0); Bits((short)0x1230); Bits(0x12345678); Bits(0x123456789abcdefu); Bits((Int128)1 << 70); Bits((nuint)0xf0); Bits((BigInteger)1000);
        Console.WriteLine($"{Sum(new[] { 1, 2, 3 })} {Sum(new[] { new Meters(1.5), new Meters(2) })} {Mean(1.0, 2.0, 4.5)} {Mean<decimal>(1, 2)} {Mean(new Complex(1, 1), new Complex(3, 5))}");
    }
}
