// also: common/GcLab.cs
// Handles of every kind by the thousand: made, changed, freed, used again; typed ones; from several threads; across collections of all kinds.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static class Program
{
    private const int Count = 3000;
    private static readonly GCHandleType[] s_kinds = [GCHandleType.Weak, GCHandleType.WeakTrackResurrection, GCHandleType.Normal, GCHandleType.Pinned];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static GCHandle[] Make(GCHandleType kind)
    {
        var all = new GCHandle[Count];
        for (int i = 0; i < Count; i++)
        {
            var a = new long[i % 5 + 1];
            a[0] = i;
            all[i] = GCHandle.Alloc(a, kind);
        }
        return all;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Right(GCHandle[] all)
    {
        int right = 0;
        for (int i = 0; i < Count; i++) if (all[i].Target is long[] a && a.Length == i % 5 + 1 && a[0] == i) right++;
        return right;
    }

    private static void Kinds()
    {
        for (int round = 0; round < 3; round++)
        {
            GCHandle[][] all = Array.ConvertAll(s_kinds, Make);
            var values = new HashSet<nint>();
            foreach (GCHandle[] a in all) foreach (GCHandle h in a) Lab.Expect("handle given twice", values.Add(GCHandle.ToIntPtr(h)));
            nint[] pinned = Array.ConvertAll(all[3], h => h.AddrOfPinnedObject());
            for (int i = 0; i < 3; i++) { Lab.Collect(i); Lab.Noise(2000); }
            Lab.Expect("weak", Right(all[0]), 0, 5);
            Lab.Expect("weak that tracks", Right(all[1]), 0, 5);
            Lab.Expect("strong", Right(all[2]) == Count, Right(all[2]));
            Lab.Expect("pinned", Right(all[3]) == Count, Right(all[3]));
            for (int i = 0; i < Count; i++) Lab.Expect("pinned in place", all[3][i].AddrOfPinnedObject() == pinned[i] && Marshal.ReadInt64(pinned[i]) == i);
            foreach (GCHandle[] a in all) for (int i = 0; i < Count; i++) if ((i + round) % 3 != 0) a[i].Free();
            Lab.Collect();
            int left = 0;
            for (int i = 0; i < Count; i++) if ((i + round) % 3 == 0) { if (all[2][i].Target is long[] { Length: > 0 } a && a[0] == i) left++; foreach (GCHandle[] k in all) k[i].Free(); }
            Lab.Expect("handles between freed ones", left == Count / 3, left);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static GCHandle Fresh(int i, GCHandleType kind) => GCHandle.Alloc(new Probe(i), kind);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Retarget(GCHandle h, int i) => h.Target = new Probe(i);

    // An old handle to an old object gets a young one.
    private static void Retargeted()
    {
        GCHandle[] all = new GCHandle[200];
        for (int i = 0; i < 200; i++) all[i] = Fresh(i, GCHandleType.Normal);
        for (int i = 0; i < 3; i++) Lab.Collect();
        for (int i = 0; i < 200; i++) Retarget(all[i], i + 1000);
        for (int i = 0; i < 4; i++)
        {
            Lab.Collect(i == 2 ? 1 : 0);
            Lab.Noise();
            for (int k = 0; k < 200; k++) Lab.Expect("new target of an old handle", all[k].Target is Probe p && p.Is(k + 1000));
        }
        foreach (GCHandle h in all) h.Free();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DependentHandle Pair(object key, int i) => new(key, new Probe(i));

    private static void Dependents()
    {
        object[] keys = Enumerable.Range(0, 500).Select(i => (object)new Probe(i)).ToArray();
        DependentHandle[] all = keys.Select((k, i) => Pair(k, i)).ToArray();
        for (int round = 0; round < 4; round++)
        {
            Lab.Collect(round == 3 ? 2 : round);
            Lab.Noise(1000);
            for (int i = 0; i < 500; i++)
                Lab.Expect("dependent", all[i].TargetAndDependent is (Probe k, Probe d) && ReferenceEquals(k, keys[i]) && d.Is(i));
            if (round == 1) for (int i = 0; i < 500; i += 2) SetDependent(ref all[i], i);
        }
        for (int i = 0; i < 500; i++) if (i % 5 != 0) keys[i] = null!;
        Lab.Collect();
        Lab.Collect();
        int left = all.Count(h => h.Target != null), values = all.Count(h => h.Dependent != null);
        Lab.Expect("of 500 dependent handles left", left, 100, 103);
        Lab.Expect("values go with their keys", values == left, values);
        for (int i = 0; i < 500; i++) all[i].Dispose();
        GC.KeepAlive(keys);
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static void SetDependent(ref DependentHandle h, int i) => h.Dependent = new Probe(i);

    private static void Typed()
    {
        var strong = new GCHandle<Probe>(new Probe(1));
        var pinned = new PinnedGCHandle<byte[]>(new byte[9]);
        var weak = new WeakGCHandle<Probe>(strong.Target);
        Lab.Collect();
        Lab.Expect("typed", strong.Target.Is(1) && pinned.Target.Length == 9 && weak.TryGetTarget(out Probe? p) && p.Is(1));
        strong.Dispose();
        pinned.Dispose();
        weak.Dispose();
        GCHandle h = GCHandle.Alloc(new object());
        GCHandle copy = GCHandle.FromIntPtr(GCHandle.ToIntPtr(h));
        Lab.Expect("same handle", copy == h && copy.Target == h.Target);
        h.Free();
        string text = "";
        try { h.Free(); } catch (InvalidOperationException e) { text = e.Message; }
        Console.WriteLine(text);
        try { _ = h.Target; } catch (InvalidOperationException e) { text = e.Message; }
        Console.WriteLine(text);
        try { GCHandle.Alloc(new Probe(1), GCHandleType.Pinned); } catch (ArgumentException e) { text = e.Message; }
        Console.WriteLine(text);
        h = GCHandle.Alloc("text", GCHandleType.Weak);
        try { h.AddrOfPinnedObject(); } catch (InvalidOperationException e) { text = e.Message; }
        Console.WriteLine(text);
        h.Free();
    }

    private static void Threads()
    {
        int wrong = 0;
        var threads = Enumerable.Range(0, 4).Select(n => new Thread(() =>
        {
            var ring = new GCHandle[100];
            for (int i = 0; i < 5000; i++)
            {
                ref GCHandle h = ref ring[i % 100];
                if (h.IsAllocated)
                {
                    if (h.Target is Probe p && !p.Is(n * 10_000 + i - 100)) Interlocked.Increment(ref wrong);
                    h.Free();
                }
                h = Fresh(n * 10_000 + i, s_kinds[i % 3]);
                if (i % 1000 == 500) Lab.Collect(n % 3);
            }
            foreach (GCHandle h in ring) h.Free();
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Lab.Expect("handles of other threads", wrong == 0, wrong);
    }

    private static void Main()
    {
        Kinds();
        Retargeted();
        Dependents();
        Typed();
        Threads();
        Lab.Done("handles");
    }
}
