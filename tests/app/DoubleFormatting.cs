// Shortest round-trip text of doubles and floats.
internal static class Program
{
    private static void Main()
    {
        double[] values = { 0, -0.0, 1, -1.5, 0.1, 1.0 / 3, 1e21, 1e-7, 123456789012345680, 5e-324, double.MaxValue, double.MinValue,
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, Math.PI, Math.E, 100, 1e15, 1e16, 9007199254740993 };
        foreach (double d in values) Console.WriteLine(d);
        float[] floats = { 0f, 0.1f, 1f / 3, 16777216f, float.MaxValue, float.Epsilon, float.NaN, -2.5f, 1e10f };
        foreach (float f in floats) Console.WriteLine(f);
        Console.WriteLine(3.14159.ToString("F2"));
        Console.WriteLine(1234567.891.ToString("N1"));
        Console.WriteLine(0.000012345.ToString("E3"));
        Console.WriteLine(0.256.ToString("P1"));
        Console.WriteLine(double.Parse("1e3"));
        Console.WriteLine(double.Parse("-0.125"));
        Console.WriteLine(double.TryParse("abc", out _));
    }
}
