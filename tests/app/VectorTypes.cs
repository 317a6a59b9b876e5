// Vector<T>, Vector64 to 512, Vector2 to 4, Matrix and Quaternion: results are the same with or without hardware support.
using System.Numerics;
using System.Runtime.Intrinsics;

internal static class Program
{
    private static int SumVec(int[] a)
    {
        var v = Vector<int>.Zero;
        int i = 0;
        for (; i <= a.Length - Vector<int>.Count; i += Vector<int>.Count) v += new Vector<int>(a, i);
        int s = Vector.Sum(v);
        for (; i < a.Length; i++) s += a[i];
        return s;
    }

    private static void V128<T>(T a, T b) where T : INumber<T>
    {
        var x = Vector128.Create(a);
        var y = Vector128.Create(b).WithElement(0, a + b);
        Console.WriteLine($"{typeof(T).Name} {x + y} {x - y} {(x * y)} {Vector128.Min(x, y)} {Vector128.Equals(x, y)} " +
            $"{Vector128.Dot(x, y)} {Vector128.Sum(y)} {y.GetElement(1)} {Vector128.GreaterThan(y, x).ExtractMostSignificantBits()} " +
            $"{~x & y}");
    }

    private static void Main()
    {
        Console.WriteLine(SumVec(Enumerable.Range(0, 1003).ToArray()));
        V128<byte>(7, 3);
        V128<sbyte>(-7, 3);
        V128<short>(300, -4);
        V128<ushort>(60000, 3);
        V128<int>(5, -9);
        V128<uint>(5, 9);
        V128<long>(1L << 40, 3);
        V128<ulong>(9, 4);
        V128(1.5f, -2.5f);
        V128(2.25, 0.5);
        var q = Vector256.Create(1, 2, 3, 4, 5, 6, 7, 8);
        Console.WriteLine($"{q.GetLower()} {q.GetUpper()} {Vector256.Shuffle(q, Vector256.Create(7, 6, 5, 4, 3, 2, 1, 0))} " +
            $"{Vector256.ConditionalSelect(Vector256.GreaterThan(q, Vector256.Create(4)), q, Vector256<int>.Zero)} " +
            $"{Vector256.Widen(q.AsInt16()).Lower.GetElement(2)} {q << 2} {Vector256.ConvertToSingle(q)} " +
            $"{Vector512.Create(3).GetElement(15)} {Vector64.Create(1, 2)}");
        Span<float> f = stackalloc float[8];
        Vector128.Create(1f, 2, 3, 4).CopyTo(f);
        Vector128.Create(5f).CopyTo(f[4..]);
        Console.WriteLine(string.Join(",", f.ToArray()) + Vector128.Sqrt(Vector128.Create(16f)) + Vector128.Floor(Vector128.Create(1.7)) +
            Vector128.Narrow(Vector128.Create(1, 2, 3, 4), Vector128.Create(5)));
        var v2 = new Vector2(3, 4);
        var v3 = new Vector3(1, 2, 3);
        var v4 = new Vector4(1, 2, 3, 4);
        Console.WriteLine($"{v2.Length()} {Vector2.Dot(v2, v2)} {Vector3.Cross(v3, Vector3.UnitX)} {v3 * 2} " +
            $"{Vector4.Transform(v4, Matrix4x4.CreateTranslation(1, 2, 3))} {Vector3.Lerp(v3, Vector3.One, 0.5f)} " +
            $"{v4 == new Vector4(1, 2, 3, 4)} {Vector2.Normalize(new Vector2(0, 5))} {v3[1]}");
        var m = Matrix4x4.CreateScale(2) * Matrix4x4.CreateTranslation(1, 0, 0);
        Console.WriteLine($"{m.Translation} {m.GetDeterminant()} {Matrix4x4.Invert(m, out var inv)} {inv.M11} " +
            $"{Matrix3x2.CreateScale(3).GetDeterminant()} {Quaternion.Identity * new Quaternion(1, 0, 0, 0)} {new Plane(0, 1, 0, 5)} " +
            $"{BitOperations.Crc32C(0, 5u)}");
        float[] src = Enumerable.Range(1, 20).Select(i => (float)i).ToArray();
        Console.WriteLine(System.Linq.Enumerable.Sum(src) + " " + src.AsSpan().IndexOf(15f) + " " +
            new byte[100].AsSpan().IndexOfAnyExcept((byte)0) + " " + "aaaaaaaaaaaaaaaaaaaaaaaaaaaab".IndexOf('b') + " " +
            new int[50].AsSpan().SequenceEqual(new int[50]));
        Console.WriteLine(Vector<byte>.Count * 8 >= 128 && Vector<long>.Count * 8 == Vector<byte>.Count);
        object o = Vector128.Create(1);
        Console.WriteLine(o.Equals(Vector128.Create(1)) + " " + o.GetHashCode().Equals(Vector128.Create(1).GetHashCode()) + " " +
            (o is Vector128<int>));
        Vector128<int>[] arr = [Vector128.Create(4)];
        arr[0] += arr[0];
        Console.WriteLine(arr[0] + " " + Pass(1, arr[0], 2.5, Vector256.Create(9L)).GetElement(1));
    }

    private static Vector128<int> Pass(int a, Vector128<int> b, double c, Vector256<long> d)
        => b + Vector128.Create(a + (int)c + (int)d.GetElement(3));
}
