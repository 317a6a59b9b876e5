// maps: no
// Static calls: recursion, many arguments of mixed kinds, ref and out, structs by value and as results.
internal static class Program
{
    private struct Pair { public int A, B; }
    private struct Big { public long A, B, C, D, E; }
    private struct Mixed { public int I; public double D; }
    private struct TwoDoubles { public double X, Y; }
    private struct OneFloat { public float F; }
    private struct ByteInt { public byte B; public int I; }

    private static int Fib(int n) => n < 2 ? n : Fib(n - 1) + Fib(n - 2);
    private static int Ackermann(int m, int n) => m == 0 ? n + 1 : n == 0 ? Ackermann(m - 1, 1) : Ackermann(m - 1, Ackermann(m, n - 1));

    private static long Ten(int a, long b, byte c, short d, uint e, ulong f, sbyte g, ushort h, char i, bool j)
        => a + b * 2 + c * 3 + d * 4 + e * 5 + (long)f * 6 + g * 7 + h * 8 + i * 9 + (j ? 10 : 0);

    private static Pair Swap(Pair p) => new Pair { A = p.B, B = p.A };
    private static Big Grow(Big b, long by) => new Big { A = b.A + by, B = b.B + by, C = b.C + by, D = b.D + by, E = b.E + by };
    private static Mixed Mix(int i, Mixed m) => new Mixed { I = m.I + i, D = m.D * i };
    private static TwoDoubles Turn(TwoDoubles t) => new TwoDoubles { X = -t.Y, Y = t.X };
    private static OneFloat Half(OneFloat f) => new OneFloat { F = f.F / 2 };
    private static ByteInt Bump(ByteInt b) => new ByteInt { B = (byte)(b.B + 1), I = b.I + 1 };
    private static double Stack(int a, int b, int c, int d, int e, int f, Big g, Mixed h, double i, Pair j)
        => a + b + c + d + e + f + g.A + g.E + h.I + h.D + i + j.A + j.B;
    private static void Out(int n, out int half, ref int total) { half = n / 2; total += n; }
    private static int Even(int n) => n == 0 ? 1 : Odd(n - 1);
    private static int Odd(int n) => n == 0 ? 0 : Even(n - 1);

    private static int Main()
    {
        if (Fib(20) != 6765) return 1;
        if (Ackermann(2, 3) != 9) return 2;
        if (Ten(1, -2, 3, -4, 5, 6, -7, 8, 'A', true) != 1 - 4 + 9 - 16 + 25 + 36 - 49 + 64 + 585 + 10) return 3;
        Pair p = Swap(new Pair { A = 1, B = 2 });
        if (p.A != 2 || p.B != 1) return 4;
        Big b = Grow(new Big { A = 1, B = 2, C = 3, D = 4, E = 5 }, 10);
        if (b.A != 11 || b.B != 12 || b.C != 13 || b.D != 14 || b.E != 15) return 5;
        Mixed m = Mix(3, new Mixed { I = 4, D = 0.5 });
        if (m.I != 7 || m.D != 1.5) return 6;
        TwoDoubles t = Turn(new TwoDoubles { X = 1, Y = 2 });
        if (t.X != -2 || t.Y != 1) return 7;
        if (Half(new OneFloat { F = 5 }).F != 2.5f) return 8;
        ByteInt bi = Bump(new ByteInt { B = 255, I = 7 });
        if (bi.B != 0 || bi.I != 8) return 9;
        if (Stack(1, 2, 3, 4, 5, 6, b, m, 0.25, p) != 21 + 11 + 15 + 7 + 1.5 + 0.25 + 3) return 10;
        int total = 5;
        Out(9, out int half, ref total);
        if (half != 4 || total != 14) return 11;
        if (Even(1000) != 1 || Odd(77) != 1) return 12;
        return 0;
    }
}
