// stress: loose 4
// The large-object space as a program sees it: the threshold, who collects it, compaction on request, contents and identity of what moves.
using System;
using System.Runtime;
using System.Runtime.CompilerServices;

static class LargeObjects
{
    static void Main()
    {
        Threshold();
        Generations();
        Contents();
        Cards();
        Pinned();
        CompactOnce();
        Huge();
    }

    static void Threshold()
    {
        Console.WriteLine($"byte[84975] {GC.GetGeneration(new byte[84975])}, byte[84976] {GC.GetGeneration(new byte[84976])}");
        Console.WriteLine($"object[10621] {GC.GetGeneration(new object[10621])}, object[10622] {GC.GetGeneration(new object[10622])}");
        Console.WriteLine($"string of 42488 {GC.GetGeneration(new string('x', 42488))}, of 42489 {GC.GetGeneration(new string('x', 42489))}");
        Console.WriteLine($"int[100,212] {GC.GetGeneration(new int[100, 212])}, int[100,213] {GC.GetGeneration(new int[100, 213])}");
        Console.WriteLine($"uninitialised {GC.GetGeneration(GC.AllocateUninitializedArray<byte>(84976))}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static WeakReference Dead(int n) => new WeakReference(new byte[n]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Scrub(int depth)
    {
        Span<long> s = stackalloc long[32];
        s.Clear();
        if (depth > 0)
            Scrub(depth - 1);
    }

    static void Generations()
    {
        WeakReference large = Dead(100_000), small = Dead(1_000);
        Scrub(20);
        GC.Collect(0);
        Console.WriteLine($"after Collect(0): large {large.IsAlive}, small {small.IsAlive}");
        GC.Collect(1);
        Console.WriteLine($"after Collect(1): large {large.IsAlive}");
        GC.Collect(2);
        Console.WriteLine($"after Collect(2): large {large.IsAlive}");
    }

    static void Contents()
    {
        long dirty = 0;
        byte[][] kept = new byte[64][];
        var random = new Random(7);
        for (int i = 0; i < 4000; i++)
        {
            var a = new byte[85_000 + random.Next(120_000)];
            for (int k = 0; k < a.Length; k += 509)
                dirty += a[k];
            dirty += a[^1];
            Array.Fill(a, (byte)(i | 1));
            kept[random.Next(kept.Length)] = a;
        }
        bool whole = true;
        foreach (byte[] a in kept)
            whole &= a.AsSpan().IndexOfAnyExcept(a[0]) < 0;
        Console.WriteLine($"new arrays are zero: {dirty == 0}; kept ones are whole: {whole}");
    }

    sealed class Node
    {
        public int Value;
        public Node Next;
    }

    static void Cards()
    {
        var table = new Node[50_000];
        for (int round = 0; round < 5; round++)
        {
            for (int i = round; i < table.Length; i += 7)
                table[i] = new Node { Value = i, Next = new Node { Value = -i } };
            GC.Collect(round % 3);
        }
        long sum = 0, inner = 0;
        foreach (Node n in table)
            if (n != null)
            {
                sum += n.Value;
                inner += n.Next.Value;
            }
        Console.WriteLine($"young objects behind a large array: {sum} {inner}");
    }

    static unsafe void Pinned()
    {
        byte[] big = GC.AllocateArray<byte>(200_000, pinned: true), little = GC.AllocateArray<byte>(100, pinned: true);
        fixed (byte* p = big, q = little)
        {
            nint a = (nint)p, b = (nint)q;
            bool same = true;
            for (int i = 0; i < 3; i++)
            {
                GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
                GC.Collect(2, GCCollectionMode.Forced, true, true);
                fixed (byte* p2 = big, q2 = little)
                    same &= (nint)p2 == a && (nint)q2 == b;
            }
            Console.WriteLine($"pinned arrays: generations {GC.GetGeneration(big)} {GC.GetGeneration(little)}, stay: {same}");
        }
    }

    static double Fragmentation()
    {
        GCGenerationInfo large = GC.GetGCMemoryInfo(GCKind.FullBlocking).GenerationInfo[3];
        return large.SizeAfterBytes == 0 ? 0 : (double)large.FragmentationAfterBytes / large.SizeAfterBytes;
    }

    static void CompactOnce()
    {
        Console.WriteLine(GCSettings.LargeObjectHeapCompactionMode);
        byte[][] all = new byte[1000][];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = new byte[100_000];
            all[i][0] = (byte)i;
            all[i][^1] = (byte)(i >> 8);
        }
        int[] hashes = new int[all.Length];
        for (int i = 0; i < all.Length; i++)
            hashes[i] = RuntimeHelpers.GetHashCode(all[i]);
        for (int i = 0; i < all.Length; i += 2)
            all[i] = null;
        GC.Collect(0);
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        Console.WriteLine(GCSettings.LargeObjectHeapCompactionMode);
        GC.Collect(1);
        Console.WriteLine($"after Collect(1): {GCSettings.LargeObjectHeapCompactionMode}");
        GC.Collect();
        Console.WriteLine($"after Collect(): {GCSettings.LargeObjectHeapCompactionMode}, fragmentation below a tenth: {Fragmentation() < 0.1}");
        bool whole = true;
        for (int i = 1; i < all.Length; i += 2)
            whole &= all[i][0] == (byte)i && all[i][^1] == (byte)(i >> 8) && all[i][50_000] == 0 && RuntimeHelpers.GetHashCode(all[i]) == hashes[i];
        Console.WriteLine($"contents and hash codes: {whole}");
        try
        {
            GCSettings.LargeObjectHeapCompactionMode = (GCLargeObjectHeapCompactionMode)3;
        }
        catch (ArgumentOutOfRangeException e)
        {
            Console.WriteLine(e.ParamName);
        }
    }

    static void Huge()
    {
        WeakReference w = Use(600_000_000);
        Scrub(20);
        GC.Collect();
        Console.WriteLine($"600 MB: collected {!w.IsAlive}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static WeakReference Use(int n)
    {
        var a = new byte[n];
        a[^1] = 1;
        a[n / 2] = 2;
        Console.WriteLine($"600 MB: {a[0]} {a[^1]} {a[n / 2]}");
        return new WeakReference(a);
    }
}
