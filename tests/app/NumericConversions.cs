// Every numeric conversion, unchecked and checked, over edge values: wrapping integers, saturating floating point.
internal static class Program
{
    private static string C<T>(Func<T> f) { try { return f()!.ToString()!; } catch (OverflowException) { return "ovf"; } }

    private static void FromDouble(double d)
    {
        Console.WriteLine($"double {d:R}: {(sbyte)d} {(byte)d} {(short)d} {(ushort)d} {(int)d} {(uint)d} {(long)d} {(ulong)d} {(nint)d} " +
            $"{(nuint)d} {(int)(char)d} {(float)d:R}");
        Console.WriteLine($"  checked: {C(() => checked((sbyte)d))} {C(() => checked((byte)d))} {C(() => checked((short)d))} " +
            $"{C(() => checked((ushort)d))} {C(() => checked((int)d))} {C(() => checked((uint)d))} {C(() => checked((long)d))} " +
            $"{C(() => checked((ulong)d))} {C(() => checked((nint)d))} {C(() => checked((nuint)d))}");
    }

    private static void FromFloat(float d)
    {
        Console.WriteLine($"float {d:R}: {(sbyte)d} {(byte)d} {(short)d} {(ushort)d} {(int)d} {(uint)d} {(long)d} {(ulong)d} " +
            $"{(double)d:R}");
        Console.WriteLine($"  checked: {C(() => checked((sbyte)d))} {C(() => checked((byte)d))} {C(() => checked((int)d))} " +
            $"{C(() => checked((uint)d))} {C(() => checked((long)d))} {C(() => checked((ulong)d))}");
    }

    private static void FromLong(long v)
    {
        Console.WriteLine($"long {v}: {(sbyte)v} {(byte)v} {(short)v} {(ushort)v} {(int)v} {(uint)v} {(ulong)v} {(nint)v} {(int)(char)v}" +
            $" {(float)v:R} {(double)v:R}");
        Console.WriteLine($"  checked: {C(() => checked((sbyte)v))} {C(() => checked((byte)v))} {C(() => checked((short)v))} " +
            $"{C(() => checked((ushort)v))} {C(() => checked((int)v))} {C(() => checked((uint)v))} {C(() => checked((ulong)v))} " +
            $"{C(() => checked((nuint)v))} {C(() => (int)checked((char)v))}");
    }

    private static void FromULong(ulong v)
    {
        Console.WriteLine($"ulong {v}: {(sbyte)v} {(byte)v} {(short)v} {(ushort)v} {(int)v} {(uint)v} {(long)v} {(float)v:R} " +
            $"{(double)v:R}");
        Console.WriteLine($"  checked: {C(() => checked((sbyte)v))} {C(() => checked((byte)v))} {C(() => checked((short)v))} " +
            $"{C(() => checked((ushort)v))} {C(() => checked((int)v))} {C(() => checked((uint)v))} {C(() => checked((long)v))} " +
            $"{C(() => checked((nint)v))}");
    }

    private static void FromInt(int v)
    {
        Console.WriteLine($"int {v}: {(sbyte)v} {(byte)v} {(short)v} {(ushort)v} {(uint)v} {(long)v} {(ulong)v} {(float)v:R} " +
            $"{(double)v:R} {(nuint)v}");
        Console.WriteLine($"  checked: {C(() => checked((sbyte)v))} {C(() => checked((byte)v))} {C(() => checked((short)v))} " +
            $"{C(() => checked((ushort)v))} {C(() => checked((uint)v))} {C(() => checked((ulong)v))}");
    }

    private static void FromUInt(uint v)
    {
        Console.WriteLine($"uint {v}: {(sbyte)v} {(byte)v} {(short)v} {(ushort)v} {(int)v} {(long)v} {(ulong)v} {(float)v:R} " +
            $"{(double)v:R} {(nint)v}");
        Console.WriteLine($"  checked: {C(() => checked((sbyte)v))} {C(() => checked((byte)v))} {C(() => checked((short)v))} " +
            $"{C(() => checked((ushort)v))} {C(() => checked((int)v))}");
    }

    private static void Main()
    {
        double[] doubles = { 0, -0.0, 0.9, -0.9, 1.5, -1.5, 127, 127.9, 128, -128, -128.9, -129, 255.9, 256, 32767.5, 32768, -32769,
            65535.9, 65536,
            2147483647, 2147483647.9, 2147483648, -2147483648.9, -2147483649, 4294967295.5, 4294967296, 9.2233720368547748e18,
            9223372036854775808.0, -9223372036854775808.0, -9.2233720368547778e18, 1.8446744073709550e19, 18446744073709551616.0, 1e300,
            -1e300,
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, 5e-324, 1e39 };
        foreach (double d in doubles) FromDouble(d);
        float[] floats = { 0, -0.5f, 127.5f, 128, -129, 256, 2147483520f, 2147483648f, -2147483648f, 4294967040f, 4294967296f,
            9223371487098961920f,
            9223372036854775808f, 18446742974197923840f, 1.8446744e19f, float.NaN, float.PositiveInfinity, float.NegativeInfinity,
            float.Epsilon };
        foreach (float f in floats) FromFloat(f);
        long[] longs = { 0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 65535, 65536, int.MaxValue, int.MinValue,
            2147483648,
            -2147483649, 4294967295, 4294967296, long.MaxValue, long.MinValue, 9007199254740993, 16777217 };
        foreach (long l in longs) FromLong(l);
        ulong[] ulongs = { 0, 127, 128, 255, 256, 65535, 65536, 2147483648, 4294967295, 4294967296, 9223372036854775807,
            9223372036854775808, ulong.MaxValue,
            9223372036854775809, 18446744073709550592 };
        foreach (ulong u in ulongs) FromULong(u);
        int[] ints = { 0, 1, -1, 127, 128, -129, 256, 32768, 65536, int.MaxValue, int.MinValue, 16777217 };
        foreach (int i in ints) FromInt(i);
        uint[] uints = { 0, 127, 128, 255, 256, 32768, 65536, 2147483647, 2147483648, uint.MaxValue, 16777217 };
        foreach (uint u in uints) FromUInt(u);
    }
}
