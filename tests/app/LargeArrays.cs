// stress: loose
// also: common/GcLab.cs
// Arrays of 85,000 bytes and more are made in the large-object heap: they count as generation 2, go with a full collection, stay where they are,
// and are packed together when asked.  Argument: the first size that is large.
using System.Runtime;
using System.Runtime.CompilerServices;

internal sealed class SmallClass { public byte[]? LargeArray; public int Number; }

internal sealed class Owner { public byte[]? LargeArray; }

internal static class Program
{
    private static object? s_made;
    private static int s_first;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Cost(Func<object> make)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        s_made = make();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Threshold()
    {
        Lab.Expect("generation of one byte less", GC.GetGeneration(new byte[s_first - 24 - 8]) == 0);
        Lab.Expect("generation of the first large array", GC.GetGeneration(new byte[s_first - 24]) == 2, GC.GetGeneration(new byte[s_first - 24]));
        Lab.Expect("generation of a large array of references", GC.GetGeneration(new object[s_first / 8]) == 2);
        Lab.Expect("generation of a large string", GC.GetGeneration(new string('x', s_first / 2)) == 2);
        Lab.Expect("generation of a large matrix", GC.GetGeneration(new double[s_first / 400, 60]) == 2);
        Lab.Expect("generation of uninitialised memory", GC.GetGeneration(GC.AllocateUninitializedArray<byte>(s_first)) == 2);
        Lab.Expect("bytes of an array of 85,000", Cost(() => new byte[85_000]) == 85_024, Cost(() => new byte[85_000]));
        Lab.Expect("bytes of its owner, generation 0", Cost(() => new Owner()) == 24 && GC.GetGeneration(new Owner()) == 0, Cost(() => new Owner()));
        long[] sizes = [84_930, 10, 15, 20, 25];
        foreach (long size in sizes)
        {
            var s = new SmallClass { LargeArray = new byte[size] };
            Lab.Expect("owner of an array", GC.GetGeneration(s) == 0);
            Lab.Expect("array of " + size, GC.GetGeneration(s.LargeArray) == (size + 24 >= s_first ? 2 : 0));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Dead(int n)
    {
        var all = new WeakReference[n];
        for (int i = 0; i < n; i++) all[i] = new WeakReference(new byte[s_first + i]);
        return all;
    }

    private static void OnlyFull()
    {
        Lab.Collect();
        WeakReference[] dead = Dead(8);
        GC.Collect(0);
        Lab.Expect("dead large ones after a collection of 0", Lab.Alive(dead) == 8, Lab.Alive(dead));
        GC.Collect(1);
        Lab.Expect("after a collection of 1", Lab.Alive(dead) == 8, Lab.Alive(dead));
        Lab.Collect(2);
        Lab.Expect("after a full collection", Lab.Alive(dead), 0, 2);
    }

    // Young objects in large arrays, and in one array of a hundred thousand.
    private static void Contents()
    {
        var all = new object?[200_000];
        GC.Collect();
        for (int round = 0; round < 5; round++)
        {
            Put(all, round);
            Lab.Collect(round % 2);
            Lab.Noise(1000);
            for (int i = round; i < all.Length; i += 997) Lab.Expect("young object in a large array", all[i] is Probe p && p.Is(i));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Put(object?[] all, int from) { for (int i = from; i < all.Length; i += 997) all[i] = new Probe(i); }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[]?[] Holes(int n, int size)
    {
        var all = new byte[n][];
        for (int i = 0; i < n; i++) { all[i] = GC.AllocateUninitializedArray<byte>(size); all[i][i] = (byte)i; all[i][size - 1] = (byte)i; }
        for (int i = 0; i < n; i += 2) all[i] = null!;
        return all;
    }

    private static void Packed()
    {
        const int n = 400;
        Lab.Collect();
        int size = s_first + 20_000;
        byte[]?[] all = Holes(n, size);
        nint[] before = Array.ConvertAll(all, a => a == null ? 0 : Lab.Address(a));
        Lab.Expect("mode", GCSettings.LargeObjectHeapCompactionMode == GCLargeObjectHeapCompactionMode.Default);
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        Lab.Expect("mode set", GCSettings.LargeObjectHeapCompactionMode == GCLargeObjectHeapCompactionMode.CompactOnce);
        GC.Collect(2, GCCollectionMode.Forced, true, true);
        Lab.Expect("mode is back", GCSettings.LargeObjectHeapCompactionMode == GCLargeObjectHeapCompactionMode.Default);
        int moved = 0;
        for (int i = 1; i < n; i += 2)
        {
            if (Lab.Address(all[i]!) != before[i]) moved++;
            Lab.Expect("large array after the move", all[i]![i] == (byte)i && all[i]![size - 1] == (byte)i && all[i]!.Length == size);
        }
        Lab.Expect("of 200 large arrays moved", moved, 100, 200);
        GCGenerationInfo large = GC.GetGCMemoryInfo(GCKind.FullBlocking).GenerationInfo[3];
        Lab.Expect("size of the large heap", large.SizeAfterBytes, n / 2 * (long)size, n * (long)size);
        Lab.Expect("percent of it unused", 100 * large.FragmentationAfterBytes / large.SizeAfterBytes, 0, 6);
    }

    private static void Main(string[] args)
    {
        s_first = int.Parse(args[0]);
        Threshold();
        OnlyFull();
        Contents();
        Packed();
        Lab.Done("large objects from " + s_first);
    }
}
