// output: done
// stress: no
// also: common/GcLab.cs
// Collections, pauses and handles for tests/gc/run.py, which compares what GC tells here with the runtime's own log.  Argument: figures, to print them.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static class Program
{
    private static readonly List<object> s_live = [];

    // Weak references that die take their handles with them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(int n)
    {
        for (int i = 0; i < n; i++)
        {
            _ = new WeakReference<object>(s_live[i % 2000], i % 2 == 0);
            _ = new WeakReference(s_live[i % 2000], i % 3 == 0);
        }
    }

    private static void Main(string[] args)
    {
        int compacted = 0, swept = 0;
        var handles = new List<GCHandle>();
        var dependent = new List<System.Runtime.DependentHandle>();
        for (int i = 0; i < 2000; i++) s_live.Add(new byte[1000 + i]);
        for (int i = 0; i < 300; i++) handles.Add(GCHandle.Alloc(s_live[i], GCHandleType.Pinned));
        for (int i = 0; i < 500; i++) handles.Add(GCHandle.Alloc(s_live[i], GCHandleType.Normal));
        for (int i = 0; i < 700; i++) handles.Add(GCHandle.Alloc(s_live[i], GCHandleType.Weak));
        for (int i = 0; i < 900; i++) handles.Add(GCHandle.Alloc(s_live[i], GCHandleType.WeakTrackResurrection));
        for (int i = 0; i < 1100; i++) dependent.Add(new(s_live[i], s_live[i + 1]));
        Forget(20000);
        for (int i = 0; i < 40; i++)
        {
            for (int k = 0; k < 1000; k++) s_live[(i * 7 + k) % 2000] = new byte[1000 + k];
            GC.Collect(i % 4 / 3 * 2 + i % 2, GCCollectionMode.Forced, true, i % 8 == 7);
            GCMemoryInfo info = GC.GetGCMemoryInfo();
            if (info.Generation < 2) continue;
            if (info.Compacted) compacted++; else swept++;
        }
        TimeSpan paused = GC.GetTotalPauseDuration();
        if (args.Length > 0)
            Console.WriteLine($"paused {paused.TotalMicroseconds:0} collections {GC.CollectionCount(0)} {GC.CollectionCount(1)} {GC.CollectionCount(2)} full {compacted} {swept}");
        Console.WriteLine("done");
        GC.KeepAlive(dependent);
        GC.KeepAlive(handles);
    }
}
