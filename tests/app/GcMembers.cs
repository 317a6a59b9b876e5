// stress: loose
// also: common/GcLab.cs
// Every public member of GC with arguments at and beyond its limits: results, exceptions and their messages.
using System.Reflection;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal struct Wide { public long A; public object? O; public int B; }
internal struct Plain { public long A, B, C; }

internal static class Program
{
    private static void Try(string name, Func<object?> f)
    {
        try { Console.WriteLine($"{name} = {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{name} ! {e.GetType().Name}: {e.Message}{(e.InnerException == null ? "" : " <- " + e.InnerException.GetType().Name)}"); }
    }

    private static void Do(string name, Action a) => Try(name, () => { a(); return "done"; });

    private static void Members(Type type)
    {
        Console.WriteLine(type + ":");
        foreach (MemberInfo m in type.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                     .OrderBy(m => m.ToString(), StringComparer.Ordinal))
            if (m is not MethodInfo { IsSpecialName: true })
                Console.WriteLine("  " + m);
    }

    private static string Describe<T>(T[] a, bool zero) => $"{a.GetType().Name} {a.Length} generation {GC.GetGeneration(a)}{(zero ? " zero " + a.All(x => EqualityComparer<T>.Default.Equals(x, default)) : "")}";

    private static void Arrays()
    {
        foreach (bool pinned in new[] { false, true })
        {
            foreach (int n in new[] { -1, 0, 1, 100, 2047, 2048, 2049, 84_975, 84_976, 1_000_000 })
            {
                Try($"AllocateArray<byte> {n} {pinned}", () => Describe(GC.AllocateArray<byte>(n, pinned), true));
                Try($"AllocateUninitializedArray<byte> {n} {pinned}", () => Describe(GC.AllocateUninitializedArray<byte>(n, pinned), false));
            }
            Try($"AllocateArray<string> {pinned}", () => Describe(GC.AllocateArray<string>(10, pinned), true));
            Try($"AllocateUninitializedArray<string> {pinned}", () => Describe(GC.AllocateUninitializedArray<string>(10, pinned), true));
            Try($"AllocateArray<Wide> {pinned}", () => Describe(GC.AllocateArray<Wide>(3000, pinned), true));
            Try($"AllocateUninitializedArray<Wide> {pinned}", () => Describe(GC.AllocateUninitializedArray<Wide>(3000, pinned), true));
            Try($"AllocateArray<Plain> {pinned}", () => Describe(GC.AllocateArray<Plain>(4000, pinned), true));
            Try($"AllocateArray<byte> too long {pinned}", () => GC.AllocateArray<byte>(int.MaxValue, pinned));
            Try($"AllocateUninitializedArray<byte> too long {pinned}", () => GC.AllocateUninitializedArray<byte>(int.MaxValue, pinned));
            Try($"AllocateUninitializedArray<byte> overflow {pinned}", () => GC.AllocateUninitializedArray<byte>(int.MinValue, pinned));
        }
        byte[] a = GC.AllocateArray<byte>(100, true);
        nint before = Lab.Address(a);
        bool moved = false;
        for (int i = 0; i < 10; i++) { GC.Collect(2, GCCollectionMode.Forced, true, true); moved |= Lab.Address(a) != before; }
        Console.WriteLine("pinned moved " + moved);
        GC.KeepAlive(a);
    }

    private static void Pressure()
    {
        foreach (long n in new[] { 0, -1, long.MinValue, 1, long.MaxValue })
        {
            Do("AddMemoryPressure " + n, () => GC.AddMemoryPressure(n));
            Do("RemoveMemoryPressure " + n, () => GC.RemoveMemoryPressure(n));
        }
    }

