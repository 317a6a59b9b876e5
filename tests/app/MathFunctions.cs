// Functions of Math and MathF reached as delegates and by reflection, with the corner values; the bits are those of the C library.
using System.Reflection;

internal static class Program
{
    private static readonly double[] Values = [0.0, -0.0, 0.5, 1, -1, 2.5, -7.25, 100.125, 1e300, 5e-324, double.PositiveInfinity, double.NegativeInfinity, double.NaN];

    private static string Bits(object? v) => v switch
    {
        double d => double.IsNaN(d) ? "NaN" : BitConverter.DoubleToInt64Bits(d).ToString("x"),
        float f => float.IsNaN(f) ? "NaN" : BitConverter.SingleToInt32Bits(f).ToString("x"),
        ValueTuple<double, double> t => Bits(t.Item1) + "," + Bits(t.Item2),
        ValueTuple<float, float> t => Bits(t.Item1) + "," + Bits(t.Item2),
        _ => v?.ToString() ?? "null",
    };

    private static void All(Type type, Type real)
    {
        string[] one = ["Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cbrt", "Ceiling", "Cos", "Cosh", "Exp", "Floor", "Log", "Log2", "Log10",
            "Round", "Sin", "Sinh", "Sqrt", "Tan", "Tanh", "Truncate", "SinCos", "ILogB", "BitIncrement", "BitDecrement"];
        foreach (string name in one)
        {
            MethodInfo m = type.GetMethod(name, [real])!;
            Console.WriteLine($"{type.Name}.{name}: {string.Join(" ", Values.Select(v => Bits(m.Invoke(null, [Convert.ChangeType(v, real)]))))}");
        }
        foreach (string name in new[] { "Atan2", "Pow", "IEEERemainder", "CopySign", "Max", "Min", "MaxMagnitude", "MinMagnitude", "Log" })
        {
            MethodInfo m = type.GetMethod(name, [real, real])!;
            Console.WriteLine($"{type.Name}.{name}: {string.Join(" ", Values.Select(v => Bits(m.Invoke(null, [Convert.ChangeType(v, real), Convert.ChangeType(3.0, real)]))))}");
        }
        MethodInfo fma = type.GetMethod("FusedMultiplyAdd")!, scale = type.GetMethod("ScaleB")!;
        Console.WriteLine($"{type.Name}.fma: {string.Join(" ", Values.Select(v => Bits(fma.Invoke(null, [Convert.ChangeType(v, real), Convert.ChangeType(1.1, real), Convert.ChangeType(-0.7, real)]))))}");
        Console.WriteLine($"{type.Name}.ScaleB: {string.Join(" ", Values.Select(v => Bits(scale.Invoke(null, [Convert.ChangeType(v, real), 3]))))}");
        foreach (MethodInfo m in type.GetMethods(BindingFlags.NonPublic | BindingFlags.Static).Where(m => m.Name is "ModF" or "SinCos" && m.GetParameters().Any(p => p.ParameterType.IsPointer)).OrderBy(m => m.ToString()))
            Console.WriteLine($"{m}: {Pointers(m, real)}");
    }

    // the internal forms that give a part of the result through pointers
    private static unsafe string Pointers(MethodInfo m, Type real)
    {
        double* d = stackalloc double[2];
        Type p = real.MakePointerType();
        object?[] args = [.. m.GetParameters().Select((q, i) => q.ParameterType == real ? Convert.ChangeType(2.75, real)! : Pointer.Box(d + (i - 1), p))];
        object? r = m.Invoke(null, args);
        return $"{Bits(r)} {Bits(real == typeof(double) ? d[0] : *(float*)d)}";
    }

    private static void Main()
    {
        All(typeof(Math), typeof(double));
        All(typeof(MathF), typeof(float));
        Func<double, double>[] f = [Math.Sqrt, Math.Sin, Math.Exp, Math.Floor, Math.Abs];
        Func<float, float>[] g = [MathF.Sqrt, MathF.Sin, MathF.Exp, MathF.Floor, MathF.Abs];
        Console.WriteLine(string.Join(" ", f.Select(x => Bits(x(2))).Concat(g.Select(x => Bits(x(2))))));
        Console.WriteLine(Bits(Math.SinCos(1.25)) + " " + Bits(MathF.SinCos(1.25f)));
    }
}
