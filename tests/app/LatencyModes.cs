// output: latency modes: OK
// stress: no
// also: common/GcLab.cs
// What the modes do: LowLatency holds full collections back, SustainedLowLatency and Interactive run them beside the program, Batch makes them block.
using System.Runtime;
using System.Runtime.CompilerServices;

internal static class Program
{
    private static object? s_held;

    // Half of what is made stays, in generation 2 before long.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Grow(int megabytes)
    {
        var all = new List<object>();
        for (int i = 0; i < megabytes * 1000; i++)
        {
            all.Add(new object[] { new byte[900], i });
            if (i % 2 == 0) all[i / 3] = "dropped";
        }
        s_held = all;
    }

    private static (int Full, bool Background, bool Blocking) During(GCLatencyMode mode, int megabytes)
    {
        s_held = null;
        GCSettings.LatencyMode = GCLatencyMode.Interactive;
        Lab.Collect();
        Lab.Collect();
        Thread.Sleep(100);
        GCSettings.LatencyMode = mode;
        int full = GC.CollectionCount(2);
        long background = GC.GetGCMemoryInfo(GCKind.Background).Index, blocking = GC.GetGCMemoryInfo(GCKind.FullBlocking).Index;
        Grow(megabytes);
        for (int i = 0; i < 100 && mode is GCLatencyMode.Interactive or GCLatencyMode.SustainedLowLatency && GC.GetGCMemoryInfo(GCKind.Background).Index == background; i++)
        {
            Grow(megabytes / 10);
            Thread.Sleep(10);
        }
        return (GC.CollectionCount(2) - full, GC.GetGCMemoryInfo(GCKind.Background).Index > background, GC.GetGCMemoryInfo(GCKind.FullBlocking).Index > blocking);
    }

    private static void Main()
    {
        var low = During(GCLatencyMode.LowLatency, 150);
        Lab.Expect("low latency: no full collection", low is (0, false, false), low);
        var sustained = During(GCLatencyMode.SustainedLowLatency, 150);
        Lab.Expect("sustained low latency: in the background", sustained is ( > 0, true, _), sustained);
        var interactive = During(GCLatencyMode.Interactive, 150);
        Lab.Expect("interactive: in the background", interactive is ( > 0, true, _), interactive);
        var batch = During(GCLatencyMode.Batch, 150);
        Lab.Expect("batch: blocking", batch is ( > 0, false, true), batch);
        GCSettings.LatencyMode = GCLatencyMode.LowLatency;
        int count = GC.CollectionCount(2);
        GC.Collect();
        Lab.Expect("low latency: what is asked for is done", GC.CollectionCount(2) == count + 1);
        Lab.Done("latency modes");
    }
}
