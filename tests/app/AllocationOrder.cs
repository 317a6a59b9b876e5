// output: order of allocation: OK
// stress: loose
// also: common/GcLab.cs
// New objects lie one behind the other; after a compacting collection the survivors do, in the order of their making, without gaps.
using System.Runtime.CompilerServices;

internal sealed class Small { public long Field; }

internal static class Program
{
    private static readonly string[] s_names = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Three()
    {
        object a = new Small(), b = new Small(), c = new Small();
        nint x = Lab.Address(a), y = Lab.Address(b), z = Lab.Address(c);
        GC.KeepAlive(a); GC.KeepAlive(b); GC.KeepAlive(c);
        return y - x == 24 && z - y == 24;
    }

    // Ten objects of different sizes, with all but A, C, D, F and H dropped.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object?[] Ten(long[] addresses)
    {
        var all = new object?[10];
        for (int i = 0; i < 10; i++) all[i] = new long[2 + i];
        for (int i = 0; i < 10; i++) { ((long[])all[i]!)[0] = i; addresses[i] = Lab.Address(all[i]!); }
        foreach (int i in new[] { 1, 4, 6, 8, 9 }) all[i] = null;
        return all;
    }

    private static int Adjacent(object?[] all)
    {
        int adjacent = 0;
        nint end = 0;
        foreach (object? o in all)
        {
            if (o == null) continue;
            if (Lab.Address(o) == end) adjacent++;
            end = Lab.Address(o) + 16 + 8 + 8 * ((long[])o).Length;
        }
        return adjacent;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long[]?[] Row(int n)
    {
        var all = new long[n][];
        for (int i = 0; i < n; i++) { all[i] = new long[i % 7 + 1]; all[i][0] = i; }
        return all;
    }

    private static void Main()
    {
        int rows = 0;
        for (int i = 0; i < 100; i++) if (Three()) rows++;
        Lab.Expect("three objects of 24 bytes in a row, of 100 times", rows, 90, 100);

        int inOrder = 0, made = 0, together = 0, next = 0;
        for (int i = 0; i < 20; i++)
        {
            var before = new long[10];
            object?[] all = Ten(before);
            bool order = true;
            for (int k = 1; k < 10; k++) order &= before[k] == before[k - 1] + 24 + 8 * (2 + k - 1);
            if (order) made++;
            Lab.Collect();
            object k11 = new long[3];
            for (int k = 0; k < 10; k++) Lab.Expect("survivor " + s_names[k], all[k] is null == (k is 1 or 4 or 6 or 8 or 9) && (all[k] is not long[] a || a[0] == k && a.Length == 2 + k));
            long[] after = all.Where(o => o != null).Select(o => (long)Lab.Address(o!)).ToArray();
            if (after.SequenceEqual(after.Order())) inOrder++;
            if (Adjacent(all) == 4) together++;
            for (int k = 0; k < 3; k++) Lab.Collect();
            if (Adjacent([all[7], k11]) == 1) next++;
        }
        Lab.Expect("A to J made one behind the other, of 20 times", made, 15, 20);
        Lab.Expect("A C D F H in order, of 20 times", inOrder, 18, 20);
        Lab.Expect("A C D F H without gaps, of 20 times", together, 15, 20);
        Lab.Expect("the next survivor right behind H, of 20 times", next, 15, 20);

        long[]?[] row = Row(5000);
        for (int i = 0; i < 5000; i++) if (i % 3 != 0) row[i] = null;
        Lab.Collect();
        Lab.Collect();
        Lab.Expect("neighbours of 1667 survivors", Adjacent(row), 1500, 1667);
        nint last = 0;
        int ascending = 0;
        foreach (long[]? a in row) if (a != null) { if (Lab.Address(a) > last) ascending++; last = Lab.Address(a); }
        Lab.Expect("survivors in order of making", ascending, 1600, 1667);
        for (int i = 0; i < 5000; i += 3) Lab.Expect("survivor's contents", row[i]![0] == i && row[i]!.Length == i % 7 + 1);
        Lab.Done("order of allocation");
    }
}
