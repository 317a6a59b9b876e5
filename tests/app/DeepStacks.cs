// also: common/GcLab.cs
// A collection at the leaf of a deep recursion: every frame's live references are found and made right, and references that
// dead frames left are not; also with several deep threads at once, and with frames of generic, struct and interior kinds between.
using System.Runtime.CompilerServices;

internal static class Program
{
    private const int Depth = 200;
    private static readonly WeakReference[] s_weak = new WeakReference[Depth];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Live(int n)
    {
        var p = new Probe(n);
        s_weak[n] = new WeakReference(p);
        long below = n + 1 < Depth ? Live(n + 1) : Leaf();
        Lab.Expect("frame " + n, p.Is(n));
        return below + p.Id;
    }

    private static long Leaf()
    {
        Lab.Collect(0);
        Lab.Noise();
        Lab.Collect();
        Lab.Expect("live references", Lab.Alive(s_weak) == Depth, Lab.Alive(s_weak));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static void Drop(int n) => s_weak[n] = new WeakReference(new Probe(n));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Dead(int n)
    {
        Drop(n);
        if (n + 1 < Depth) return Dead(n + 1) + 1;
        Lab.Collect(0);
        Lab.Collect();
        Lab.Expect("of 200 dropped, at most 3 live", Lab.Alive(s_weak) <= 3, Lab.Alive(s_weak));
        return 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Mixed<T>(int n, T tag, Pair pair, ref long place, Span<object> span, Action leaf)
    {
        var here = new Probe(n);
        object[] own = [here, n, "s" + n];
        long[] numbers = [n, n + 1, n + 2];
        var next = new Pair(here, n, own);
        int below;
        if (n == 0) { leaf(); below = 0; }
        else if (n % 3 == 0) below = Mixed(n - 1, own, next, ref numbers[1], own, leaf);
        else if (n % 3 == 1) below = Mixed(n - 1, n, next, ref next.Number, span, leaf);
        else below = Mixed(n - 1, (n, here), next, ref place, own.AsSpan(1), leaf);
        bool ok = here.Is(n) && (string)own[2] == "s" + n && (int)own[1] == n && numbers[2] == n + 2 && ReferenceEquals(next.First, own[0]);
        ok &= pair.First is Probe up && up.Is((int)pair.Number) && pair.Second is object[] { Length: 3 };
        ok &= place >= 0 && span.Length > 0 && span[^1] is string && tag is not null;
        Lab.Expect("mixed frame " + n, ok);
        return below + 1;
    }

    private static void Start(int depth, Action leaf)
    {
        object[] first = [new Probe(depth + 1), 0, "s"];
        long place = 1;
        Lab.Expect("depth", Mixed(depth, "start", new Pair(first[0], depth + 1, first), ref place, first, leaf) == depth + 1);
    }

    private static void Main()
    {
        Live(0);
        Lab.Expect("let go", Lab.Die(s_weak, 3));
        Dead(0);
        Start(300, () => { for (int i = 0; i < 3; i++) { Lab.Collect(i); Lab.Noise(); } });
        Start(2000, () => { Lab.Collect(); Lab.Noise(); Lab.Collect(0); });
        using var barrier = new Barrier(3);
        var threads = new Thread[3];
        for (int t = 0; t < 3; t++)
        {
            threads[t] = new Thread(() => Start(150, () =>
            {
                barrier.SignalAndWait();
                for (int i = 0; i < 3; i++) { Lab.Collect(i); Lab.Noise(); }
                barrier.SignalAndWait();
            }));
            threads[t].Start();
        }
        foreach (Thread t in threads) t.Join();
        Lab.Done("deep stacks");
    }
}
