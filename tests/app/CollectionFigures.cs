// stress: loose
// env: DOTNET_GCgen0size=1000000
// also: common/GcLab.cs
// What GC tells of collections agrees with itself and with what the program did: pauses, sizes, fragmentation, promotion, pinning, kinds.
using System.Runtime;
using System.Runtime.InteropServices;

internal static class Program
{
    private static object? s_last;
    private static readonly List<byte[]> s_live = [];

    private static TimeSpan Sum(GCMemoryInfo info) { TimeSpan t = default; foreach (TimeSpan p in info.PauseDurations) t += p; return t; }

    private static void Pauses()
    {
        TimeSpan before = GC.GetTotalPauseDuration(), sum = default;
        long index = GC.GetGCMemoryInfo().Index;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 0; i < 20; i++)
        {
            Lab.Collect(i % 3);
            GCMemoryInfo info = GC.GetGCMemoryInfo();
            sum += Sum(info);
            Lab.Expect("index", info.Index > index, info.Index);
            Lab.Expect("generation", info.Generation == i % 3, info.Generation);
            index = info.Index;
        }
        TimeSpan total = GC.GetTotalPauseDuration() - before, elapsed = watch.Elapsed;
        Lab.Expect("pauses of 20 collections took time", total > TimeSpan.Zero && sum > TimeSpan.Zero, total);
        Lab.Expect("sum of the pauses is the total's growth", (total - sum).Duration() <= total / 10 + TimeSpan.FromMilliseconds(1), $"{sum} {total}");
        Lab.Expect("pauses are not longer than the time they were in", total <= elapsed, $"{total} {elapsed}");
        GCMemoryInfo last = GC.GetGCMemoryInfo();
        Lab.Expect("percentage of time in pauses", last.PauseTimePercentage >= 0 && last.PauseTimePercentage <= 100, last.PauseTimePercentage);
    }

    private static void Sizes()
    {
        s_live.Clear();
        for (int i = 0; i < 3000; i++) s_live.Add(new byte[5_000]);
        for (int i = 0; i < 50; i++) s_live.Add(new byte[100_000]);
        for (int i = 0; i < 10; i++) s_live.Add(GC.AllocateArray<byte>(50_000, pinned: true));
        GCHandle[] pins = Enumerable.Range(0, 10).Select(i => GCHandle.Alloc(new byte[100], GCHandleType.Pinned)).ToArray();
        Lab.Collect(1);
        Lab.Expect("pinned objects", GC.GetGCMemoryInfo().PinnedObjectsCount, 1, 1000);
        Lab.Collect();
        GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        Lab.Expect("a full blocking collection", info.Generation == 2 && !info.Concurrent);
        Lab.Expect("compacted as asked", info.Compacted);
        Lab.Expect("heap", info.HeapSizeBytes, 20_000_000, 100_000_000);
        Lab.Expect("committed", info.TotalCommittedBytes, 20_000_000, 400_000_000);
        Lab.Expect("promoted", info.PromotedBytes, 15_000_000, 100_000_000);
        Lab.Expect("fragmented", info.FragmentedBytes, 0, info.HeapSizeBytes);
        Lab.Expect("five generations", info.GenerationInfo.Length == 5);
        Lab.Expect("generation 2 with 15 MB", info.GenerationInfo[2].SizeAfterBytes, 10_000_000, 60_000_000);
        Lab.Expect("large heap with 5 MB", info.GenerationInfo[3].SizeAfterBytes, 5_000_000, 30_000_000);
        Lab.Expect("pinned heap with 500 KB", info.GenerationInfo[4].SizeAfterBytes, 500_000, 10_000_000);
        foreach (GCGenerationInfo g in info.GenerationInfo)
            Lab.Expect("figures of a generation", g.FragmentationAfterBytes >= 0 && g.FragmentationAfterBytes <= g.SizeAfterBytes && g.FragmentationBeforeBytes <= g.SizeBeforeBytes);
        Lab.Expect("memory load", info.MemoryLoadBytes, 1, info.TotalAvailableMemoryBytes);
        Lab.Expect("high memory load", info.HighMemoryLoadThresholdBytes, 1, info.TotalAvailableMemoryBytes);
        long with = GC.GetTotalMemory(true);
        Lab.Expect("bytes in use", with, 20_000_000, 100_000_000);
        s_live.Clear();
        Lab.Collect();
        Lab.Collect();
        Lab.Expect("bytes less when let go", with - GC.GetTotalMemory(true), 17_000_000, 100_000_000);
        foreach (GCHandle h in pins) h.Free();
    }

    private static void Kinds()
    {
        for (int i = 0; i < 8000; i++) s_live.Add(new byte[5_000]);
        for (int i = 0; i < 100_000; i++) s_last = new byte[1000];
        GCMemoryInfo young = GC.GetGCMemoryInfo(GCKind.Ephemeral);
        Lab.Expect("a young collection", young.Index > 0 && young.Generation < 2 && !young.Concurrent);
        long full = GC.GetGCMemoryInfo(GCKind.FullBlocking).Index;
        GC.Collect(0);
        Lab.Expect("the last full one stays the last", GC.GetGCMemoryInfo(GCKind.FullBlocking).Index == full);
        Lab.Expect("the last of any kind is the newest", GC.GetGCMemoryInfo(GCKind.Any).Index > full);
    }

    private static void Bytes()
    {
        long own = GC.GetAllocatedBytesForCurrentThread(), all = GC.GetTotalAllocatedBytes(precise: true);
        s_last = new byte[50_000];
        Lab.Expect("bytes of the thread", GC.GetAllocatedBytesForCurrentThread() - own, 50_024, 60_000);
        var t = new Thread(() => s_last = new byte[1_000_000]);
        t.Start();
        t.Join();
        Lab.Expect("bytes of another thread are not ours", GC.GetAllocatedBytesForCurrentThread() - own, 50_024, 100_000);
        Lab.Expect("but count together", GC.GetTotalAllocatedBytes(precise: true) - all, 1_050_048, 1_500_000);
    }

    private static void Main()
    {
        Pauses();
        Kinds();
        Sizes();
        Bytes();
        Lab.Done("figures of collections");
    }
}
