// output: collector's events: OK
// stress: no
// also: common/GcLab.cs
// What an EventListener of the runtime's provider hears of collections: one start and one end for each, in order, with the figures that GC gives.
using System.Diagnostics.Tracing;

internal sealed record Heard(string Name, Dictionary<string, object?> Values)
{
    public long this[string name] => Convert.ToInt64(Values[name]);
}

internal sealed class Listener : EventListener
{
    public readonly List<Heard> All = [];

    protected override void OnEventSourceCreated(EventSource s)
    {
        if (s.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(s, EventLevel.Informational, (EventKeywords)1);
    }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        var values = new Dictionary<string, object?>();
        for (int i = 0; i < e.PayloadNames!.Count && i < e.Payload!.Count; i++) values[e.PayloadNames[i]] = e.Payload[i];
        lock (All) All.Add(new Heard(e.EventName!, values));
    }

    public List<Heard> Take(string end)
    {
        for (int i = 0; i < 200; i++)
        {
            lock (All)
                if (All.Any(h => h.Name == end)) { var all = All.ToList(); All.Clear(); return all; }
            Thread.Sleep(20);
        }
        return [];
    }
}

internal sealed class Final { ~Final() => GC.KeepAlive(this); }

internal static class Program
{
    private static object? s_last;

    private static Heard One(List<Heard> all, string name)
    {
        List<Heard> found = all.Where(h => h.Name == name).ToList();
        Lab.Expect("number of " + name, found.Count, 1, 1);
        return found.FirstOrDefault() ?? new Heard(name, []);
    }

    private static void Check(Listener l, int generation, bool compacting, int reason, Action collect)
    {
        Thread.Sleep(50);
        lock (l.All) l.All.Clear();
        int count = GC.CollectionCount(0);
        collect();
        List<Heard> all = l.Take("GCRestartEEEnd_V1");
        Heard start = One(all, "GCStart_V2"), end = One(all, "GCEnd_V1"), sizes = One(all, "GCHeapStats_V2"), history = One(all, "GCGlobalHeapHistory_V4");
        Lab.Expect("count of start and end", start["Count"] == count + 1 && end["Count"] == count + 1, start["Count"]);
        Lab.Expect("generation", start["Depth"] == generation && end["Depth"] == generation && history["CondemnedGeneration"] == generation, start["Depth"]);
        Lab.Expect("reason", start["Reason"] == reason && One(all, "GCTriggered")["Reason"] == reason, start["Reason"]);
        Lab.Expect("blocking", start["Type"] == 0);
        if (generation == 2) Lab.Expect("compacting", ((history["GlobalMechanisms"] & 2) != 0) == compacting || !compacting, history["GlobalMechanisms"]);
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        for (int g = 0; g < 5; g++) Lab.Expect("size of generation " + g, sizes["GenerationSize" + g], info.GenerationInfo[g].SizeAfterBytes, info.GenerationInfo[g].SizeAfterBytes);
        Lab.Expect("handles", sizes["GCHandleCount"], 1, 100_000);
        string order = string.Join(" ", all.Select(h => h.Name).Where(n => n is "GCSuspendEEBegin_V1" or "GCSuspendEEEnd_V1" or "GCStart_V2" or "GCEnd_V1" or "GCRestartEEBegin_V1" or "GCRestartEEEnd_V1"));
        Lab.Expect("order", order == "GCSuspendEEBegin_V1 GCSuspendEEEnd_V1 GCStart_V2 GCEnd_V1 GCRestartEEBegin_V1 GCRestartEEEnd_V1", order);
    }

    // One that runs beside the program starts in one stop and ends in another.
    private static void Background(Listener l)
    {
        var live = new object[200_000];
        for (int i = 0; i < live.Length; i++) live[i] = new long[4];
        Lab.Collect();
        Thread.Sleep(300);
        lock (l.All) l.All.Clear();
        int count = GC.CollectionCount(2);
        GC.Collect(2, GCCollectionMode.Forced, blocking: false);
        var all = new List<Heard>();
        for (int i = 0; i < 2000 && !all.Any(h => h.Name == "GCEnd_V1" && h["Depth"] == 2); i++)
        {
            lock (l.All) { all.AddRange(l.All); l.All.Clear(); }
            for (int k = 0; k < 1000; k++) s_last = new byte[1000];
            Thread.Sleep(1);
        }
        Heard? start = all.Find(h => h.Name == "GCStart_V2" && h["Depth"] == 2 && h["Type"] == 1), end = all.Find(h => h.Name == "GCEnd_V1" && h["Depth"] == 2);
        Lab.Expect("start and end beside the program", start != null && end != null && start["Count"] == end["Count"], string.Join(" ", all.Select(h => h.Name)));
        Lab.Expect("full collections", GC.CollectionCount(2) - count, 1, 3);
        GC.KeepAlive(live);
    }

    private static void Main()
    {
        var l = new Listener();
        GC.Collect();
        l.Take("GCRestartEEEnd_V1");
        for (int round = 0; round < 3; round++)
        {
            Check(l, 0, true, 1, () => GC.Collect(0));
            Check(l, 1, true, 1, () => GC.Collect(1));
            Check(l, 2, false, 1, () => GC.Collect(2));
        }
        for (int i = 0; i < 3; i++) Background(l);
        for (int i = 0; i < 50; i++) s_last = new Final();
        s_last = null;
        int finalised = 0;
        for (int i = 0; i < 20 && finalised < 40; i++)
        {
            Lab.Collect();
            GC.WaitForPendingFinalizers();
            finalised += l.Take("GCFinalizersEnd_V1").Where(h => h.Name == "GCFinalizersEnd_V1").Sum(h => (int)h["Count"]);
        }
        Lab.Expect("finalisers run", finalised, 40, 1000);
        l.Dispose();
        var other = new Listener();
        GC.Collect();
        Lab.Expect("heard by another listener", other.Take("GCEnd_V1").Count > 0);
        other.Dispose();
        lock (l.All) l.All.Clear();
        GC.Collect();
        Thread.Sleep(100);
        Lab.Expect("heard after the end", l.All.Count == 0, l.All.Count);
        Lab.Done("collector's events");
    }
}