    private static void Generations()
    {
        Try("GetGeneration null", () => GC.GetGeneration((object)null!));
        Try("GetGeneration null weak", () => GC.GetGeneration((WeakReference)null!));
        Try("GetGeneration dead weak", () => GC.GetGeneration(new WeakReference(null)));
        Try("GetGeneration literal", () => GC.GetGeneration("a literal"));
        Try("GetGeneration type", () => GC.GetGeneration(typeof(Program)));
        Try("GetGeneration empty string", () => GC.GetGeneration(""));
        Try("GetGeneration boxed", () => GC.GetGeneration(1));
        Try("MaxGeneration", () => GC.MaxGeneration);
        foreach (int g in new[] { -1, 0, 1, 2, 3, int.MaxValue })
            Try("CollectionCount " + g, () => GC.CollectionCount(g) >= 0);
        foreach (int k in new[] { -1, 0, 1, 2, 3, 4, 100 })
            Try("GetGCMemoryInfo " + k, () => GC.GetGCMemoryInfo((GCKind)k).GenerationInfo.Length);
    }

    private static void Finalisation()
    {
        Do("SuppressFinalize null", () => GC.SuppressFinalize(null!));
        Do("ReRegisterForFinalize null", () => GC.ReRegisterForFinalize(null!));
        Do("SuppressFinalize none", () => GC.SuppressFinalize("no finaliser"));
        Do("ReRegisterForFinalize none", () => GC.ReRegisterForFinalize(new object()));
        Do("ReRegisterForFinalize array", () => GC.ReRegisterForFinalize(new int[3]));
        Do("KeepAlive null", () => GC.KeepAlive(null));
        Do("WaitForPendingFinalizers", GC.WaitForPendingFinalizers);
    }

    private static void Notifications()
    {
        foreach (var (a, b) in new[] { (0, 1), (1, 0), (100, 1), (1, 100), (-5, 5), (5, -5) })
            Do($"RegisterForFullGCNotification {a} {b}", () => GC.RegisterForFullGCNotification(a, b));
        Do("RegisterForFullGCNotification 1 99", () => GC.RegisterForFullGCNotification(1, 99));
        Try("WaitForFullGCApproach -2", () => GC.WaitForFullGCApproach(-2));
        Try("WaitForFullGCComplete -2", () => GC.WaitForFullGCComplete(-2));
        Try("WaitForFullGCApproach span", () => GC.WaitForFullGCApproach(TimeSpan.FromMilliseconds(-2)));
        Try("WaitForFullGCApproach long span", () => GC.WaitForFullGCApproach(TimeSpan.FromDays(100)));
        Try("WaitForFullGCComplete span", () => GC.WaitForFullGCComplete(TimeSpan.Zero));
        Do("CancelFullGCNotification", GC.CancelFullGCNotification);
        Do("CancelFullGCNotification again", GC.CancelFullGCNotification);
        Try("WaitForFullGCApproach 0", () => GC.WaitForFullGCApproach(0));
    }

    private static void Collecting()
    {
        foreach (int g in new[] { -1, int.MinValue, 3, int.MaxValue }) Do("Collect " + g, () => GC.Collect(g));
        foreach (int m in new[] { -1, 0, 1, 2, 3, 4 })
        {
            Do("Collect 2, mode " + m, () => GC.Collect(2, (GCCollectionMode)m));
            Do($"Collect 1, mode {m}, blocking", () => GC.Collect(1, (GCCollectionMode)m, true));
            Do($"Collect 2, mode {m}, not blocking", () => GC.Collect(2, (GCCollectionMode)m, false));
            Do($"Collect 2, mode {m}, not blocking, compacting", () => GC.Collect(2, (GCCollectionMode)m, false, true));
            Do($"Collect 0, mode {m}, blocking, compacting", () => GC.Collect(0, (GCCollectionMode)m, true, true));
        }
        Do("Collect", GC.Collect);
    }

