// stress: no
// The newest record of each kind of collection: what was asked for is filed under its kind and no other, a background one when it is over.
internal static class Program
{
    private static long Index(GCKind kind) => GC.GetGCMemoryInfo(kind).Index;

    private static void Background()
    {
        long before = Index(GCKind.Background);
        GC.Collect(2, GCCollectionMode.Forced, false);
        for (int i = 0; i < 500 && Index(GCKind.Background) == before; i++) Thread.Sleep(10);
    }

    private static void Main()
    {
        var live = new List<byte[]>();
        for (int i = 0; i < 20_000; i++) live.Add(new byte[1000]);
        GC.Collect(0);
        GC.Collect();
        long young = Index(GCKind.Ephemeral), full = Index(GCKind.FullBlocking);
        Console.WriteLine($"{full == young + 1} {full == Index(GCKind.Any)}");
        int young1 = GC.CollectionCount(1);
        Background();
        Console.WriteLine($"{Index(GCKind.Ephemeral) == young} {Index(GCKind.FullBlocking) == full} {Index(GCKind.Background) == full + 1}");
        Console.WriteLine($"{GC.CollectionCount(1) - young1} {GC.GetGCMemoryInfo(GCKind.Background).Concurrent} {GC.GetGCMemoryInfo(GCKind.Background).Generation}");
        GC.Collect();
        Console.WriteLine($"{Index(GCKind.Ephemeral) == young} {Index(GCKind.FullBlocking) == full + 2}");
        GC.Collect(1);
        Console.WriteLine($"{Index(GCKind.Ephemeral) == full + 3} {Index(GCKind.FullBlocking) == full + 2} {GC.GetGCMemoryInfo().Generation}");
        GC.KeepAlive(live);
    }
}
