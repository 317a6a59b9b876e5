// stress: loose
// What the collector tells: counts, GCMemoryInfo of each kind, generations of objects, allocated bytes, pauses, GC.Collect's arguments.
using System.Runtime;
using System.Runtime.CompilerServices;

internal static class Program
{
    private static void Try(string name, Func<object> f)
    {
        try { Console.WriteLine($"{name} = {f()}"); }
        catch (Exception e) { Console.WriteLine($"{name} ! {e.GetType().Name}: {e.Message}"); }
    }

    private static string Counted(Action f)
    {
        int a = GC.CollectionCount(0), b = GC.CollectionCount(1), c = GC.CollectionCount(2);
        f();
        return $"{GC.CollectionCount(0) - a} {GC.CollectionCount(1) - b} {GC.CollectionCount(2) - c}";
    }

    private static void Arguments()
    {
        Try("-1", () => Counted(() => GC.Collect(-1)));
        Try("7", () => Counted(() => GC.Collect(7)));
        Try("mode 4", () => Counted(() => GC.Collect(2, (GCCollectionMode)4)));
        Try("mode -1", () => Counted(() => GC.Collect(2, (GCCollectionMode)(-1))));
        Try("aggressive 0", () => Counted(() => GC.Collect(0, GCCollectionMode.Aggressive)));
        Try("aggressive not blocking", () => Counted(() => GC.Collect(2, GCCollectionMode.Aggressive, false)));
        Try("aggressive not compacting", () => Counted(() => GC.Collect(2, GCCollectionMode.Aggressive, true, false)));
        Try("aggressive", () => Counted(() => GC.Collect(2, GCCollectionMode.Aggressive, true, true)));
        for (int g = 0; g <= 2; g++)
            foreach (GCCollectionMode m in new[] { GCCollectionMode.Default, GCCollectionMode.Forced, GCCollectionMode.Optimized })
                foreach (bool compacting in new[] { false, true })
                    Try($"{g} {m} {compacting}", () => Counted(() => GC.Collect(g, m, true, compacting)));
        Try("count 3", () => GC.CollectionCount(3));
        Try("count -1", () => GC.CollectionCount(-1));
        Try("memory", () => GC.GetTotalMemory(true) is > 10_000 and < 10_000_000);
    }

    private static void Show(GCKind kind)
    {
        GCMemoryInfo i = GC.GetGCMemoryInfo(kind);
        long after = 0, fragmented = 0;
        foreach (GCGenerationInfo g in i.GenerationInfo) { after += g.SizeAfterBytes; fragmented += g.FragmentationAfterBytes; }
        Console.WriteLine($"{kind}: {i.Index > 0} generation {i.Generation} compacted {i.Compacted} concurrent {i.Concurrent} " +
            $"{i.HeapSizeBytes > 0} {i.TotalCommittedBytes >= i.HeapSizeBytes - i.FragmentedBytes} {i.FragmentedBytes == fragmented} {i.FragmentedBytes <= after} " +
            $"{i.MemoryLoadBytes > 0} {i.TotalAvailableMemoryBytes > i.HighMemoryLoadThresholdBytes} {i.PauseDurations.Length} {i.PauseDurations[0] > TimeSpan.Zero} " +
            $"{i.PauseDurations[1] > TimeSpan.Zero} {i.PauseTimePercentage is > 0 and < 100} {i.GenerationInfo.Length}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Records()
    {
        Console.WriteLine(GC.GetGCMemoryInfo(GCKind.Background).Index + " " + GC.GetGCMemoryInfo(GCKind.Background).HeapSizeBytes);
        GC.Collect(2, GCCollectionMode.Forced, true, true);
        long start = GC.GetGCMemoryInfo().Index;
        byte[] large = new byte[10_000_000], pinned = GC.AllocateArray<byte>(50_000, true);
        GC.Collect(2, GCCollectionMode.Forced, true, true);
        GCMemoryInfo any = GC.GetGCMemoryInfo(), full = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        Console.WriteLine($"{any.Index - start} {full.Index == any.Index} {full.Generation} {full.Compacted} {full.Concurrent} " +
            $"{full.GenerationInfo[3].SizeAfterBytes >= 10_000_000} {full.GenerationInfo[4].SizeAfterBytes >= 50_000} {full.PromotedBytes > 10_000_000}");
        GC.KeepAlive(large);
        GC.KeepAlive(pinned);
        GC.Collect(1);
        Console.WriteLine($"{GC.GetGCMemoryInfo(GCKind.Ephemeral).Index - full.Index} {GC.GetGCMemoryInfo(GCKind.FullBlocking).Index - full.Index} " +
            $"{GC.GetGCMemoryInfo(GCKind.Ephemeral).Generation}");
        Try("kind 4", () => GC.GetGCMemoryInfo((GCKind)4));
        TimeSpan before = GC.GetTotalPauseDuration();
        GC.Collect();
        Console.WriteLine(GC.GetTotalPauseDuration() > before);
    }

    private static void Generations()
    {
        object o = new();
        Console.Write(GC.GetGeneration(o));
        for (int i = 0; i < 3; i++) { GC.Collect(); Console.Write(" " + GC.GetGeneration(o)); }
        Console.WriteLine();
        o = new();
        for (int i = 0; i < 3; i++) { GC.Collect(0); Console.Write(GC.GetGeneration(o) + " "); }
        GC.Collect(1);
        Console.WriteLine(GC.GetGeneration(o));
        Console.WriteLine($"{GC.GetGeneration("literal")} {GC.GetGeneration(new byte[100_000])} {GC.GetGeneration(GC.AllocateArray<int>(1, true))}");
        object target = new();
        var weak = new WeakReference(target);
        Console.WriteLine(GC.GetGeneration(weak));
        GC.KeepAlive(target);
        Try("no target", () => GC.GetGeneration(new WeakReference(null)));
    }

    private static void Allocated()
    {
        long mine = GC.GetAllocatedBytesForCurrentThread(), all = GC.GetTotalAllocatedBytes(true);
        for (int i = 0; i < 1000; i++) GC.KeepAlive(new byte[1000]);
        long now = GC.GetAllocatedBytesForCurrentThread();
        Console.WriteLine(now - mine);
        var t = new Thread(() => { for (int i = 0; i < 1000; i++) GC.KeepAlive(new byte[1000]); });
        t.Start();
        t.Join();
        Console.WriteLine($"{GC.GetAllocatedBytesForCurrentThread() - now < 20_000} {GC.GetTotalAllocatedBytes(true) - all is > 2_040_000 and < 2_200_000} " +
            $"{GC.GetTotalAllocatedBytes() > 2_000_000}");
    }

    private static void Main()
    {
        GCMemoryInfo none = GC.GetGCMemoryInfo();
        Console.WriteLine($"{none.Index} {none.HeapSizeBytes} {none.TotalAvailableMemoryBytes > 0} {none.HighMemoryLoadThresholdBytes > 0} {none.MemoryLoadBytes}");
        Arguments();
        Records();
        GC.Collect(2, GCCollectionMode.Forced, true, true);
        Show(GCKind.Any);
        Show(GCKind.FullBlocking);
        Generations();
        Allocated();
    }
}
