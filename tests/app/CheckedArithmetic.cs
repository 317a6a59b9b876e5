// checked and unchecked operators on every integer type: which pairs overflow.
internal static class Program
{
    private static string Try(Func<object> f) { try { return f().ToString()!; } catch (OverflowException) { return "overflow"; } }

    private static void Main()
    {
        int[] ints = { 0, 1, -1, 2, int.MaxValue, int.MinValue, 46341, -46341 };
        foreach (int a in ints)
            foreach (int b in ints)
                Console.WriteLine($"{a} {b}: {Try(() => checked(a + b))} {Try(() => checked(a - b))} {Try(() => checked(a * b))}");
        uint[] uints = { 0, 1, 2, uint.MaxValue, 0x80000000, 65536 };
        foreach (uint a in uints)
            foreach (uint b in uints)
                Console.WriteLine($"{a} {b}: {Try(() => checked(a + b))} {Try(() => checked(a - b))} {Try(() => checked(a * b))}");
        long[] longs = { 0, -1, 3, long.MaxValue, long.MinValue, 3037000500 };
        foreach (long a in longs)
            foreach (long b in longs)
                Console.WriteLine($"{a} {b}: {Try(() => checked(a + b))} {Try(() => checked(a - b))} {Try(() => checked(a * b))}");
        ulong[] ulongs = { 0, 1, ulong.MaxValue, 1UL << 63, 4294967296 };
        foreach (ulong a in ulongs)
            foreach (ulong b in ulongs)
                Console.WriteLine($"{a} {b}: {Try(() => checked(a + b))} {Try(() => checked(a - b))} {Try(() => checked(a * b))}");
        foreach (int a in ints) Console.WriteLine(Try(() => checked(-a)));
        foreach (long a in longs) Console.WriteLine(Try(() => checked(-a)) + " " + Try(() => Math.Abs(a)));
        byte by = 255; sbyte sb = -128; short sh = 32767; ushort us = 0; char ch = 'a';
        Console.WriteLine(Try(() => { checked { by++; } return by; }) + Try(() => { checked { sb--; } return sb; }) +
                          Try(() => { checked { sh += 1; } return sh; }) + Try(() => { checked { us--; } return us; }) +
                          Try(() => { checked { ch++; } return ch; }));
        nint ni = nint.MaxValue; nuint nu = 0;
        Console.WriteLine(Try(() => checked(ni + 1)) + Try(() => checked(nu - 1)) + Try(() => unchecked(ni + 1)));
    }
}
