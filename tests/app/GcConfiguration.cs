// stress: loose
// The collector's settings as the program sees them; the manifest runs it with different ones.
using System.Runtime;

internal static class Program
{
    private static void Main()
    {
        foreach (var (k, v) in GC.GetConfigurationVariables().OrderBy(p => p.Key, StringComparer.Ordinal))
            if (k is not ("GCRegionRange" or "GCGen0MaxBudget" or "GCDynamicAdaptationMode") && !k.StartsWith("GCD")) // those are each collector's own
                Console.WriteLine($"{k} = {v} ({v.GetType().Name})");
        GC.Collect();
        GCMemoryInfo i = GC.GetGCMemoryInfo();
        Console.WriteLine($"{GCSettings.IsServerGC} {GCSettings.LatencyMode} {i.TotalAvailableMemoryBytes} {i.HighMemoryLoadThresholdBytes} {i.TotalCommittedBytes > 0} {i.HeapSizeBytes > 0}");
        Console.WriteLine($"{GC.GetGeneration(new byte[84_975])} {GC.GetGeneration(new byte[84_976])} {GC.GetGeneration(new byte[100_000])} {GC.GetGeneration(new byte[250_000])}");
    }
}
