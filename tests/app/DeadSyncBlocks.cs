// also: common/GcLab.cs
// Objects that were locked and hashed need a block beside them; it does not keep them alive, and is used again when they are gone.
using System.Runtime.CompilerServices;

internal static class Program
{
    private static readonly List<int> s_hashes = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Round(int n, int round)
    {
        var all = new object[n];
        for (int i = 0; i < n; i++) all[i] = i % 3 == 0 ? new Probe(i) : new object();
        for (int i = 0; i < n; i++)
        {
            Monitor.Enter(all[i]);
            s_hashes.Add(RuntimeHelpers.GetHashCode(all[i]));
            if (i % 100 == 7) Monitor.PulseAll(all[i]);
        }
        if (round % 2 == 0) Lab.Collect(round % 3);
        for (int i = 0; i < n; i++)
        {
            Lab.Expect("hash code with a lock", RuntimeHelpers.GetHashCode(all[i]) == s_hashes[i]);
            Lab.Expect("still locked", Monitor.IsEntered(all[i]));
            if (i % 50 != 0) Monitor.Exit(all[i]); // some die locked
        }
        s_hashes.Clear();
        return Array.ConvertAll(all, o => new WeakReference(o));
    }

    private static void Main()
    {
        Round(10_000, 0);
        Lab.Collect();
        long before = Environment.WorkingSet;
        for (int round = 1; round < 12; round++)
        {
            WeakReference[] weak = Round(10_000, round);
            Lab.Collect();
            Lab.Expect("of 10,000 locked and hashed objects alive", Lab.Alive(weak), 0, 5);
        }
        Lab.Collect();
        Lab.Expect("growth of the process", Environment.WorkingSet - before, long.MinValue, 40_000_000);
        Lab.Done("sync blocks of dead objects");
    }
}