    private static void Regions()
    {
        Try("TryStartNoGCRegion 0", () => GC.TryStartNoGCRegion(0));
        Try("TryStartNoGCRegion -1", () => GC.TryStartNoGCRegion(-1));
        Try("TryStartNoGCRegion loh -1", () => GC.TryStartNoGCRegion(1000, -1));
        Try("TryStartNoGCRegion loh larger", () => GC.TryStartNoGCRegion(1000, 1001));
        Try("TryStartNoGCRegion too large", () => GC.TryStartNoGCRegion(1L << 50));
        Try("TryStartNoGCRegion loh too large", () => GC.TryStartNoGCRegion((1L << 50) + 5, 1L << 50));
        foreach (bool disallow in new[] { false, true })
        {
            Try($"TryStartNoGCRegion {disallow}", () => GC.TryStartNoGCRegion(100_000, disallow));
            Console.WriteLine(GCSettings.LatencyMode);
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) Do("EndNoGCRegion", GC.EndNoGCRegion);
            Try($"TryStartNoGCRegion loh {disallow}", () => GC.TryStartNoGCRegion(200_000, 100_000, disallow));
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) Do("EndNoGCRegion", GC.EndNoGCRegion);
        }
        Do("EndNoGCRegion", GC.EndNoGCRegion);
        Do("RegisterNoGCRegionCallback", () => GC.RegisterNoGCRegionCallback(100, () => { }));
        Do("RegisterNoGCRegionCallback 0", () => GC.RegisterNoGCRegionCallback(0, () => { }));
        Do("RegisterNoGCRegionCallback -1", () => GC.RegisterNoGCRegionCallback(-1, () => { }));
        Do("RegisterNoGCRegionCallback null", () => GC.RegisterNoGCRegionCallback(1, null!));
        Try("start", () => GC.TryStartNoGCRegion(1_000_000));
        Do("RegisterNoGCRegionCallback beyond", () => GC.RegisterNoGCRegionCallback(1L << 40, () => { }));
        Do("end", GC.EndNoGCRegion);
    }

    private static void Settings()
    {
        Try("IsServerGC", () => GCSettings.IsServerGC);
        Try("LatencyMode", () => GCSettings.LatencyMode);
        foreach (int m in new[] { -1, 4, 5, 100 }) Do("LatencyMode " + m, () => GCSettings.LatencyMode = (GCLatencyMode)m);
        Try("LargeObjectHeapCompactionMode", () => GCSettings.LargeObjectHeapCompactionMode);
        foreach (int m in new[] { -1, 0, 3 }) Do("LargeObjectHeapCompactionMode " + m, () => GCSettings.LargeObjectHeapCompactionMode = (GCLargeObjectHeapCompactionMode)m);
        Do("RefreshMemoryLimit", GC.RefreshMemoryLimit);
    }

    private static void Figures()
    {
        Try("GetTotalMemory", () => GC.GetTotalMemory(false) > 0 && GC.GetTotalMemory(true) > 0);
        Try("GetAllocatedBytesForCurrentThread", () => GC.GetAllocatedBytesForCurrentThread() > 0);
        Try("GetTotalAllocatedBytes", () => GC.GetTotalAllocatedBytes(true) > 0 && GC.GetTotalAllocatedBytes(false) > 0);
        Try("GetTotalPauseDuration", () => GC.GetTotalPauseDuration() > TimeSpan.Zero);
        GC.Collect();
        GCMemoryInfo i = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        Try("PauseDurations", () => GC.GetGCMemoryInfo(GCKind.FullBlocking).PauseDurations.Length);
        Console.WriteLine($"{i.Generation} {i.Index > 0} {i.FinalizationPendingCount >= 0} {i.PinnedObjectsCount >= 0} {i.HighMemoryLoadThresholdBytes > 0} " +
            $"{i.TotalAvailableMemoryBytes > 0} {i.MemoryLoadBytes > 0} {i.HeapSizeBytes > 0} {i.TotalCommittedBytes > 0} {i.PromotedBytes > 0} {i.Concurrent}");
        GCMemoryInfo nothing = default;
        Try("default", () => $"{nothing.Generation} {nothing.Index} {nothing.Compacted} {nothing.HeapSizeBytes}");
    }

    private static void Main()
    {
        Members(typeof(GC));
        Members(typeof(GCSettings));
        Members(typeof(GCMemoryInfo));
        Members(typeof(GCGenerationInfo));
        Arrays();
        Pressure();
        Generations();
        Finalisation();
        Notifications();
        Collecting();
        Regions();
        Settings();
        Figures();
    }
}
