// Parse and TryParse of every primitive with styles, white space, signs, overflow and malformed text.
using System.Globalization;

internal static class Program
{
    private static string P<T>(string s) where T : ISpanParsable<T>
    {
        try { return T.Parse(s, CultureInfo.InvariantCulture).ToString()!; } catch (Exception e) { return e.GetType().Name[..4]; }
    }

    private static void All(string s) => Console.WriteLine($"[{s}] {P<byte>(s)} {P<sbyte>(s)} {P<short>(s)} {P<ushort>(s)} {P<int>(s)} " +
        $"{P<uint>(s)} {P<long>(s)} {P<ulong>(s)} {P<Int128>(s)} {P<float>(s)} {P<double>(s)} {P<decimal>(s)} {P<Half>(s)} " +
        $"{P<System.Numerics.BigInteger>(s)}");

    private static string S(string s, NumberStyles st) => double.TryParse(s, st, CultureInfo.InvariantCulture, out double d)
        ? d.ToString("R", CultureInfo.InvariantCulture) : "no";
    private static string I(string s, NumberStyles st) => int.TryParse(s, st, CultureInfo.InvariantCulture, out int d) ? d.ToString()
        : "no";

    private static void Main()
    {
        foreach (string s in new[] { "0", "-0", "1", " 42 ", "+7", "-1", "127", "128", "255", "256", "-128", "-129", "32767", "65535",
            "65536", "2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
            "18446744073709551616", "340282366920938463463374607431768211456", "1.5", ".5", "5.", "1e3", "1E-2", "1e400", "", " ", "-",
            "1 2", "0x10", "1,000", "NaN", "Infinity", "-Infinity", "∞", "１", "99999999999999999999999999999.9999",
            "7.9228162514264337593543950335e28", "0.1000000000000000055511151231257827", "2.2250738585072011e-308", "4.9e-324", "2e-324",
            "1.7976931348623159e308", "9007199254740993", "\t5\n", "5\0", "--5" })
            All(s.Replace("\t", " ").Replace("\n", " "));
        Console.WriteLine(string.Join(" ", S("(5)", NumberStyles.AllowParentheses), S("1,234.5", NumberStyles.Number),
            S("$5.5", NumberStyles.Currency), S("5-", NumberStyles.AllowTrailingSign), S("¤7", NumberStyles.Currency),
            S("1e5", NumberStyles.Float), S("1e5", NumberStyles.Number), S(" 5", NumberStyles.None)));
        Console.WriteLine(string.Join(" ", I("ff", NumberStyles.HexNumber), I("FFFFFFFF", NumberStyles.HexNumber),
            I("1FFFFFFFF", NumberStyles.HexNumber), I("101", NumberStyles.BinaryNumber), I("1,2", NumberStyles.AllowThousands),
            I("12.0", NumberStyles.AllowDecimalPoint), I("12.5", NumberStyles.AllowDecimalPoint), I("1e2", NumberStyles.AllowExponent)));
        Console.WriteLine($"{bool.Parse("TRUE")} {bool.TryParse(" false ", out bool b)} {b} {bool.TryParse("1", out _)} " +
            $"{char.Parse("x")} {char.TryParse("xy", out _)}");
        Console.WriteLine($"{int.TryParse("12"u8, out int u)} {u} {double.TryParse("1.25".AsSpan(), out double d)} {d} " +
            $"{nint.Parse("-9")} {UInt128.Parse("5")}");
        Console.WriteLine($"{Convert.ToInt32("ff", 16)} {Convert.ToInt32("-12")} {Convert.ToByte("11", 2)} {Convert.ToInt64("777", 8)} " +
            $"{Convert.ToBoolean("True")} {Convert.ToDouble("2.5", CultureInfo.InvariantCulture)} {Convert.ToInt32(2.5)} " +
            $"{Convert.ToInt32(3.5)} {Convert.ToInt32(-2.5)} {Convert.ToChar(65)} {Convert.ToInt32('A')} {Convert.ToDecimal(1.1f)} " +
            $"{Convert.ToSingle("1e10")} {Convert.ChangeType("5", typeof(short))} {Convert.ToInt32(null)} " +
            $"{Convert.IsDBNull(DBNull.Value)} {Convert.GetTypeCode(1m)}");
        Random r = new(1);
        int bad = 0;
        for (int i = 0; i < 3000; i++)
        {
            double v = BitConverter.Int64BitsToDouble(r.NextInt64());
            if (double.IsFinite(v) && double.Parse(v.ToString("R")) != v) bad++;
            float f = BitConverter.Int32BitsToSingle(r.Next());
            if (float.IsFinite(f) && float.Parse(f.ToString()) != f) bad++;
            long l = r.NextInt64();
            if (long.Parse(l.ToString("X"), NumberStyles.HexNumber) != l) bad++;
        }
        Console.WriteLine(bad);
    }
}
