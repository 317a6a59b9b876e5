// stress: loose
// What monitoring sees of the collector: the meters of System.Runtime, the counters of the RuntimeEventSource, memory fail points, handle collectors.
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Runtime;
using System.Runtime.InteropServices;

internal sealed class Counters : EventListener
{
    public readonly Dictionary<string, double> Values = [];
    public readonly ManualResetEventSlim Got = new();

    protected override void OnEventSourceCreated(EventSource source)
    {
        if (source.Name == "System.Runtime")
            EnableEvents(source, EventLevel.Informational, EventKeywords.All, new Dictionary<string, string?> { ["EventCounterIntervalSec"] = "1" });
    }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        if (e.EventName != "EventCounters" || e.Payload?[0] is not IDictionary<string, object> p) return;
        lock (Values)
        {
            Values[(string)p["Name"]] = Convert.ToDouble(p.TryGetValue("Mean", out object? mean) ? mean : p["Increment"]);
            if (Values.ContainsKey("gc-heap-size") && Values.ContainsKey("poh-size") && Values.ContainsKey("total-pause-time-by-gc") && Values.ContainsKey("alloc-rate")) Got.Set();
        }
    }
}

internal static class Program
{
    private static object? s_last, s_pinned;

    private static void Try(string name, Func<object?> f)
    {
        try { Console.WriteLine($"{name} = {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{name} ! {e.GetType().Name}: {e.Message}"); }
    }

    private static void Meters()
    {
        var seen = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var values = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (i, l) => { if (i.Meter.Name == "System.Runtime" && i.Name.StartsWith("dotnet.gc")) l.EnableMeasurementEvents(i); };
        void Add(Instrument i, double v, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string name = $"{i.Name} [{i.Unit}]{string.Concat(tags.ToArray().Select(t => $" {t.Key}={t.Value}"))} {i.GetType().Name.Split('`')[0]}";
            seen[name] = seen.GetValueOrDefault(name) + 1;
            values[name] = v;
        }
        listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Add(i, v, tags));
        listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Add(i, v, tags));
        listener.Start();
        for (int i = 0; i < 3; i++) GC.Collect(i);
        s_pinned = GC.AllocateArray<byte>(1000, true);
        GC.Collect();
        listener.RecordObservableInstruments();
        foreach (var (name, n) in seen) Console.WriteLine($"{name}: {n} {(name.Contains("fragmentation") || name.Contains("=gen0") || name.Contains("=gen1") || name.Contains("=loh") ? values[name] >= 0 : values[name] > 0)}");
    }

    private static void FailPoints()
    {
        Try("fail point 1", () => { using var p = new MemoryFailPoint(1); return "passed"; });
        Try("fail point 0", () => new MemoryFailPoint(0));
        Try("fail point -1", () => new MemoryFailPoint(-1));
        Try("fail point 16", () => { using var p = new MemoryFailPoint(16); s_last = new byte[16 << 20]; return "passed"; });
        Try("fail point 1,000,000,000", () => new MemoryFailPoint(1_000_000_000));
    }

    private static void Handles()
    {
        var c = new HandleCollector("handles", 10, 20);
        int before = GC.CollectionCount(2);
        for (int i = 0; i < 30; i++) c.Add();
        Console.WriteLine($"{c.Name} {c.Count} {c.InitialThreshold} {c.MaximumThreshold} collected {GC.CollectionCount(0) > before}");
        for (int i = 0; i < 30; i++) c.Remove();
        Try("remove", () => { c.Remove(); return c.Count; });
    }

    private static void Main()
    {
        Meters();
        FailPoints();
        Handles();
        using var counters = new Counters();
        for (int i = 0; i < 100 && !counters.Got.IsSet; i++)
        {
            GC.Collect(i % 3);
            s_last = new byte[10_000_000];
            Thread.Sleep(50);
        }
        lock (counters.Values)
            foreach (var (name, v) in counters.Values.OrderBy(p => p.Key, StringComparer.Ordinal))
                if (name.Contains("gc") || name.Contains("gen-") || name.Contains("oh-size") || name.Contains("alloc") || name == "working-set")
                    Console.WriteLine($"{name}: {v >= 0}{(name is "gc-heap-size" or "loh-size" or "gc-committed" or "poh-size" ? " " + (v > 0) : "")}");
    }
}
