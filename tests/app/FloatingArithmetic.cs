// maps: no
// float and double arithmetic, comparisons with NaN, without any library call.
internal static class Program
{
    private static double Add(double a, double b) => a + b;
    private static double Div(double a, double b) => a / b;
    private static double Rem(double a, double b) => a % b;
    private static float MulF(float a, float b) => a * b;
    private static float SubF(float a, float b) => a - b;
    private static double Neg(double a) => -a;

    private static int Order(double a, double b)
    {
        int r = 0;
        if (a < b) r |= 1;
        if (a <= b) r |= 2;
        if (a > b) r |= 4;
        if (a >= b) r |= 8;
        if (a == b) r |= 16;
        if (a != b) r |= 32;
        if (!(a < b)) r |= 64;
        if (!(a >= b)) r |= 128;
        return r;
    }

    private static double Sqrt(double x)
    {
        double g = x / 2;
        for (int i = 0; i < 40; i++) g = (g + x / g) * 0.5;
        return g;
    }

    private static double Many(double a, float b, double c, float d, double e, float f, double g, float h, double i, float j)
        => a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10;

    private static int Main()
    {
        if (Add(0.1, 0.2) != 0.30000000000000004) return 1;
        if (Div(1, 3) != 0.3333333333333333) return 2;
        if (Rem(-7.5, 2) != -1.5) return 3;
        if (Rem(7.5, -2) != 1.5) return 4;
        if (MulF(1.1f, 1.1f) != 1.21000004f) return 5;
        if (SubF(16777216f, 1f) != 16777215f) return 6;
        if (Order(1, 2) != (1 | 2 | 32 | 128)) return 7;
        if (Order(2, 2) != (2 | 8 | 16 | 64)) return 8;
        double nan = Div(0, 0);
        if (Order(nan, 1) != (32 | 64 | 128)) return 9;
        if (nan == nan) return 10;
        if (Div(1, 0) <= double.MaxValue) return 11;
        if (1 / Neg(0.0) >= 0) return 12;
        if ((int)(Sqrt(2) * 1000000) != 1414213) return 13;
        if (Many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) != 385) return 14;
        double x = 1;
        int n = 0;
        while (1 + x != 1) { x /= 2; n++; }
        if (n != 53) return 15;
        float y = 1;
        n = 0;
        while (1 + y != 1f) { y /= 2; n++; }
        if (n != 24) return 16;
        return 0;
    }
}
