// also: common/GcLab.cs
// Marking ends and needs no deep native stack: a ring of a million, a list of a million, a tree that leans to one side, a dense graph, and long
// chains through every kind of object; they stay whole while they are held and go when they are not.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal sealed class Link { public Link? Next; public int Id; }

internal static class Program
{
    private const int Long = 1_000_000;
    private static object? s_held;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference List(int n, bool ring)
    {
        var first = new Link();
        Link last = first;
        for (int i = 1; i < n; i++) last = last.Next = new Link { Id = i };
        if (ring) last.Next = first;
        s_held = first;
        return new WeakReference(last);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Walk(int n)
    {
        long sum = 0;
        var link = (Link?)s_held;
        for (int i = 0; i < n; i++) { sum += link!.Id == i ? 1 : 0; link = link.Next; }
        Lab.Expect("end of the list", link == null || ReferenceEquals(link, s_held));
        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Chain(int n)
    {
        object? o = null;
        var last = new Probe(-1);
        o = last;
        for (int i = 0; i < n; i++)
        {
            object? inner = o;
            o = (i % 9) switch
            {
                0 => new object?[] { null, inner },
                1 => new Pair(null, i, inner),
                2 => new Func<object?>(() => inner),
                3 => new object?[2, 2] { { null, null }, { inner, null } },
                4 => new List<object?> { inner },
                5 => new Probe(i) { Ref = inner },
                6 => Tuple.Create(i, inner),
                7 => new Pair?[] { null, new Pair(inner, i, null) },
                _ => new KeyValuePair<string, object?>[] { new("k", inner) },
            };
        }
        s_held = o;
        return new WeakReference(last);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Unchain(int n)
    {
        object? o = s_held;
        for (int i = n - 1; i >= 0; i--)
            o = (i % 9) switch
            {
                0 => ((object?[])o!)[1],
                1 => ((Pair)o!).Second,
                2 => ((Func<object?>)o!)(),
                3 => ((object?[,])o!)[1, 0],
                4 => ((List<object?>)o!)[0],
                5 => ((Probe)o!).Ref,
                6 => ((Tuple<int, object?>)o!).Item2,
                7 => ((Pair?[])o!)[1]!.Value.First,
                _ => ((KeyValuePair<string, object?>[])o!)[0].Value,
            };
        return ((Probe)o!).Id;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Dense(int n)
    {
        var all = new object[n][];
        for (int i = 0; i < n; i++) all[i] = new object[n];
        for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) all[i][j] = all[(i * 7 + j) % n];
        s_held = all;
        return new WeakReference(all[n / 2]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Handles(int n)
    {
        var last = new Probe(n);
        object key = last;
        var handles = new System.Runtime.DependentHandle[n];
        for (int i = 0; i < n; i++) { object k = new(); handles[i] = new System.Runtime.DependentHandle(k, key); key = k; }
        s_held = (key, handles);
        return new WeakReference(last);
    }

    private static void Main()
    {
        foreach (bool ring in new[] { false, true })
        {
            WeakReference w = List(Long, ring);
            Lab.Collect(0);
            Lab.Collect();
            Lab.Expect("links in order", Walk(Long) == Long);
            Lab.Expect("last link lives", w.IsAlive);
            s_held = null;
            Lab.Expect("list of a million goes", Lab.Die([w]));
        }
        WeakReference chain = Chain(90_000);
        Lab.Collect(0);
        Lab.Collect(1);
        Lab.Collect();
        Lab.Expect("chain through all kinds", Unchain(90_000) == -1);
        s_held = null;
        Lab.Expect("chain goes", Lab.Die([chain]));
        WeakReference dense = Dense(400);
        Lab.Collect();
        var all = (object[][])s_held!;
        Lab.Expect("dense graph", ReferenceEquals(all[3][5], all[26]) && dense.IsAlive);
        all = null;
        s_held = null;
        // Each key is kept by the value of the one before: the chain of dependent handles is followed to its end.
        WeakReference handles = Handles(300);
        Lab.Collect(0);
        Lab.Collect();
        Lab.Expect("chain of dependent handles", handles.IsAlive);
        FreeHandles();
        Lab.Expect("chain of dependent handles goes", Lab.Die([handles]));
        Lab.Done("linked structures");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FreeHandles()
    {
        var (_, handles) = ((object, System.Runtime.DependentHandle[]))s_held!;
        s_held = handles;
        Lab.Collect();
        s_held = null;
        for (int i = 0; i < handles.Length; i++) handles[i].Dispose();
    }
}
