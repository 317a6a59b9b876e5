// stress: no
// Callbacks of regions without collections: how many bytes one may wait for, one region after another.
using System.Runtime;

internal static class Program
{
    private const long M = 1 << 20;

    private static void Limit(long total, long large, long wait)
    {
        string answer = "accepted";
        try
        {
            _ = large < 0 ? GC.TryStartNoGCRegion(total) : GC.TryStartNoGCRegion(total, large);
            GC.RegisterNoGCRegionCallback(wait, () => { });
        }
        catch (Exception e) { answer = e.GetType().Name; }
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) GC.EndNoGCRegion();
        Console.WriteLine($"{total / M} MB, {large / M} of it large, a callback at {wait / M}: {answer}");
    }

    private static void Allocate(long bytes)
    {
        for (long n = 0; n < bytes; n += 1024) GC.KeepAlive(new byte[1000]);
    }

    private static void Main()
    {
        foreach (long wait in new[] { 10, 15, 20, 22, 30 }) Limit(10 * M, -1, wait * M);
        foreach (long wait in new[] { 50, 90, 104, 106 }) Limit(100 * M, 50 * M, wait * M);
        int called = 0;
        for (int i = 0; i < 50; i++)
        {
            GC.TryStartNoGCRegion(10 * M);
            GC.RegisterNoGCRegionCallback(2 * M, () => Interlocked.Increment(ref called));
            GC.EndNoGCRegion();
        }
        Thread.Sleep(50);
        Console.WriteLine($"{called} of the abandoned ones were called");
        using var due = new ManualResetEventSlim();
        GC.TryStartNoGCRegion(10 * M);
        GC.RegisterNoGCRegionCallback(2 * M, due.Set);
        Allocate(4 * M);
        Console.WriteLine(due.Wait(20000));
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) GC.EndNoGCRegion();
    }
}
