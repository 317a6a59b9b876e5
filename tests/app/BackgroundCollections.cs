// also: common/GcLab.cs
// Full collections beside the running program: what it moves about, drops, makes and hides from the marking meanwhile is found all the same.
using System.Runtime.CompilerServices;

internal static class Program
{
    private static readonly List<object> s_ballast = [];
    private static readonly Probe?[] s_table = new Probe?[4000];

    // The only reference to an object travels from place to place, behind and before the marking.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Shuffle(Random random, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            int a = random.Next(4000), b = random.Next(4000);
            (s_table[a], s_table[b]) = (s_table[b], s_table[a]);
            if (s_table[a]!.Ref is Probe inner && random.Next(4) == 0)
            {
                s_table[a]!.Ref = null;
                s_table[b]!.Ref = new object?[] { inner, null };
            }
            else s_table[a]!.Ref = i % 3 == 0 ? s_table[a]!.Ref : new Probe(i);
            if (i % 50 == 0) s_table[a] = new Probe(s_table[a]!.Id);
        }
    }

    private static void Check()
    {
        var ids = new HashSet<int>();
        foreach (Probe? p in s_table)
        {
            Lab.Expect("object of the table", p is { Intact: true } && ids.Add(p.Id));
            Lab.Expect("what it refers to", p!.Ref is null or Probe { Intact: true } or object?[] { Length: 2 } && (p.Ref as object?[])?[0] is null or Probe { Intact: true });
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Drop() => Enumerable.Range(0, 100).Select(i => { var p = new Probe(i); GC.KeepAlive(p); return new WeakReference(p); }).ToArray();

    private static void Main()
    {
        for (int i = 0; i < 12_000; i++) s_ballast.Add(new object[] { new byte[5_000], "s" + i });
        for (int i = 0; i < s_table.Length; i++) s_table[i] = new Probe(i);
        GC.Collect();
        var random = new Random(11);
        int before = GC.CollectionCount(2);
        for (int round = 0; round < 12; round++)
        {
            WeakReference[] dead = Drop();
            GC.Collect(2, GCCollectionMode.Forced, blocking: false);
            for (int i = 0; i < 10; i++)
            {
                Shuffle(random, 1000);
                if (i % 4 == 2) GC.Collect(0);
            }
            Check();
            if (round == 5) s_ballast.RemoveRange(0, 6000);
        }
        Lab.Expect("full collections", GC.CollectionCount(2) - before, 2, 100);
        GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.Background);
        Lab.Expect("a background collection", info.Index > 0 && info.Generation == 2 && info.Concurrent && info.PauseDurations.Length == 2);
        for (int i = 0; i < s_ballast.Count; i++) Lab.Expect("ballast", s_ballast[i] is object[] { Length: 2 } o && (string)o[1] == "s" + (i + 6000) && ((byte[])o[0]).Length == 5000);
        WeakReference[] last = Drop();
        Lab.Expect("dropped ones go", Lab.Die(last, 3));
        Check();
        Lab.Done("background collections");
    }
}
