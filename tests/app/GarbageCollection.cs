// The collector's visible side: weak references, handles, finalisers, resurrection, conditional weak tables, dependent
// handles, counts, pinned objects, large arrays, survival under churn.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal sealed class Fin(Action<string> log, string name) { public object? Ref; ~Fin() => log(name); }

internal sealed class Res(List<object> keep)
{
    public int Times;
    ~Res() { Times++; lock (keep) keep.Add(this); if (Times < 2) GC.ReRegisterForFinalize(this); }
}

internal sealed class Crit : System.Runtime.ConstrainedExecution.CriticalFinalizerObject
{
    public static int Count;
    ~Crit() => Interlocked.Increment(ref Count);
}

internal sealed class Node { public Node? L, R; public int V; public byte[] Pad = new byte[16]; }
internal struct Holder { public object? A; public int N; public string? B; }

internal static class Program
{
    private static readonly List<string> s_log = [];
    private static object? s_keep;
    private static void Log(string s) { lock (s_log) s_log.Add(s); }
    private static void Collect() { for (int i = 0; i < 3; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); } }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<object> Weak(out WeakReference longW)
    {
        var o = new Fin(Log, "weak");
        longW = new WeakReference(o, true);
        return new WeakReference<object>(o);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(List<object> keep)
    {
        _ = new Res(keep);
        new Fin(Log, "a") { Ref = new Fin(Log, "b") }.ToString();
        var s = new Fin(Log, "suppressed");
        GC.SuppressFinalize(s);
        for (int i = 0; i < 100; i++) _ = new Crit();
    }

    private static Node Build(int d, int v) => d == 0 ? new Node { V = v } : new Node { L = Build(d - 1, v * 2),
        R = Build(d - 1, v * 2 + 1), V = v };
    private static long Sum(Node? n) => n == null ? 0 : n.V + Sum(n.L) + Sum(n.R);
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Table(ConditionalWeakTable<object, string> t, object kept) { t.Add(kept, "kept"); t.Add(new object(), "lost"); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static DependentHandle Dep(object key) => new(key, new Fin(Log, "dependent"));
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe nint Pin(byte[] a, out GCHandle h) { h = GCHandle.Alloc(a, GCHandleType.Pinned); return h.AddrOfPinnedObject(); }

    private static unsafe void Main()
    {
        var wr = Weak(out WeakReference lw);
        Collect();
        Console.WriteLine($"{wr.TryGetTarget(out _)} {lw.IsAlive} {string.Join(",", s_log)}");
        s_log.Clear();
        object strong = new();
        var w2 = new WeakReference(strong);
        Collect();
        Console.WriteLine(w2.IsAlive + " " + ReferenceEquals(w2.Target, strong));
        w2.Target = null;
        Console.WriteLine(w2.IsAlive);
        var keep = new List<object>();
        Drop(keep);
        Collect();
        Collect();
        lock (s_log) s_log.Sort();
        Console.WriteLine($"{string.Join(",", s_log)} {keep.Count} {((Res)keep[0]).Times} {Crit.Count >= 97}");
        s_log.Clear();
        var h = GCHandle.Alloc("handle", GCHandleType.Normal);
        Console.WriteLine(h.Target + " " + h.IsAllocated + " " + GCHandle.FromIntPtr(GCHandle.ToIntPtr(h)).Target);
        h.Target = "new";
        Console.WriteLine(h.Target);
        h.Free();
        Console.WriteLine(h.IsAllocated);
        using (var gh = new GCHandle<string>("typed")) Console.WriteLine(gh.Target);
        byte[] arr = new byte[100];
        nint p = Pin(arr, out GCHandle ph);
        for (int i = 0; i < 5; i++) { _ = new byte[50000]; GC.Collect(); }
        ((byte*)p)[7] = 77;
        Console.WriteLine(arr[7]);
        ph.Free();
        try { GCHandle.Alloc(new object[1], GCHandleType.Pinned); } catch (ArgumentException) { Console.WriteLine("not blittable"); }
        byte[] pinned = GC.AllocateArray<byte>(64, pinned: true);
        fixed (byte* b1 = pinned) { nint at = (nint)b1; GC.Collect(); fixed (byte* b2 = pinned) Console.WriteLine(at == (nint)b2); }
        Console.WriteLine(GC.AllocateUninitializedArray<int>(3000).Length);
        var cwt = new ConditionalWeakTable<object, string>();
        object kept = new();
        Table(cwt, kept);
        Collect();
        Console.WriteLine(cwt.Count() + " " + cwt.TryGetValue(kept, out string? val) + val + " " + cwt.GetValue(kept, _ => "x") +
            cwt.GetOrAdd(new object(), _ => "made"));
        object key = new();
        DependentHandle dh = Dep(key);
        Collect();
        Console.WriteLine(s_log.Count + " " + (dh.Dependent != null));
        GC.KeepAlive(key);
        dh.Dispose();
        key = new();
        Collect();
        Console.WriteLine(string.Join(",", s_log));
        Node tree = Build(14, 1);
        long before = Sum(tree);
        var ring = new object[1000];
        for (int i = 0; i < 200000; i++)
        {
            ring[i % 1000] = i % 7 == 0 ? new Node { L = tree.L, V = i } : i % 5 == 0 ? new string('x', i % 50)
                : new Holder { A = ring[(i * 13) % 1000] is Node ? null : "h", N = i, B = i.ToString() };
            if (i % 40000 == 0) GC.Collect(i / 40000 % 3);
        }
        Console.WriteLine(Sum(tree) == before);
        Console.WriteLine(ring.Count(o => o is Holder { B: not null } hd && hd.B == hd.N.ToString()) == ring.Count(o => o is Holder));
        var big = new List<double[]>();
        for (int i = 0; i < 20; i++) { var d = new double[20000]; d[i] = i; big.Add(d); if (i % 3 == 0) big[i / 2] = new double[15000]; }
        GC.Collect();
        Console.WriteLine(big.Sum(x => x.Sum()));
        var jag = new Dictionary<int, List<string>>();
        for (int i = 0; i < 20000; i++)
        {
            if (!jag.TryGetValue(i % 100, out var l)) jag[i % 100] = l = [];
            l.Add("v" + i);
            if (l.Count > 50) l.RemoveRange(0, 40);
        }
        GC.Collect();
        Console.WriteLine(jag.Values.Sum(l => l.Count) + jag[99].Last());
        Console.WriteLine($"{GC.MaxGeneration} {GC.GetGeneration(tree) <= 2} {GC.CollectionCount(0) > 0} " +
            $"{GC.CollectionCount(0) >= GC.CollectionCount(2)} {GC.GetTotalMemory(false) > 0} " +
            $"{GC.GetAllocatedBytesForCurrentThread() > 1000000} {GC.GetTotalAllocatedBytes() > 1000000} " +
            $"{GC.GetGCMemoryInfo().HeapSizeBytes > 0} {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes > 0} {GCSettings.IsServerGC} " +
            $"{GCSettings.LatencyMode != GCLatencyMode.NoGCRegion} {GC.GetTotalPauseDuration() > TimeSpan.Zero}");
        GC.AddMemoryPressure(1000000);
        GC.RemoveMemoryPressure(1000000);
        long a0 = GC.GetAllocatedBytesForCurrentThread();
        s_keep = new byte[10000];
        Console.WriteLine(GC.GetAllocatedBytesForCurrentThread() - a0 >= 10000);
        Console.WriteLine(GC.TryStartNoGCRegion(1000000));
        GC.EndNoGCRegion();
        int[] clone = (int[])new[] { 1, 2, 3 }.Clone();
        GC.Collect(2, GCCollectionMode.Forced, true, true);
        Console.WriteLine(clone[2]);
        Span<Holder> hs = new Holder[3];
        hs[1] = new Holder { A = new string('q', 3) };
        ref Holder hr = ref hs[1];
        GC.Collect();
        Console.WriteLine(hr.A);
        object? o2 = null;
        new Thread(() => { o2 = new string('t', 4); GC.Collect(); }).StartJoin();
        Console.WriteLine(o2);
    }

    private static void StartJoin(this Thread t) { t.Start(); t.Join(); }
    private static int Count(this ConditionalWeakTable<object, string> t) { int n = 0; foreach (var _ in t) n++; return n; }
}
