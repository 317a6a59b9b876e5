// Vector64 to Vector512 and Vector<T>: arithmetic, comparisons, shuffles, widening, conversions, loads; the same result with or without hardware.
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

internal static class Program
{
    private static void Ints()
    {
        Vector128<int> a = Vector128.Create(1, -2, int.MaxValue, 40), b = Vector128.Create(5, 6, 7, -8);
        Console.WriteLine($"{a + b} {a - b} {a * b} {a / b} {-a} {~a} {a & b} {a | b} {a ^ b} {a << 3} {a >> 1} {a >>> 1}");
        Console.WriteLine($"{Vector128.GreaterThan(a, b)} {Vector128.Max(a, b)} {Vector128.Min(a, b)} {Vector128.Abs(a)} {Vector128.Sum(a)} {Vector128.Dot(a, b)} {Vector128.EqualsAny(a, b)} {Vector128.LessThanAll(b, a)}");
        Console.WriteLine($"{Vector128.Shuffle(a, Vector128.Create(3, 2, 1, 9))} {Vector128.ConditionalSelect(Vector128.Equals(a, a), a, b)} {Vector128.Widen(a)} {Vector128.Narrow(a, b)} {a.AsByte()} {Vector128.ExtractMostSignificantBits(a)} {a.GetLower()} {a.WithElement(2, 9)} {Vector128.ConvertToSingle(a)}");
    }

    private static void Reals()
    {
        Vector256<double> a = Vector256.Create(1.5, -2.25, double.NaN, 1e300), b = Vector256.Create(2.0, 3, 4, 1e300);
        Console.WriteLine($"{a + b} {a * b} {a / b} {Vector256.Sqrt(b)} {Vector256.Floor(a)} {Vector256.Ceiling(a)} {Vector256.Round(a)} {Vector256.Max(a, b)} {Vector256.Equals(a, a)} {Vector256.FusedMultiplyAdd(a, b, a)} {Vector256.IsNaN(a)}");
        Vector512<float> c = Vector512.Create(Enumerable.Range(0, 16).Select(i => i * 0.5f).ToArray());
        Console.WriteLine($"{c * 2f} {Vector512.Sum(c)} {Vector512.ConvertToInt32(c)} {c.GetUpper()} {Vector512.Shuffle(c, Vector512.CreateSequence(15, -1))}");
        Console.WriteLine($"{Vector128.Exp(Vector128.Create(0.0, 1))} {Vector128.Log(Vector128.Create(1.0, 2))} {Vector128.Cos(Vector128.Create(0f, 0, 0, 0))} {Vector128.Clamp(Vector128.Create(-5f, 0.5f, 7, 1), Vector128<float>.Zero, Vector128<float>.One)}");
    }

    private static void Bytes()
    {
        Vector64<byte> a = Vector64.Create((byte)250, 1, 2, 3, 4, 5, 6, 7);
        Console.WriteLine($"{a + a} {Vector64.AddSaturate(a, a)} {Vector64.SubtractSaturate(Vector64<byte>.Zero, a)} {Vector64.Count(a, (byte)3)} {Vector64.IndexOf(a, (byte)5)} {Vector64.None(a, (byte)9)}");
        Vector128<ushort> w = Vector128.Create((ushort)1, 300, 65535, 4, 5, 6, 7, 8);
        Console.WriteLine($"{Vector128.NarrowWithSaturation(w, w)} {Vector128.WidenLower(w)} {w.AsInt64()} {Vector128.CreateSequence<ushort>(3, 5)}");
        byte[] data = Enumerable.Range(0, 64).Select(i => (byte)i).ToArray();
        Console.WriteLine($"{Vector256.Create(data, 3)} {Vector512.LoadUnsafe(ref data[0])}");
        Vector128.Create(data).CopyTo(data, 20);
        Console.WriteLine(Convert.ToHexString(data));
        try { Vector128.Create(data, 50); } catch (ArgumentOutOfRangeException e) { Console.WriteLine(e.ParamName ?? "range"); }
        try { Console.WriteLine(a.GetElement(8)); } catch (ArgumentOutOfRangeException e) { Console.WriteLine(e.ParamName ?? "range"); }
        try { Console.WriteLine(Vector128<Guid>.Count); } catch (NotSupportedException e) { Console.WriteLine(e.Message); }
        Console.WriteLine($"{Vector128<long>.Count} {Vector256<byte>.Count} {Vector512<double>.Count} {Vector128<decimal>.IsSupported} {Vector128<nint>.IsSupported}");
    }

    private static void Geometry()
    {
        var v = new Vector3(1, 2, 3);
        Matrix4x4 m = Matrix4x4.CreateRotationX(0.5f) * Matrix4x4.CreateTranslation(1, 2, 3) * Matrix4x4.CreateScale(2);
        Console.WriteLine($"{Vector3.Cross(v, Vector3.UnitX)} {Vector3.Dot(v, v)} {v.LengthSquared()} {Vector3.Reflect(v, Vector3.UnitY)} {Vector4.Lerp(Vector4.Zero, Vector4.One, 0.25f)} {m.GetDeterminant():F4} {Matrix4x4.Transpose(m).M41:F4} {Vector3.Transform(v, Matrix4x4.Identity)} {Vector2.Min(new(1, 5), new(2, 3))}");
        Console.WriteLine($"{Quaternion.Normalize(new Quaternion(0, 0, 3, 4))} {new Plane(v, 4)} {Matrix3x2.CreateSkew(0, 0)} {Matrix4x4.Invert(m, out Matrix4x4 inv)} {(m * inv).M11:F3}");
        Vector<int> sum = new Vector<int>(3) * new Vector<int>(4);
        Console.WriteLine($"{sum[0]} {Vector.Sum(sum) == 12 * Vector<int>.Count} {Vector.EqualsAll(sum, new Vector<int>(12))} {MemoryMarshal.Cast<Vector3, float>(new[] { v }).Length}");
    }

    private static void Main()
    {
        Ints();
        Reals();
        Bytes();
        Geometry();
    }
}
