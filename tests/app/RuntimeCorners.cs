// compile: resource:data/embedded.txt
// stress: loose
// Rarely used entry points of the runtime: delegates by name, collector settings, JIT information, module constructors,
// resources, raw metadata, dependent handles, thread objects that die.
using System.Reflection;
using System.Reflection.Metadata;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

internal sealed class Target
{
    public int Add(int a) => a + 1;
    public static int Twice(int a) => a * 2;
    private string Secret(string s) => "secret " + s;
}

internal static class Counter { public static int Runs; [ModuleInitializer] internal static void Init() => Runs++; }
internal delegate int Fn(int a);

internal static class Program
{
    private static string T(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return e.GetType().Name; } }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Threads()
    {
        for (int i = 0; i < 10; i++) { var t = new Thread(() => { }); t.Start(); t.Join(); _ = new Thread(() => { }); }
    }

    private static unsafe void Main()
    {
        Console.WriteLine(((Fn)Delegate.CreateDelegate(typeof(Fn), new Target(), "Add"))(4) + " " +
            ((Fn)Delegate.CreateDelegate(typeof(Fn), typeof(Target), "Twice"))(4) + " " +
            ((Fn)Delegate.CreateDelegate(typeof(Fn), new Target(), "ADD", true))(5) + " " +
            T(() => Delegate.CreateDelegate(typeof(Fn), new Target(), "Missing")) + " " +
            (Delegate.CreateDelegate(typeof(Fn), new Target(), "Missing", false, false) == null) + " " +
            ((Func<string, string>)Delegate.CreateDelegate(typeof(Func<string, string>), new Target(), "Secret"))("s"));

        Console.WriteLine($"{GCSettings.IsServerGC} {GCSettings.LargeObjectHeapCompactionMode}");
        GCLatencyMode old = GCSettings.LatencyMode;
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        Console.WriteLine(GCSettings.LatencyMode is GCLatencyMode.SustainedLowLatency or GCLatencyMode.Interactive or GCLatencyMode.Batch);
        GCSettings.LatencyMode = old;
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        Console.WriteLine(GCSettings.LargeObjectHeapCompactionMode);
        GC.Collect();
        Console.WriteLine(GCSettings.LargeObjectHeapCompactionMode);
        Console.WriteLine($"{GC.GetTotalAllocatedBytes(true) > 0} {GC.GetConfigurationVariables() != null} " +
            $"{GC.GetGCMemoryInfo(GCKind.Any).Generation >= -1} {GC.GetGCMemoryInfo().GenerationInfo.Length} " +
            $"{GC.GetGCMemoryInfo().PauseDurations.Length} {T(() => { GC.RefreshMemoryLimit(); return "refreshed"; })} " +
            $"{T(() => GC.GetGeneration(new WeakReference(new object())) >= 0)}");
        Console.WriteLine($"{JitInfo.GetCompiledMethodCount() > 0} {JitInfo.GetCompiledILBytes() > 0} " +
            $"{JitInfo.GetCompilationTime() > TimeSpan.Zero} {JitInfo.GetCompiledMethodCount(true) >= 0}");

        Module m = typeof(Program).Module;
        RuntimeHelpers.RunModuleConstructor(m.ModuleHandle);
        Console.WriteLine($"{Counter.Runs} {m.ScopeName} {m.Name} {m.FullyQualifiedName.EndsWith(m.Name)} {m.MDStreamVersion} " +
            $"{m.GetPEKindString()}");
        Action act = () => Console.WriteLine("prepared"); RuntimeHelpers.PrepareDelegate(act); act();
        int* mem = (int*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(Program), 64);
        Console.WriteLine(mem[3]);
        mem[3] = 5;
        Console.WriteLine(mem[3]);
        Assembly me = Assembly.GetExecutingAssembly();
        using (var r = new StreamReader(me.GetManifestResourceStream("data/embedded.txt")!))
            Console.WriteLine(r.ReadToEnd().Replace("\n", "|"));
        Console.WriteLine($"{string.Join(",", me.GetManifestResourceNames())} " +
            $"{me.GetManifestResourceInfo("data/embedded.txt")!.ResourceLocation} {me.GetManifestResourceStream("none") == null} " +
            $"{me.GetModule("RuntimeCorners.dll")!.Name} {me.GetModule("none") == null} {me.GetLoadedModules().Length}");
        Console.WriteLine(me.TryGetRawMetadata(out byte* blob, out int len) + " " + (len > 100) + " " + (char)blob[0] + (char)blob[1]);
        Console.WriteLine($"{AssemblyLoadContext.Default.Assemblies.Any(a => a == me)} {me.IsFullyTrusted} {me.HostContext} " +
            $"{me.ReflectionOnly} {me.GetName().ProcessorArchitecture} {me.GetName().ContentType} {me.GetName().CultureName} " +
            $"{me.GetName().GetPublicKeyToken()?.Length} {typeof(object).Assembly.GetName().GetPublicKeyToken()!.Length}");

        var key = new object();
        var dh = new DependentHandle(key, "dep");
        dh.Dependent = "changed";
        Console.WriteLine(dh.TargetAndDependent.Dependent + " " + ReferenceEquals(dh.Target, key));
        dh.Target = null;
        Console.WriteLine(dh.Target == null && dh.Dependent == null);
        dh.Dispose();
        Console.WriteLine(T(() => dh.IsAllocated));
        Threads(); for (int i = 0; i < 3; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); } Console.WriteLine("threads collected");
        nint lib = NativeLibrary.Load("libc.so.6", me, DllImportSearchPath.SafeDirectories);
        Console.WriteLine(lib != 0);
        NativeLibrary.Free(lib);
        NativeLibrary.Free(0);
        Console.WriteLine(NativeLibrary.GetMainProgramHandle() != 0);
        Marshal.Prelink(typeof(Program).GetMethod("getpid", BindingFlags.NonPublic | BindingFlags.Static)!);
        Console.WriteLine(getpid() == Environment.ProcessId);
        Console.WriteLine($"{RuntimeFeature.IsSupported("DefaultImplementationsOfInterfaces")} {RuntimeFeature.IsSupported("nope")} " +
            $"{RuntimeFeature.IsDynamicCodeCompiled} {RuntimeFeature.IsSupported(RuntimeFeature.ByRefFields)}");
        ProfileOptimization.SetProfileRoot("/tmp");
        Console.WriteLine(System.Diagnostics.Debugger.IsLogging());
        System.Diagnostics.Debugger.Log(1, "c", "m");
        GC.RegisterNoGCRegionCallback0();
        Console.WriteLine(T(() => Mutex.OpenExisting("no-such-mutex")) + T(() => Mutex.TryOpenExisting("no-such", out _)) +
            Thread.GetCurrentProcessorId().GetType().Name + T(() => Thread.CurrentThread.GetApartmentState()) +
            T(() => new ApplicationId0()));
        Console.WriteLine(typeof(List<>).GetGenericArguments()[0].GetGenericParameterConstraints().Length + " " +
            typeof(string).Assembly.GetType("System.Int32")!.FullName +
            typeof(Dictionary<string, int>).GetConstructor([typeof(int)])!.Invoke([5]).GetType().Name + typeof(Enumerable).GetMethods()
            .Count(x => x.Name == "Select") + typeof(Program).GetMethod("T", BindingFlags.Static | BindingFlags.NonPublic,
            [typeof(Func<object>)])!.GetGenericArguments().Length);
        Console.WriteLine(typeof(Gen<string>).GetField("S")!.GetValue(null) + " " + typeof(Gen<int>).GetField("S")!.GetValue(null) + " " +
            FieldInfo.GetFieldFromHandle(typeof(Gen<string>).GetField("S")!.FieldHandle, typeof(Gen<string>).TypeHandle).DeclaringType +
            " " + MethodBase.GetMethodFromHandle(typeof(Gen<string>).GetMethod("M")!.MethodHandle,
            typeof(Gen<string>).TypeHandle)!.DeclaringType +
            T(() => FieldInfo.GetFieldFromHandle(typeof(Gen<string>).GetField("S")!.FieldHandle)));
    }

    private static string GetPEKindString(this Module m)
    {
        m.GetPEKind(out PortableExecutableKinds k, out ImageFileMachine mc);
        return k + "/" + mc;
    }

    private sealed class ApplicationId0 { public override string ToString() => "id"; }
    private sealed class Gen<X> { public static string S = typeof(X).Name; public static void M() { } }
    [DllImport("libc")] private static extern int getpid();

    extension(GC)
    {
        private static void RegisterNoGCRegionCallback0()
        {
            if (GC.TryStartNoGCRegion(200000)) { GC.RegisterNoGCRegionCallback(100000, () => { }); GC.EndNoGCRegion(); }
        }
    }
}
