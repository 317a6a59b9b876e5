// Large objects under load.
//   large replay CYCLES LIVE   buffers of 90 to 200 KB with random lifetimes: fragmentation, pauses, time of an allocation
//   large pool CYCLES LIVE     the same with ArrayPool
//   large drop BYTES COUNT     arrays that nobody keeps; each is written once
//   large bare BYTES COUNT     the same, not written
using System;
using System.Buffers;
using System.Diagnostics;

static class Program
{
    static int Main(string[] args)
    {
        if (args.Length != 3)
            return 2;
        int a = int.Parse(args[1]), b = int.Parse(args[2]);
        switch (args[0])
        {
            case "replay": Replay(a, b, null); return 0;
            case "pool": Replay(a, b, ArrayPool<byte>.Create(256 * 1024, b + 8)); return 0;
            case "drop": Drop(a, b, true); return 0;
            case "bare": Drop(a, b, false); return 0;
        }
        return 2;
    }

    static void Replay(int cycles, int count, ArrayPool<byte> pool)
    {
        var live = new byte[count][];
        var random = new Random(42);
        long[] times = new long[cycles];
        long used = 0, samples = 0, seen = 0, lost = 0;
        double fragmentation = 0, worst = 0, longest = 0, committed = 0;
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < cycles; i++)
        {
            int k = random.Next(count), n = random.Next(90_000, 200_000);
            if (live[k] != null)
            {
                lost += live[k][0] != (byte)k ? 1 : 0;
                used -= live[k].Length;
                pool?.Return(live[k]);
            }
            long start = Stopwatch.GetTimestamp();
            byte[] a = pool != null ? pool.Rent(n) : new byte[n];
            times[i] = Stopwatch.GetTimestamp() - start;
            a[0] = (byte)k;
            for (int p = 4096; p < n; p += 4096)
                a[p] = 1;
            live[k] = a;
            used += a.Length;
            if (i % 64 != 0 || i < cycles / 10)
                continue;
            GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.Any);
            foreach (TimeSpan pause in info.PauseDurations)
                longest = Math.Max(longest, pause.TotalMilliseconds);
            GCMemoryInfo full = GC.GetGCMemoryInfo(GCKind.Background);
            if (GC.GetGCMemoryInfo(GCKind.FullBlocking).Index > full.Index)
                full = GC.GetGCMemoryInfo(GCKind.FullBlocking);
            if (full.Index == seen)
                continue;
            seen = full.Index;
            GCGenerationInfo large = full.GenerationInfo[3];
            double share = large.SizeAfterBytes == 0 ? 0 : 100.0 * large.FragmentationAfterBytes / large.SizeAfterBytes;
            fragmentation += share;
            worst = Math.Max(worst, share);
            committed += 100.0 * info.TotalCommittedBytes / used;
            samples++;
        }
        double ms = clock.Elapsed.TotalMilliseconds;
        Array.Sort(times);
        double us = 1e6 / Stopwatch.Frequency;
        samples = Math.Max(samples, 1);
        Console.WriteLine($"{ms:F0} ms, allocation p50 {times[cycles / 2] * us:F1} us, p99 {times[cycles / 100 * 99] * us:F1}, p99.9 {times[cycles / 1000 * 999] * us:F1}, " +
                          $"max {times[^1] * us:F0}");
        Console.WriteLine($"collections {GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)}, paused {GC.GetTotalPauseDuration().TotalMilliseconds:F0} ms, " +
                          $"longest seen {longest:F2} ms; lost {lost}");
        Console.WriteLine($"fragmentation of the large-object space after full collections: mean {fragmentation / samples:F1} %, worst {worst:F1} % ({samples} seen)");
        Console.WriteLine($"live {used / 1e6:F0} MB, committed {committed / samples:F0} % of it, peak working set {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB, " +
                          $"allocated {GC.GetTotalAllocatedBytes() / 1e6:F0} MB");
    }

    static void Drop(int bytes, int count, bool write)
    {
        long sum = 0;
        for (int round = 0; round < 3; round++)
        {
            var clock = Stopwatch.StartNew();
            for (int i = 0; i < count; i++)
            {
                var a = new byte[bytes];
                if (write)
                    a.AsSpan().Fill((byte)i);
                sum += a[bytes / 2];
            }
            double us = clock.Elapsed.TotalMicroseconds / count;
            Console.WriteLine($"round {round}: {us:F2} us an array, {bytes / us / 1e3:F2} GB/s; collections {GC.CollectionCount(2)}, sum {sum}");
        }
    }
}
