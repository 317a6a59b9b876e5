// maps: no
// One-dimensional arrays of each primitive, of structs and of references; no library calls beyond Length.
internal static class Program
{
    private struct P { public short A; public long B; public object? C; }

    private static int Sieve(int n)
    {
        bool[] composite = new bool[n + 1];
        int count = 0;
        for (int i = 2; i <= n; i++)
        {
            if (composite[i]) continue;
            count++;
            for (long j = (long)i * i; j <= n; j += i) composite[j] = true;
        }
        return count;
    }

    private static void Sort(int[] a)
    {
        for (int i = 1; i < a.Length; i++)
        {
            int v = a[i], j = i - 1;
            while (j >= 0 && a[j] > v) { a[j + 1] = a[j]; j--; }
            a[j + 1] = v;
        }
    }

    private static ref int Largest(int[] a)
    {
        int at = 0;
        for (int i = 1; i < a.Length; i++) if (a[i] > a[at]) at = i;
        return ref a[at];
    }

    private static int Main()
    {
        if (Sieve(10000) != 1229) return 1;
        int[] a = { 5, 2, 8, 1, 9, 3 };
        Sort(a);
        for (int i = 1; i < a.Length; i++) if (a[i - 1] > a[i]) return 2;
        Largest(a) = -4;
        if (a[5] != -4) return 3;
        byte[] bytes = new byte[4]; bytes[1] = 200; bytes[1] += 100;
        if (bytes[1] != 44) return 4;
        sbyte[] sb = new sbyte[2]; sb[1] = -3;
        if (sb[1] != -3 || sb[0] != 0) return 5;
        short[] sh = { -1, 2 }; ushort[] us = { 65535 }; char[] ch = { 'a', 'b' };
        if (sh[0] != -1 || us[0] != 65535 || ch[1] != 'b') return 6;
        long[] l = new long[3]; l[2] = long.MinValue; l[2]++;
        if (l[2] != long.MinValue + 1) return 7;
        uint[] u = { 4000000000 }; ulong[] ul = { ulong.MaxValue };
        if (u[0] / 2 != 2000000000 || ul[0] >> 60 != 15) return 8;
        float[] f = { 1.5f, 2.5f }; double[] d = { 0.1, 0.2 };
        if (f[0] + f[1] != 4f || d[0] + d[1] != 0.30000000000000004) return 9;
        P[] ps = new P[3];
        ps[1].A = 7; ps[1].B = 1L << 40; ps[1].C = a;
        P q = ps[1];
        ps[2] = q;
        if (ps[2].A != 7 || ps[2].B != 1L << 40 || ps[2].C != a || ps[0].C != null) return 10;
        object[] objs = new object[2];
        objs[0] = a; objs[1] = 5;
        if (objs[0] != a || (int)objs[1] != 5) return 11;
        int[][] jag = new int[3][];
        for (int i = 0; i < 3; i++) { jag[i] = new int[i + 1]; jag[i][i] = i * i; }
        if (jag[2][2] != 4 || jag[1].Length != 2) return 12;
        int sum = 0;
        foreach (int v in a) sum += v;
        if (sum != 15) return 13;
        nint[] ni = { 1, 2, 3 };
        if (ni[^1] != 3) return 14;
        return 0;
    }
}
