// output: as asked
// stress: no
// The newest record of each kind of collection: what was asked for is filed under its kind and no other, a background one when it is over.
internal static class Program
{
    private static bool s_bad;

    private static void Expect(bool ok, string what)
    {
        if (ok) return;
        s_bad = true;
        Console.WriteLine("not so: " + what);
    }

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
        Expect(full > young && full == Index(GCKind.Any), "a full one is the newest");
        Background();
        // The reference may collect generation 1 just before a background one, and count it.
        long background = Index(GCKind.Background), newest = Index(GCKind.Any);
        Expect(background > full && Index(GCKind.FullBlocking) == full && Index(GCKind.Ephemeral) <= full + 1, "a background one counts as itself");
        GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.Background);
        Expect(info.Concurrent && info.Generation == 2, "it is concurrent, of generation 2");
        GC.Collect();
        Expect(Index(GCKind.Background) == background && Index(GCKind.FullBlocking) > newest, "a blocking one is not filed with it");
        newest = Index(GCKind.Any);
        GC.Collect(1);
        Expect(Index(GCKind.Ephemeral) > newest && Index(GCKind.FullBlocking) == newest && GC.GetGCMemoryInfo().Generation == 1, "a young one is ephemeral");
        if (!s_bad) Console.WriteLine("as asked");
        GC.KeepAlive(live);
    }
}
