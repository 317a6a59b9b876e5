// stress: loose
// Regions without collections: what they hold back, what ends them, their errors, callbacks, and the latency mode around them.
using System.Runtime;

internal static class Program
{
    private static int s_c0, s_c2;

    private static void Try(string name, Func<object> f)
    {
        try { Console.WriteLine($"{name} = {f()}"); }
        catch (Exception e) { Console.WriteLine($"{name} ! {e.GetType().Name}: {e.Message}"); }
    }

    private static object Start(long n) => GC.TryStartNoGCRegion(n);
    private static object End() { GC.EndNoGCRegion(); return "ended"; }
    private static object Callback(long n, Action? a) { GC.RegisterNoGCRegionCallback(n, a!); return "registered"; }
    private static object Allocate(long n, int size = 1000) { for (long i = 0; i < n; i += size) GC.KeepAlive(new byte[size]); return "done"; }
    private static void Mark() { s_c0 = GC.CollectionCount(0); s_c2 = GC.CollectionCount(2); }
    private static void Counts(string what) =>
        Console.WriteLine($"  {what}: {GCSettings.LatencyMode} {GC.CollectionCount(0) - s_c0} {GC.CollectionCount(2) - s_c2}");

    private static void Errors()
    {
        Try("zero", () => Start(0));
        Try("negative", () => Start(-1));
        Try("huge", () => Start(long.MaxValue));
        Try("a terabyte", () => Start(1L << 40));
        Try("end", End);
        Try("large over total", () => GC.TryStartNoGCRegion(1000, 2000));
        Try("large is total", () => GC.TryStartNoGCRegion(1000, 1000));
        Try("end", End);
        Try("end again", End);
        Try("callback outside", () => Callback(10, () => { }));
        Try("callback of nothing", () => Callback(10, null));
        Try("callback at zero", () => Callback(0, () => { }));
    }

    private static void HoldsBack()
    {
        Mark();
        Try("start", () => Start(60_000_000));
        Counts("in");
        Try("small objects", () => Allocate(40_000_000));
        Try("large objects", () => Allocate(15_000_000, 1_000_000));
        GC.Collect(2, GCCollectionMode.Optimized, false);
        Counts("held back");
        for (int i = 0; i < 100; i++) GC.AddMemoryPressure(20_000_000);
        for (int i = 0; i < 100; i++) GC.RemoveMemoryPressure(20_000_000);
        Counts("pressure");
        Try("end", End);
        Counts("after");
    }

    private static void Ends()
    {
        Mark();
        Try("start", () => Start(1_000_000));
        Try("again", () => Start(1_000_000));
        Counts("both are over");
        Try("end", End);
        Mark();
        Try("start", () => Start(1_000_000));
        Try("too much", () => Allocate(500_000_000));
        Console.WriteLine($"  {GCSettings.LatencyMode} {GC.CollectionCount(0) - s_c0 > 1}");
        Try("end", End);
        foreach (int generation in new[] { 0, 2 })
        {
            Mark();
            Try("start", () => Start(1_000_000));
            GC.Collect(generation);
            Counts("collected");
            Try("end", End);
        }
        Mark();
        Try("start", () => Start(10_000_000));
        var other = new Thread(() => Try("end by another thread", End));
        other.Start();
        other.Join();
        Counts("after");
    }

    private static void Modes()
    {
        Try("start", () => Start(1_000_000));
        Try("set", () => GCSettings.LatencyMode = GCLatencyMode.Batch);
        Try("end", End);
        foreach (GCLatencyMode m in new[] { GCLatencyMode.Batch, GCLatencyMode.LowLatency, GCLatencyMode.SustainedLowLatency, GCLatencyMode.Interactive })
        {
            GCSettings.LatencyMode = m;
            Try("start", () => Start(1_000_000));
            Console.WriteLine("  " + GCSettings.LatencyMode);
            Try("end", End);
            Console.WriteLine("  " + GCSettings.LatencyMode);
        }
    }

    private static void Callbacks()
    {
        using var called = new ManualResetEventSlim();
        Try("start", () => Start(10_000_000));
        Try("callback", () => Callback(1_000_000, called.Set));
        Try("second", () => Callback(1_000_000, () => { }));
        Console.WriteLine(called.Wait(50));
        Try("allocate", () => Allocate(4_000_000));
        Console.WriteLine(called.Wait(20000));
        Try("end", End);
        called.Reset();
        Try("start", () => Start(10_000_000));
        Try("callback", () => Callback(5_000_000, () => Console.WriteLine("abandoned: never called")));
        Try("end", End);
        GC.WaitForPendingFinalizers();
        Mark();
        Try("start", () => Start(10_000_000));
        Try("callback", () => Callback(5_000_000, called.Set));
        GC.Collect();
        Console.WriteLine(called.Wait(20000));
        Counts("the first collection is the callback's");
        GC.Collect();
        Counts("the second ends it");
        Try("end", End);
    }

    private static void Main()
    {
        HoldsBack();
        Errors();
        Ends();
        Modes();
        Callbacks();
    }
}
