// ref locals, ref returns, ref readonly, ref conditional and reassignment, ref fields in ref structs, scoped, in parameters.
internal ref struct RefPair<T>(ref T a, ref T b)
{
    public ref T A = ref a;
    public ref T B = ref b;
    public readonly void Swap() { T t = A; A = B; B = t; }
    public readonly string Show() => A + "" + B;
}

internal ref struct ReadRef
{
    public ref readonly long Value;
    public readonly ref int Slot;
    public ReadRef(ref long v, ref int s) { Value = ref v; Slot = ref s; }
}

internal struct Matrix { public float M00, M01, M10, M11; public readonly float Det() => M00 * M11 - M01 * M10; }

internal sealed class Grid
{
    private readonly int[,] _cells = new int[3, 3];
    private Matrix _m;
    public ref int this[int r, int c] => ref _cells[r, c];
    public ref Matrix M => ref _m;
    public ref readonly Matrix ReadM => ref _m;
}

internal static class Program
{
    private static int s_static = 5;
    private static ref int Max(ref int a, ref int b) { if (a > b) return ref a; return ref b; }
    private static ref T At<T>(T[] a, int i) => ref a[i];
    private static ref int Static() => ref s_static;
    private static float In(in Matrix m) => m.Det() + m.M00;
    private static void Bump(ref readonly int x, ref int y) => y += x;
    private static ref int Find(Span<int> s, int v) { for (int i = 0; i < s.Length; i++) if (s[i] == v) return ref s[i]; return ref s[^1]; }
    private static int Scoped(scoped ref int x) { ref int y = ref x; y++; return y; }

    private static void Main()
    {
        int a = 3, b = 8;
        Max(ref a, ref b) = 1;
        Console.WriteLine($"{a} {b}");
        ref int r = ref a;
        r = 10; r = ref b; r = 20;
        Console.WriteLine($"{a} {b}");
        ref int cond = ref (a > b ? ref a : ref b);
        cond++;
        Console.WriteLine($"{a} {b}");
        string[] names = { "x", "y", "z" };
        ref string n = ref At(names, 1);
        n += "!";
        Console.WriteLine(string.Join("", names));
        Static() += 37; Console.WriteLine(s_static);
        var g = new Grid();
        g[1, 2] = 5; g[1, 2]++; ref int cell = ref g[0, 0]; cell = g[1, 2] * 2;
        Console.WriteLine($"{g[0, 0]} {g[1, 2]}");
        g.M.M00 = 2; g.M.M11 = 3; ref Matrix m = ref g.M; m.M01 = 1;
        Console.WriteLine($"{g.ReadM.Det()} {In(g.M)} {In(in g.ReadM)}");
        Bump(in a, ref b); Console.WriteLine(b);
        Span<int> span = stackalloc int[] { 4, 5, 6 };
        Find(span, 5) = 50; Find(span, 99) = 60;
        Console.WriteLine($"{span[0]} {span[1]} {span[2]}");
        string s1 = "one", s2 = "two", s3 = "three";
        var pair = new RefPair<string>(ref s1, ref s2);
        pair.Swap(); Console.WriteLine(s1 + s2);
        pair.A = ref s3; pair.Swap(); Console.WriteLine(s1 + s2 + s3 + pair.Show());
        long l = 7; int slot = 1;
        var rr = new ReadRef(ref l, ref slot); l = 8; rr.Slot = 99;
        Console.WriteLine($"{rr.Value} {slot}");
        Console.WriteLine(Scoped(ref a));
        int[] data = { 1, 2, 3, 4 };
        foreach (ref int d in data.AsSpan()) d *= d;
        Console.WriteLine(string.Join(",", data));
        for (ref int p = ref data[0]; ; p = ref data[3]) { p += 100; if (data[3] > 100) break; }
        Console.WriteLine(string.Join(",", data));
        Matrix[] ms = new Matrix[2]; ref float f = ref ms[1].M10; f = 2.5f; Console.WriteLine(ms[1].M10);
        var list = new List<int> { 1, 2, 3 };
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list)[1] = 22; Console.WriteLine(list[1]);
        var dict = new Dictionary<string, int>();
        foreach (string w in "a b a c a".Split(' '))
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(dict, w, out _)++;
        Console.WriteLine($"{dict["a"]} {dict["b"]}");
    }
}
