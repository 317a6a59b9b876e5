// stress: loose
// The runtime's own event source: the thread pool, contention, waits and the loader's handlers; activity ids and switches.
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal sealed class Hears : EventListener
{
    public readonly Dictionary<string, string> Names = [];

    protected override void OnEventSourceCreated(EventSource s)
    {
        if (s.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(s, EventLevel.Verbose, (EventKeywords)(0x10000 | 0x4000 | 0x4 | 0x40000000000));
    }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        lock (Names) Names[e.EventName ?? "none"] = $"{e.EventId} {e.Level} {e.Opcode} v{e.Version} {string.Join(",", e.PayloadNames!)} {string.Join(",", e.Payload!.Select(p => p?.GetType().Name))} {e.OSThreadId != 0}";
    }

    // events come through a queue
    public void Show(string name)
    {
        for (int i = 0; i < 400; i++)
        {
            lock (Names)
                if (Names.TryGetValue(name, out string? text)) { Console.WriteLine($"{name}: {text}"); return; }
            Thread.Sleep(5);
        }
        Console.WriteLine($"{name}: did not come");
    }
}

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Contend()
    {
        var gate = new Lock();
        using var inside = new ManualResetEventSlim();
        var t = new Thread(() => { lock (gate) { inside.Set(); Thread.Sleep(50); } });
        t.Start();
        inside.Wait();
        lock (gate) { }
        t.Join();
    }

    private static void Main()
    {
        var hears = new Hears();
        Contend();
        using (var e = new AutoResetEvent(false))
        {
            using var done = new ManualResetEvent(false);
            RegisteredWaitHandle wait = ThreadPool.RegisterWaitForSingleObject(e, (_, _) => done.Set(), null, -1, true);
            e.Set();
            done.WaitOne();
            wait.Unregister(null);
        }
        ThreadPool.GetMinThreads(out int w, out int io);
        ThreadPool.SetMinThreads(w + 1, io);
        ThreadPool.SetMinThreads(w, io);
        Task.WaitAll([.. Enumerable.Range(0, 20).Select(_ => Task.Run(() => Thread.Sleep(1)))]);
        unsafe
        {
            var o = new Overlapped();
            NativeOverlapped* n = o.Pack(null, null);
            Overlapped.Unpack(n);
            Overlapped.Free(n);
        }
        AssemblyLoadContext.Default.Resolving += (_, name) => null;
        AppDomain.CurrentDomain.AssemblyResolve += (_, name) => null;
        try { Assembly.Load("Nothing.Of.This.Name"); } catch (FileNotFoundException) { }
        Type source = typeof(object).Assembly.GetType("System.Diagnostics.Tracing.NativeRuntimeEventSource")!;
        const BindingFlags All = BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
        object log = source.GetField("Log", All)!.GetValue(null)!;
        source.GetMethod("ThreadPoolWorkerThreadStop", All)!.Invoke(log, [3u, 0u, (ushort)0]);
        source.GetMethod("ThreadPoolWorkingThreadCount", All)!.Invoke(log, [2u, (ushort)0]);
        Assembly.LoadFrom(typeof(Program).Assembly.Location);
        typeof(Assembly).GetMethod("LoadFromResolveHandler", All)!.Invoke(null, [null, new ResolveEventArgs("Nothing.Of.This.Name", typeof(Program).Assembly)]);
        try { typeof(Program).Assembly.GetSatelliteAssembly(new System.Globalization.CultureInfo("de")); } catch (FileNotFoundException) { }
        AssemblyLoadContext.Default.SetProfileOptimizationRoot(Path.GetTempPath());
        AssemblyLoadContext.Default.StartProfileOptimization(null);
        Guid id = new("11111111-2222-3333-4444-555555555555");
        EventSource.SetCurrentThreadActivityId(id, out Guid before);
        Console.WriteLine($"{before} {EventSource.CurrentThreadActivityId}");
        EventSource.SetCurrentThreadActivityId(before);
        Console.WriteLine(EventSource.CurrentThreadActivityId);
        foreach (string x in new[] { "ContentionStart", "ContentionStop", "ContentionLockCreated", "ThreadPoolWorkerThreadStart", "ThreadPoolMinMaxThreads",
            "ThreadPoolIOEnqueue", "ThreadPoolIODequeue", "ThreadPoolIOPack", "ThreadPoolWorkerThreadAdjustmentAdjustment",
            "ThreadPoolWorkerThreadStop", "ThreadPoolWorkingThreadCount", "KnownPathProbed",
            "AssemblyLoadFromResolveHandlerInvoked", "AssemblyLoadContextResolvingHandlerInvoked", "AppDomainAssemblyResolveHandlerInvoked" })
            hears.Show(x);
        Debugger.NotifyOfCrossThreadDependency();
        Debugger.Log(0, "category", "text");
        Console.WriteLine($"{Debugger.IsAttached} {Debugger.IsLogging()} {Debugger.Launch()}");
        Debugger.Break();
        Console.WriteLine(EventSource.GetSources().Any(x => x.Name == "Microsoft-Windows-DotNETRuntime"));
    }
}
