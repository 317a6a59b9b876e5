// stress: no
// also: common/GcLab.cs
// Figures about memory outside GC: the domain's, the process's; handles at their limits; memory that belongs to a type.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static unsafe class Program
{
    private static object? s_last;

    private static void Try(string name, Func<object?> f)
    {
        try { Console.WriteLine($"{name} = {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{name} ! {e.GetType().Name}: {e.Message}"); }
    }

    private static void Domain()
    {
        AppDomain d = AppDomain.CurrentDomain;
        Try("monitoring", () => AppDomain.MonitoringIsEnabled);
        Try("allocated", () => d.MonitoringTotalAllocatedMemorySize > 0);
        Try("time", () => d.MonitoringTotalProcessorTime > TimeSpan.Zero);
        s_last = new byte[1_000_000];
        GC.Collect();
        Try("survived", () => d.MonitoringSurvivedMemorySize > 500_000);
        Try("survived, process", () => AppDomain.MonitoringSurvivedProcessMemorySize > 500_000);
        Try("monitoring off", () => AppDomain.MonitoringIsEnabled = false);
        Try("monitoring on", () => AppDomain.MonitoringIsEnabled = true);
    }

    private static void Handles()
    {
        Try("target of none", () => default(GCHandle).Target);
        Try("free none", () => { default(GCHandle).Free(); return "freed"; });
        Try("none allocated", () => default(GCHandle).IsAllocated);
        Try("from zero", () => GCHandle.FromIntPtr(0).IsAllocated);
        Try("to number", () => GCHandle.ToIntPtr(default));
        Try("kind 4", () => GCHandle.Alloc("x", (GCHandleType)4));
        Try("kind -1", () => GCHandle.Alloc("x", (GCHandleType)(-1)));
        Try("pin a class", () => GCHandle.Alloc(new Probe(1), GCHandleType.Pinned).IsAllocated);
        Try("pin references", () => GCHandle.Alloc(new object[3], GCHandleType.Pinned).IsAllocated);
        Try("pin null", () => GCHandle.Alloc(null, GCHandleType.Pinned).AddrOfPinnedObject());
        Try("pin a string", () => *(char*)GCHandle.Alloc("text", GCHandleType.Pinned).AddrOfPinnedObject());
        Try("pin a box", () => *(int*)GCHandle.Alloc(77, GCHandleType.Pinned).AddrOfPinnedObject());
        Try("pin an array", () => ((int*)GCHandle.Alloc(new[] { 5, 6 }, GCHandleType.Pinned).AddrOfPinnedObject())[1]);
        Try("address of a strong one", () => GCHandle.Alloc("x").AddrOfPinnedObject());
        Try("pinned target set", () => { GCHandle h = GCHandle.Alloc(new int[1], GCHandleType.Pinned); h.Target = new object[1]; return h.Target; });
        Try("twice freed", () => { GCHandle h = GCHandle.Alloc("x"); h.Free(); h.Free(); return "freed"; });
        Try("equal", () => { GCHandle h = GCHandle.Alloc("x"), g = h; return h == g && h.Equals(g) && GCHandle.FromIntPtr(GCHandle.ToIntPtr(h)) == h; });
        Try("dependent of null", () => { var d = new DependentHandle(null, "x"); return $"{d.IsAllocated} {d.Target} {d.Dependent}"; });
        Try("dependent", () => { object k = new(); var d = new DependentHandle(k, "x"); d.Dependent = "y"; string r = $"{d.Target == k} {d.Dependent}"; d.Target = null; r += $" {d.Target} {d.Dependent}"; d.Dispose(); return r + d.IsAllocated; });
        Try("dependent, another target", () => { var d = new DependentHandle(new object(), "x"); d.Target = new object(); return "set"; });
        Try("default dependent", () => default(DependentHandle).Target);
        Try("weak reference", () => { var w = new WeakReference("x", true); return $"{w.IsAlive} {w.TrackResurrection} {w.Target}"; });
        Try("weak reference to null", () => { var w = new WeakReference(null); return $"{w.IsAlive} {w.Target}"; });
        Try("typed", () => { var w = new WeakReference<string>("x"); w.SetTarget(null!); return w.TryGetTarget(out _); });
    }

    private static void OfTypes()
    {
        Try("memory of a type", () => { byte* p = (byte*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(Program), 100); int sum = 0; for (int i = 0; i < 100; i++) sum += p[i]; return $"{p != null} {sum}"; });
        Try("negative", () => RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(Program), -1));
        Try("no type", () => RuntimeHelpers.AllocateTypeAssociatedMemory(null!, 100));
        Try("working set", () => Environment.WorkingSet > 10_000_000);
        Try("native memory", () => { nint p = Marshal.AllocHGlobal(1000); Marshal.FreeHGlobal(p); return p != 0; });
        Try("native memory, too much", () => Marshal.AllocHGlobal(nint.MaxValue));
        Try("native memory, too much of it", () => (nint)NativeMemory.Alloc(nuint.MaxValue));
        Try("a thread's stack", () => { RuntimeHelpers.EnsureSufficientExecutionStack(); return RuntimeHelpers.TryEnsureSufficientExecutionStack(); });
        Try("uninitialised", () => RuntimeHelpers.GetUninitializedObject(typeof(Probe)) is Probe { Id: 0 });
        foreach (Type t in new[] { typeof(string), typeof(int[]), typeof(int[,]), typeof(int*), typeof(List<>), typeof(IDisposable), typeof(Stream), typeof(void), typeof(Span<int>),
                     typeof(Delegate), typeof(MulticastDelegate), typeof(Action), typeof(Enum), typeof(int), typeof(int?), typeof(int).MakeByRefType(), typeof(List<>).GetGenericArguments()[0] })
        {
            Try("uninitialised " + t, () => RuntimeHelpers.GetUninitializedObject(t).GetType());
            Try("made " + t, () => Activator.CreateInstance(t)?.GetType());
        }
    }

    private static void Main()
    {
        Domain();
        Handles();
        OfTypes();
    }
}
