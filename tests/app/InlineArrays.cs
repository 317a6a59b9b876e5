// Inline arrays: element access, spans over them, of references, nested in structs and classes, foreach, generic.
using System.Runtime.CompilerServices;

[InlineArray(4)] internal struct Four<T> { private T _e; }
[InlineArray(10)] internal struct Ten { private int _e; }
[InlineArray(3)] internal struct Strs { private string? _s; }
[InlineArray(2)] internal struct Nested { private Four<byte> _f; }
internal struct Entry { public object? O; public long N; }
[InlineArray(700)] internal struct Scattered { private Entry _e; } /* 700 places with a reference, none next to another */
internal sealed class Owner { public Ten T; public Strs S; public readonly Four<double> D; }
internal struct Matrix { public Four<Four<float>> Rows; public float this[int r, int c] { get => Rows[r][c]; set => Rows[r][c] = value; } }

internal static class Program
{
    private static int Sum(ReadOnlySpan<int> s) { int t = 0; foreach (int i in s) t += i; return t; }
    private static Ten Fill(int k) { Ten t = default; for (int i = 0; i < 10; i++) t[i] = i * k; return t; }
    private static void Set(Span<string?> s) => s[1] = "set";
    private static T Last<T>(Four<T> f) => f[^1];

    private static void Main()
    {
        Ten t = Fill(3); Console.WriteLine($"{t[0]} {t[9]} {Sum(t)} {Sum(t[2..5])}");
        Ten u = t; u[1] = 100; Console.WriteLine($"{t[1]} {u[1]}");
        Strs s = default; s[0] = "zero"; Set(s); s[2] = s[0] + s[1]; foreach (string? x in s) Console.Write(x + ";"); Console.WriteLine();
        Nested n = default;
        n[1][2] = 7;
        Console.WriteLine($"{n[1][2]} {n[0][2]} {Unsafe.SizeOf<Nested>()} {Unsafe.SizeOf<Strs>()} {Unsafe.SizeOf<Four<long>>()}");
        var o = new Owner(); o.T[4] = 44; o.S[2] = "owner"; Console.WriteLine($"{o.T[4]} {o.S[2]} {o.D[3]} {Sum(o.T)}");
        Four<object> f = default;
        f[3] = 12;
        Console.WriteLine(Last(f));
        Four<(int, string)> ft = default;
        ft[0] = (1, "t");
        Console.WriteLine(ft[0]);
        Matrix m = default; m[2, 3] = 1.5f; m[0, 0] = 2; Console.WriteLine(m[2, 3] + m[0, 0] + m[1, 1]);
        try { int i = int.Parse("10"); Console.WriteLine(t[i]); } catch (IndexOutOfRangeException) { Console.WriteLine("out of range"); }
        var arr = new Ten[2]; arr[1][5] = 55; Span<int> sp = arr[1]; sp[6] = 66; Console.WriteLine(arr[1][5] + arr[1][6]);
        var scattered = new Scattered[2];
        var seen = new WeakReference[700];
        for (int i = 0; i < 700; i++) { scattered[1][i] = new Entry { O = new object(), N = i }; seen[i] = new WeakReference(scattered[1][i].O); }
        GC.Collect();
        int kept = 0;
        for (int i = 0; i < 700; i++) kept += ReferenceEquals(seen[i].Target, scattered[1][i].O) && scattered[1][i].N == i ? 1 : 0;
        Console.WriteLine(kept);
        GC.Collect(); Console.WriteLine(o.S[2] + s[2] + f[3]);
    }
}
