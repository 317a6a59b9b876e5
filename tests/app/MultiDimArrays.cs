// Rectangular arrays of rank 2 to 4, bounds, lower bounds, initialisers, of references and structs, address of
// elements, Array methods, jagged ones.
internal struct Cell { public int V; public string? S; public void Bump() => V++; }

internal static class Program
{
    private static ref T At<T>(T[,] a, int i, int j) => ref a[i, j];
    private static T Sum<T>(T[,] a) where T : System.Numerics.INumber<T> { T t = T.Zero; foreach (T x in a) t += x; return t; }
    private static string Try(Action f) { try { f(); return "ok"; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        int[,] a = { { 1, 2, 3 }, { 4, 5, 6 } };
        Console.WriteLine($"{a[1, 2]} {a.Length} {a.Rank} {a.GetLength(0)} {a.GetLength(1)} {a.GetUpperBound(1)} {Sum(a)} " +
            $"{a.GetType().Name}");
        a[0, 1] += 10; a[1, 0]++; At(a, 1, 1) = 50; foreach (int x in a) Console.Write(x + " "); Console.WriteLine();
        string[,,] s = new string[2, 3, 4];
        s[1, 2, 3] = "corner";
        s[0, 0, 0] = s[1, 2, 3] + "!";
        Console.WriteLine(s[0, 0, 0] + s.Length + (s[1, 1, 1] ?? "null"));
        Cell[,] c = new Cell[2, 2];
        c[1, 1].V = 5;
        c[1, 1].Bump();
        c[0, 1].S = "s";
        Cell copy = c[1, 1];
        copy.V = 0;
        Console.WriteLine(c[1, 1].V + c[0, 1].S);
        double[,,,] d = new double[2, 2, 2, 2]; d[1, 0, 1, 0] = 1.5; Console.WriteLine(d[1, 0, 1, 0] + d.Cast<double>().Sum());
        Console.WriteLine(Try(() => a[2, 0] = 1) + " " + Try(() => a[0, -1] = 1) + " " + Try(() => Console.Write(s[0, 3, 0])) + " " +
            Try(() =>
        {
            object[,] o = new string[1, 1];
            o[0, 0] = 5;
        }) + " " + Try(() =>
        {
            int n = -1;
            _ = new int[2, n];
        }) + " " + Try(() =>
        {
            int[,]? z = null;
            z![0, 0] = 1;
        }));
        Array lb = Array.CreateInstance(typeof(int), [3, 2], [5, -1]);
        lb.SetValue(9, 5, -1);
        lb.SetValue(8, 7, 0);
        Console.WriteLine($"{lb.GetLowerBound(0)} {lb.GetUpperBound(0)} {lb.GetLowerBound(1)} {lb.GetValue(7, 0)} {lb.GetValue(5, -1)} " +
            $"{Try(() => lb.GetValue(0, 0))} {lb.GetType()}");
        int[,] typed = (int[,])lb;
        Console.WriteLine(typed[5, -1] + typed[7, 0]);
        Array one = Array.CreateInstance(typeof(string), [2], [1]);
        one.SetValue("x", 1);
        Console.WriteLine(one.GetType() + " " + one.GetValue(1) + " " + Try(() => { _ = (string[])one; }));
        int[][,] jm = { new int[1, 2], new int[,] { { 7 } } };
        Console.WriteLine(jm[1][0, 0] + jm[0].Length);
        int[,][] mj = new int[2, 2][];
        mj[1, 1] = [4, 5];
        Console.WriteLine(mj[1, 1][1]);
        object[,] objs = new object[2, 2]; objs[0, 1] = a; objs[1, 0] = 3; Console.WriteLine(((int[,])objs[0, 1])[0, 0] + (int)objs[1, 0]);
        int[,] clone = (int[,])a.Clone();
        clone[0, 0] = -1;
        Console.WriteLine(a[0, 0]);
        Array.Copy(a, 1, clone, 2, 3);
        foreach (int x in clone) Console.Write(x + " ");
        Array.Clear(clone);
        Console.WriteLine(Sum(clone));
        Buffer.BlockCopy(a, 0, clone, 4, 8);
        Console.WriteLine(clone[0, 1]);
        long big = 0;
        var m = new long[50, 60];
        for (int i = 0; i < 50; i++) for (int j = 0; j < 60; j++) m[i, j] = i * j;
        for (int j = 0; j < 60; j++) for (int i = 0; i < 50; i++) big += m[i, j];
        Console.WriteLine(big);
        int[][] jag = [[1], [2, 3], []];
        Console.WriteLine(jag.Sum(r => r.Sum()) + jag[1][^1]);
        var (x1, y1) = (0, 0);
        bool[,] b = new bool[3, 3];
        b[2, 2] = true;
        foreach (bool t in b) { if (t) x1++; else y1++; }
        Console.WriteLine($"{x1} {y1}");
        var e = ((System.Collections.IEnumerable)s).GetEnumerator();
        int n = 0;
        while (e.MoveNext()) n++;
        Console.WriteLine(n);
        Console.WriteLine(new int[0, 5].Length + " " + new int[3, 0].GetLength(0));
    }
}
