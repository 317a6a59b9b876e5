// stress: loose 10
// env: DOTNET_GCHeapHardLimit=6400000
// also: common/GcLab.cs
// 10 GB go through a heap of 100 MB, in objects of all sizes, with 20 MB of them alive at any time.
internal static class Program
{
    private static void Main()
    {
        var live = new byte[320][];
        var small = new Probe?[1000];
        long total = 0;
        for (int i = 0; total < 10_000_000_000; i++)
        {
            int size = i % 50 == 0 ? 600_000 : i % 5 == 0 ? 130_000 : 60_000;
            var a = i % 2 == 0 ? new byte[size] : GC.AllocateUninitializedArray<byte>(size);
            a[0] = a[size - 1] = (byte)i;
            live[i % 320] = i % 50 == 0 && i % 400 != 0 ? null! : a;
            small[i % 1000] = new Probe(i) { Ref = a.Length.ToString() };
            total += size;
            byte[] old = live[i * 7 % 320];
            if (old != null && old[0] != old[^1]) Lab.Expect("array", false, old.Length);
            if (small[i * 11 % 1000] is { Intact: false } p) Lab.Expect("small object", false, p.Id);
        }
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        Lab.Expect("heap", info.HeapSizeBytes, 1_000_000, 100 << 20);
        Lab.Expect("committed", info.TotalCommittedBytes, 1_000_000, 105 << 20);
        Lab.Expect("available", info.TotalAvailableMemoryBytes == 100 << 20, info.TotalAvailableMemoryBytes);
        Lab.Expect("allocated", GC.GetTotalAllocatedBytes() >= total, GC.GetTotalAllocatedBytes());
        Lab.Expect("collections", GC.CollectionCount(0), 50, 1_000_000);
        Lab.Done("10 GB under a limit of 100 MB");
    }
}
