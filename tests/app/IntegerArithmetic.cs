// maps: no
// int and long arithmetic without any library call; the exit code is the number of the first check that fails.
internal static class Program
{
    private static int s_at;

    private static bool Is(long got, long want) { s_at++; return got == want; }

    private static int Add(int a, int b) => a + b;
    private static int Mul(int a, int b) => a * b;
    private static int Div(int a, int b) => a / b;
    private static int Rem(int a, int b) => a % b;
    private static long AddL(long a, long b) => a + b;
    private static long MulL(long a, long b) => a * b;
    private static long DivL(long a, long b) => a / b;
    private static long RemL(long a, long b) => a % b;
    private static uint DivU(uint a, uint b) => a / b;
    private static uint RemU(uint a, uint b) => a % b;
    private static ulong DivUL(ulong a, ulong b) => a / b;
    private static ulong RemUL(ulong a, ulong b) => a % b;

    private static int Main()
    {
        if (!Is(Add(2, 3), 5)) return s_at;
        if (!Is(Add(int.MaxValue, 1), int.MinValue)) return s_at;
        if (!Is(Mul(65536, 65536), 0)) return s_at;
        if (!Is(Mul(-7, 6), -42)) return s_at;
        if (!Is(Div(-7, 2), -3)) return s_at;
        if (!Is(Rem(-7, 2), -1)) return s_at;
        if (!Is(Rem(7, -2), 1)) return s_at;
        if (!Is(AddL(long.MaxValue, 1), long.MinValue)) return s_at;
        if (!Is(MulL(4294967296, 4294967296), 0)) return s_at;
        if (!Is(MulL(-3000000000, 3), -9000000000)) return s_at;
        if (!Is(DivL(-9000000000, 7), -1285714285)) return s_at;
        if (!Is(RemL(-9000000000, 7), -5)) return s_at;
        if (!Is(DivU(4000000000, 7), 571428571)) return s_at;
        if (!Is(RemU(4000000000, 7), 3)) return s_at;
        if (!Is((long)DivUL(18446744073709551615, 10), 1844674407370955161)) return s_at;
        if (!Is((long)RemUL(18446744073709551615, 10), 5)) return s_at;
        int x = 5;
        x += 3; x -= 10; x *= 4; x ^= 0x55; x |= 0x100; x &= 0x1ff;
        if (!Is(x, 0x1ad)) return s_at;
        if (!Is(-x, -0x1ad)) return s_at;
        if (!Is(~x, -0x1ae)) return s_at;
        x++; --x; x--; ++x;
        if (!Is(x++ + ++x, 0x1ad + 0x1af)) return s_at;
        byte b = 250; b += 10;
        if (!Is(b, 4)) return s_at;
        sbyte sb = 127; sb++;
        if (!Is(sb, -128)) return s_at;
        short sh = short.MinValue; sh--;
        if (!Is(sh, 32767)) return s_at;
        ushort us = 0; us--;
        if (!Is(us, 65535)) return s_at;
        char c = 'z'; c++;
        if (!Is(c, 123)) return s_at;
        nint n = 40; n += 2;
        if (!Is(n, 42)) return s_at;
        nuint nu = 1; nu <<= 40;
        if (!Is((long)nu, 1L << 40)) return s_at;
        return 0;
    }
}
