// stress: loose
// env: DOTNET_GCHeapHardLimit=C000000 DOTNET_GCgen0size=200000 DOTNET_GCConserveMemory=3 DOTNET_GCHighMemPercent=zz
// knob: System.GC.HeapHardLimit=100000000
// knob: System.GC.RetainVM=true
// knob: System.GC.LOHThreshold=120000
// Settings of the collector from environment and runtimeconfig (the environment wins), the modes of GCSettings, the limit anew.
using System.Runtime;

internal static class Program
{
    private static void Try(string name, Func<object> f)
    {
        try { Console.WriteLine($"{name} = {f()}"); }
        catch (Exception e) { Console.WriteLine($"{name} ! {e.GetType().Name}: {e.Message}"); }
    }

    private static void Main()
    {
        var v = GC.GetConfigurationVariables();
        Console.WriteLine(string.Join(" ", v.Keys));
        foreach (string k in new[] { "ServerGC", "ConcurrentGC", "RetainVM", "LOHThreshold", "HeapCount", "GCHighMemPercent", "GCHeapHardLimit", "GCConserveMem" })
            Console.WriteLine($"{k} = {v[k]} {v[k].GetType()}");
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        Console.WriteLine($"{info.TotalAvailableMemoryBytes} {info.HighMemoryLoadThresholdBytes > info.TotalAvailableMemoryBytes} {info.Index}");
        Console.WriteLine($"{GCSettings.IsServerGC} {GCSettings.LatencyMode} {GCSettings.LargeObjectHeapCompactionMode}");
        Console.WriteLine($"{GC.GetGeneration(new byte[110_000])} {GC.GetGeneration(new byte[130_000])}");
        for (int m = -1; m <= 5; m++)
        {
            Try("mode " + m, () => GCSettings.LatencyMode = (GCLatencyMode)m);
            Console.WriteLine(GCSettings.LatencyMode);
        }
        GCSettings.LatencyMode = GCLatencyMode.Interactive;
        for (int m = 0; m <= 3; m++)
            Try("large objects " + m, () => GCSettings.LargeObjectHeapCompactionMode = (GCLargeObjectHeapCompactionMode)m);
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(0);
        Console.WriteLine(GCSettings.LargeObjectHeapCompactionMode);
        GC.Collect();
        Console.WriteLine(GCSettings.LargeObjectHeapCompactionMode);
        GC.RefreshMemoryLimit();
        Console.WriteLine(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        AppContext.SetData("GCHeapHardLimit", 180_000_000ul);
        GC.RefreshMemoryLimit();
        Console.WriteLine(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        AppContext.SetData("GCHeapHardLimit", 100ul);
        Try("too low", () => { GC.RefreshMemoryLimit(); return "done"; });
        Console.WriteLine(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
    }
}
