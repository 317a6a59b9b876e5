// stress: loose
// Memory outside the heap: announcing much of it makes collections come, so that finalisers give it back.
internal sealed class Native
{
    public static long Held;
    private readonly long _bytes;

    public Native(long bytes)
    {
        _bytes = bytes;
        Interlocked.Add(ref Held, bytes);
        GC.AddMemoryPressure(bytes);
    }

    ~Native()
    {
        Interlocked.Add(ref Held, -_bytes);
        GC.RemoveMemoryPressure(_bytes);
    }
}

internal static class Program
{
    private static void Try(Action f)
    {
        try { f(); Console.WriteLine("done"); }
        catch (Exception e) { Console.WriteLine($"{e.GetType().Name}: {e.Message}"); }
    }

    private static void Main()
    {
        Try(() => GC.AddMemoryPressure(0));
        Try(() => GC.AddMemoryPressure(-1));
        Try(() => GC.RemoveMemoryPressure(0));
        Try(() => GC.RemoveMemoryPressure(-1));
        Try(() => GC.RemoveMemoryPressure(1000));
        int before = GC.CollectionCount(0);
        for (int i = 0; i < 60; i++) GC.AddMemoryPressure(100_000); // small ones count from the first few megabytes on
        Console.WriteLine(GC.CollectionCount(0) > before);
        for (int i = 0; i < 60; i++) GC.RemoveMemoryPressure(100_000);
        Thread.Sleep(200); // the reference lets time pass between two collections
        before = GC.CollectionCount(0);
        for (int i = 0; i < 100; i++) GC.AddMemoryPressure(10_000_000);
        int risen = GC.CollectionCount(0) - before;
        Console.WriteLine($"{risen > 0} {risen < 60}");
        for (int i = 0; i < 100; i++) GC.RemoveMemoryPressure(10_000_000);
        before = GC.CollectionCount(0);
        for (int i = 0; i < 1000; i++) { GC.AddMemoryPressure(1000); GC.RemoveMemoryPressure(1000); }
        Console.WriteLine(GC.CollectionCount(0) - before < 3);
        before = GC.CollectionCount(0);
        for (int i = 0; i < 3000; i++) { _ = new Native(10_000_000); if (i % 100 == 0) Thread.Sleep(1); }
        Console.WriteLine(GC.CollectionCount(0) > before);
        Console.WriteLine(Native.Held < 30_000_000_000);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine(Native.Held <= 10_000_000);
    }
}
