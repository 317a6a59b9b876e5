// stress: loose
// Contention of Monitor as the runtime's event source tells it: the lock is made known once, each wait has a start and a stop.
using System.Diagnostics.Tracing;

internal sealed class Hears : EventListener
{
    private readonly Lock gate = new();
    private readonly List<(string, long, object?[])> events = [];

    protected override void OnEventSourceCreated(EventSource s)
    {
        if (s.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(s, EventLevel.Informational, (EventKeywords)0x4000);
    }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        lock (gate) events.Add((e.EventName!, e.OSThreadId, [.. e.Payload!]));
    }

    // those of one thread; events come through a queue
    public List<(string Name, object?[] Payload)> Wait(int stops)
    {
        for (int i = 0; i < 400; i++)
        {
            lock (gate)
            {
                foreach (var of in events.GroupBy(e => e.Item2))
                    if (of.Count(e => e.Item1 == "ContentionStop") >= stops)
                        return [.. of.Select(e => (e.Item1, e.Item3))];
            }
            Thread.Sleep(5);
        }
        return [];
    }
}

internal static class Program
{
    private static readonly object Gate = new();

    private static void Contend(bool giveUp)
    {
        using var inside = new ManualResetEvent(false);
        using var leave = new ManualResetEvent(false);
        var t = new Thread(() =>
        {
            lock (Gate)
            {
                inside.Set();
                if (giveUp) leave.WaitOne();
                else Thread.Sleep(60);
            }
        });
        t.Start();
        inside.WaitOne();
        if (giveUp)
        {
            Console.WriteLine(Monitor.TryEnter(Gate, 20));
            leave.Set();
        }
        else
        {
            lock (Gate) { }
        }
        t.Join();
    }

    private static void Main()
    {
        using var hears = new Hears();
        Contend(false);
        Contend(false);
        Contend(true);
        object? made = null;
        foreach (var (name, p) in hears.Wait(3))
        {
            string types = string.Join(",", p.Select(x => x?.GetType().Name));
            if (name == "ContentionLockCreated") made = p[0];
            string more = name switch
            {
                "ContentionStart" => $"{p[0]} {Equals(p[2], made)} {(nint)p[3]! != 0} {(ulong)p[4]! != 0}",
                "ContentionStop" => $"{p[0]} {(double)p[2]! > 1e6}",
                _ => $"{(nint)p[0]! != 0}",
            };
            Console.WriteLine($"{name} {types} {more}");
        }
    }
}
