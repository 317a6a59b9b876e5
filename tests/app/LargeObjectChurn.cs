// output: buffers without end: OK
// also: common/GcLab.cs
// Buffers of 90 to 200 KB with random lifetimes, without end: the heap stays about as large as what lives in it, and there is always room for
// the next one.  With a pool of arrays nothing is allocated at all.  Arguments: cycles, the percentage of unused space that is still right, slots.
using System.Buffers;
using System.Runtime.CompilerServices;

internal static class Program
{
    private static long s_live;
    private static readonly List<TimeSpan> s_pauses = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[]?[] Churn(int cycles, int n, Random random)
    {
        var slots = new byte[n][];
        for (int i = 0, seen = 0; i < cycles; i++)
        {
            if (GC.CollectionCount(0) != seen)
            {
                seen = GC.CollectionCount(0);
                s_pauses.Add(GC.GetGCMemoryInfo().PauseDurations[0]);
            }
            ref byte[] slot = ref slots[random.Next(3) == 0 ? random.Next(n) : random.Next(n / 5)];
            if (slot != null && (slot[0] != 7 || slot[^1] != 9)) Lab.Expect("buffer", false, slot[0]);
            slot = GC.AllocateUninitializedArray<byte>(random.Next(90_000, 200_000));
            slot[0] = 7;
            slot[^1] = 9;
        }
        return slots;
    }

    private static void Main(string[] args)
    {
        int cycles = int.Parse(args[0]), right = int.Parse(args[1]), n = int.Parse(args[2]);
        byte[]?[] slots = Churn(cycles, n, new Random(5));
        GC.Collect();
        foreach (byte[]? b in slots) s_live += b?.Length ?? 0;
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        GCGenerationInfo large = info.GenerationInfo[3];
        Lab.Expect("large heap", large.SizeAfterBytes, s_live, 4 * s_live);
        Lab.Expect("percent unused", 100 * large.FragmentationAfterBytes / large.SizeAfterBytes, 0, right);
        s_pauses.Sort();
        Lab.Expect("microseconds of a pause, lower quartile", (long)s_pauses[s_pauses.Count / 4].TotalMicroseconds, 1, 10_000);
        GC.KeepAlive(slots);
        long before = GC.GetTotalAllocatedBytes();
        for (int i = 0; i < cycles; i++)
        {
            byte[] a = ArrayPool<byte>.Shared.Rent(90_000 + i % 30_000);
            a[0] = 1;
            ArrayPool<byte>.Shared.Return(a);
        }
        Lab.Expect("bytes allocated with a pool", GC.GetTotalAllocatedBytes() - before, 0, 1_000_000);
        Lab.Done("buffers without end");
    }
}
