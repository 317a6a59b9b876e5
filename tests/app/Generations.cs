// stress: loose
// env: DOTNET_GCgen0size=2000000
// also: common/GcLab.cs
// Survivors grow old: 0, 1, 2 and stay there; a collection of a generation leaves the older ones alone; collections start by themselves when
// the young generation is full, and count for the younger ones too.
using System.Runtime.CompilerServices;

internal static class Program
{
    private static object? s_garbage;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object[] New(int n) { var all = new object[n]; for (int i = 0; i < n; i++) all[i] = new Probe(i); return all; }
    private static int In(int generation, object[] all) => all.Count(o => GC.GetGeneration(o) == generation);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Dead(int n, int generation)
    {
        object[] all = New(n);
        for (int i = 0; i < generation; i++) Lab.Collect(i);
        Lab.Expect("generation of those to die", In(generation, all), n - 2, n);
        return Array.ConvertAll(all, o => new WeakReference(o));
    }

    private static void Ages()
    {
        object[] all = New(100);
        Lab.Expect("new in generation 0", In(0, all), 98, 100);
        Lab.Collect(0);
        Lab.Expect("after one collection in 1", In(1, all), 98, 100);
        Lab.Collect(0);
        Lab.Expect("generation 1 is left alone by a collection of 0", In(1, all), 98, 100);
        Lab.Collect(1);
        Lab.Expect("then in 2", In(2, all), 98, 100);
        Lab.Collect(2);
        Lab.Expect("and there", In(2, all) == 100, In(2, all));
        object[] straight = New(100);
        GC.Collect();
        GC.Collect();
        Lab.Expect("two full collections", In(2, straight), 98, 100);
        Lab.Expect("oldest generation", GC.MaxGeneration == 2);
        Lab.Expect("weak reference's generation", GC.GetGeneration(new WeakReference(all[3])) == 2);
    }

    private static void Old()
    {
        WeakReference[] young = Dead(100, 0), middle = Dead(100, 1), old = Dead(100, 2);
        WeakReference[] young2 = Dead(100, 0);
        Lab.Collect(0);
        Lab.Expect("dead of generation 0 after a collection of 0", Lab.Alive(young2), 0, 3);
        Lab.Expect("dead of generation 2 are still there", Lab.Alive(old) == 100, Lab.Alive(old));
        Lab.Collect(1);
        Lab.Expect("dead of generation 1 after a collection of 1", Lab.Alive(middle), 0, 3);
        Lab.Expect("dead of generation 2 are there yet", Lab.Alive(old) == 100, Lab.Alive(old));
        Lab.Collect(2);
        Lab.Expect("dead of generation 2 after a full one", Lab.Alive(old), 0, 3);
        Lab.Expect("dead of generation 0 long gone", Lab.Alive(young), 0, 3);
    }

    // A dead old object that points to a young one keeps it until it goes itself.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] DeadOldToYoung(out WeakReference[] owners)
    {
        var old = new Probe[100];
        for (int i = 0; i < 100; i++) old[i] = new Probe(i);
        Lab.Collect(0);
        Lab.Collect(1);
        owners = Array.ConvertAll(old, p => new WeakReference(p));
        return Array.ConvertAll(old, p => { p.Ref = new Probe(p.Id + 1000); return new WeakReference(p.Ref); });
    }

    private static void Nepotism()
    {
        WeakReference[] young = DeadOldToYoung(out WeakReference[] owners);
        Lab.Collect(0);
        Lab.Expect("held by dead old objects", Lab.Alive(young) == 100 && Lab.Alive(owners) == 100, Lab.Alive(young));
        Lab.Expect("gone with them", Lab.Die(young, 3) && Lab.Die(owners, 3));
    }

    private static void Counts()
    {
        int[] before = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
        GC.Collect(0);
        int[] zero = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
        GC.Collect(1);
        GC.Collect(2);
        int[] after = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
        Lab.Expect("count after a collection of 0", zero[0] > before[0] && zero[1] >= before[1]);
        Lab.Expect("counts after collections of 1 and 2", after[0] >= zero[0] + 2 && after[1] >= zero[1] + 2 && after[2] >= zero[2] + 1);
        int start = GC.CollectionCount(0);
        long bytes = 0;
        while (GC.CollectionCount(0) < start + 3 && bytes < 4_000_000_000) { s_garbage = new byte[1000]; bytes += 1024; }
        Lab.Expect("bytes until three collections", bytes, 1, 3_000_000_000);
        Lab.Expect("generation 1 is collected less often", GC.CollectionCount(1) <= GC.CollectionCount(0) && GC.CollectionCount(2) <= GC.CollectionCount(1));
    }

    private static void Main()
    {
        Ages();
        Old();
        Nepotism();
        Counts();
        Lab.Done("generations");
    }
}
