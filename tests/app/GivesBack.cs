// output: memory given back: OK
// stress: no
// also: common/GcLab.cs
// When the heap shrinks the system gets the memory back: at once when that is asked for, otherwise after full collections; with RetainVM it is kept.
// Argument: keep, if it is to be kept.
using System.Runtime.CompilerServices;

internal static class Program
{
    private const long Live = 200_000_000;
    private static object? s_held;

    private static long Resident() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
    private static long Committed() { GC.Collect(); return GC.GetGCMemoryInfo(GCKind.FullBlocking).TotalCommittedBytes; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill(int size)
    {
        var all = new byte[Live / size][];
        for (int i = 0; i < all.Length; i++) { all[i] = new byte[size]; Array.Fill(all[i], (byte)i); }
        s_held = all;
    }

    private static void Main(string[] args)
    {
        bool keep = args.Length > 0;
        foreach (int size in new[] { 100, 5_000, 150_000 })
            foreach (bool aggressive in new[] { true, false })
            {
                if (keep && aggressive) continue;
                Lab.Collect();
                long resident = Resident();
                Fill(size);
                long full = Resident(), committed = Committed();
                Lab.Expect($"growth with {size}", full - resident, keep ? 0 : Live / 2, Live * 2);
                Lab.Expect($"committed with {size}", committed, Live, Live * 5 / 2);
                s_held = null;
                if (aggressive) GC.Collect(2, GCCollectionMode.Aggressive, true, true);
                long left = Committed();
                for (int i = 0; i < 20 && !keep && left > Live / 4; i++) { Thread.Sleep(50); left = Committed(); }
                if (keep) Lab.Expect($"kept with {size}", left, Live * 3 / 4, Live * 3);
                else Lab.Expect($"committed afterwards with {size}, aggressive {aggressive}", left, 0, Live / 4);
                for (int i = 0; i < 20 && !keep && full - Resident() < Live / 2; i++) { Thread.Sleep(20); GC.Collect(); } // by and by
                if (!keep) Lab.Expect($"given back with {size}, aggressive {aggressive}", full - Resident(), Live / 2, Live * 2);
            }
        Lab.Done("memory given back");
    }
}
