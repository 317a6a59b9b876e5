// stress: loose
// also: common/GcLab.cs
// Latency modes and regions without collections: what may be set, what it does, what is refused.
using System.Runtime;

internal static class Program
{
    private static object? s_last;

    private static void Try(string what, Action run)
    {
        try { run(); Console.WriteLine($"{what}: done"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }

    private static void Main()
    {
        Console.WriteLine($"{GCSettings.LatencyMode} {GCSettings.IsServerGC} {GCSettings.LargeObjectHeapCompactionMode}");
        foreach (GCLatencyMode mode in new[] { GCLatencyMode.Batch, GCLatencyMode.LowLatency, GCLatencyMode.SustainedLowLatency, GCLatencyMode.Interactive })
        {
            GCSettings.LatencyMode = mode;
            Console.WriteLine(GCSettings.LatencyMode);
        }
        Try("a mode that is none", () => GCSettings.LatencyMode = (GCLatencyMode)17);
        Try("no collection, by the property", () => GCSettings.LatencyMode = GCLatencyMode.NoGCRegion);
        Try("a compaction mode that is none", () => GCSettings.LargeObjectHeapCompactionMode = (GCLargeObjectHeapCompactionMode)9);
        Try("end without begin", GC.EndNoGCRegion);
        Try("negative", () => GC.TryStartNoGCRegion(-1));

        Console.WriteLine(GC.TryStartNoGCRegion(40_000_000));
        Console.WriteLine(GCSettings.LatencyMode);
        int before = GC.CollectionCount(0);
        for (int i = 0; i < 20_000; i++) s_last = new byte[1000];
        s_last = new byte[5_000_000];
        Lab.Expect("collections inside the region", GC.CollectionCount(0) == before, GC.CollectionCount(0) - before);
        GC.EndNoGCRegion();
        Console.WriteLine(GCSettings.LatencyMode);
        Console.WriteLine(GC.TryStartNoGCRegion(1_000_000, 500_000));
        GC.EndNoGCRegion();
        Console.WriteLine(GC.TryStartNoGCRegion(1_000_000));
        GC.Collect();
        Try("end after a collection was asked for", GC.EndNoGCRegion);
        Console.WriteLine(GC.TryStartNoGCRegion(1_000_000));
        before = GC.CollectionCount(0);
        for (int i = 0; i < 4_000_000 && GC.CollectionCount(0) < before + 1; i++) s_last = new byte[1000];
        Lab.Expect("collections come back when more is allocated", GC.CollectionCount(0) > before);
        Try("end after more was allocated", GC.EndNoGCRegion);
        before = GC.CollectionCount(0);
        for (int i = 0; i < 4_000_000 && GC.CollectionCount(0) < before + 1; i++) s_last = new byte[1000];
        Lab.Expect("collections afterwards", GC.CollectionCount(0) > before);
        Try("too much", () => Console.WriteLine(GC.TryStartNoGCRegion(long.MaxValue)));
        Try("generation -1", () => GC.Collect(-1));
        Try("generation 7", () => { GC.Collect(7); });
        Try("mode 9", () => GC.Collect(1, (GCCollectionMode)9));
        Try("aggressive, generation 1", () => GC.Collect(1, GCCollectionMode.Aggressive));
        Try("aggressive, not blocking", () => GC.Collect(2, GCCollectionMode.Aggressive, false));
        Try("aggressive", () => GC.Collect(2, GCCollectionMode.Aggressive, true, true));
        Try("optimised", () => GC.Collect(2, GCCollectionMode.Optimized));
        Try("keep alive nothing", () => GC.KeepAlive(null));
        Try("generation of nothing", () => GC.GetGeneration((object)null!));
        Lab.Done("modes");
    }
}
