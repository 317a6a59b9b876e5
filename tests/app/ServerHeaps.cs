// knob: System.GC.Server=true
// env: DOTNET_GCHeapCount=2
// also: common/GcLab.cs
// With a heap for each processor the program is the same: threads allocate, share, and collect.
using System.Runtime;

internal static class Program
{
    private static readonly object?[] s_shared = new object?[100];

    private static void Work(int seed)
    {
        var own = new Probe?[500];
        for (int i = 0; i < 20_000; i++)
        {
            own[i % 500] = new Probe(i) { Ref = own[i * 7 % 500]?.Ref };
            if (i % 10 == 0) Interlocked.Exchange(ref s_shared[i / 10 % 100], own[i % 500]);
            if (own[i * 13 % 500] is { Intact: false } || s_shared[i % 100] is Probe { Intact: false }) { Lab.Expect("object", false, i); return; }
            if (i % 4000 == seed * 100) GC.Collect(seed % 3);
        }
    }

    private static void Main()
    {
        Console.WriteLine($"{GCSettings.IsServerGC} {GCSettings.LatencyMode}");
        var threads = Enumerable.Range(0, 4).Select(i => new Thread(() => Work(i))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Lab.Collect();
        Lab.Expect("shared objects", s_shared.All(o => o is Probe { Intact: true }));
        Lab.Done("server heaps");
    }
}
