// stress: loose
// env: DOTNET_gcConcurrent=0
// Notice of full blocking collections: registration, timeouts, cancellation, approach and completion; latency modes without a background collector.
using System.Runtime;

internal static class Program
{
    private static void Try(string name, Func<object> f)
    {
        try { Console.WriteLine($"{name} = {f()}"); }
        catch (Exception e) { Console.WriteLine($"{name} ! {e.GetType().Name}: {e.Message}"); }
    }

    private static object Register(int a, int b) { GC.RegisterForFullGCNotification(a, b); return "registered"; }
    private static object Cancel() { GC.CancelFullGCNotification(); return "cancelled"; }

    private static void Main()
    {
        Console.WriteLine(GCSettings.LatencyMode);
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        Console.WriteLine(GCSettings.LatencyMode);
        Try("without registration", () => GC.WaitForFullGCApproach(10));
        Try("without registration", () => GC.WaitForFullGCComplete(10));
        foreach (var (a, b) in new[] { (0, 10), (100, 10), (10, 0), (10, 100) }) Try($"{a} {b}", () => Register(a, b));
        Try("register", () => Register(10, 10));
        Try("approach", () => GC.WaitForFullGCApproach(10));
        Try("complete", () => GC.WaitForFullGCComplete(0));
        Try("negative", () => GC.WaitForFullGCApproach(-2));
        Try("span", () => GC.WaitForFullGCComplete(TimeSpan.FromMilliseconds(5)));
        GC.Collect();
        Try("a collection asked for: approach", () => GC.WaitForFullGCApproach(10));
        Try("complete", () => GC.WaitForFullGCComplete(10));
        Try("cancel", Cancel);
        Try("approach", () => GC.WaitForFullGCApproach(10));
        Register(10, 10);
        object first = "", second = "";
        using var started = new ManualResetEventSlim();
        var waiting = new Thread(() => { started.Set(); first = GC.WaitForFullGCApproach(); second = GC.WaitForFullGCComplete(); });
        waiting.Start();
        started.Wait();
        Thread.Sleep(300);
        Cancel();
        waiting.Join();
        Console.WriteLine($"{first} {second}");
        Register(10, 10);
        waiting = new Thread(() => { first = GC.WaitForFullGCApproach(30000); second = GC.WaitForFullGCComplete(30000); });
        waiting.Start();
        var kept = new List<byte[]>();
        for (long n = 0; waiting.IsAlive && n < 3_000_000; n++)
        {
            kept.Add(new byte[1000]);
            if (kept.Count > 200_000) kept.RemoveRange(0, 100_000);
        }
        waiting.Join();
        Console.WriteLine($"{first} {second}");
        Cancel();
    }
}
