// needs: CyclePlugin
// stress: no
// UnloadCycles [CONTEXTS [METHODS [BESIDE]]]: loads a plug-in into one collectible context after another, makes and drops dynamic methods, and looks at
// memory and mappings.  `./dev soak cycles` runs the same with ten thousand contexts and a hundred thousand methods, and prints figures.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Threading;

internal static class UnloadCycles
{
    private static readonly string s_lib = File.Exists(Path.Combine(AppContext.BaseDirectory, "CyclePlugin.dll"))
        ? Path.Combine(AppContext.BaseDirectory, "CyclePlugin.dll") : typeof(UnloadCycles).Assembly.Location;
    private static readonly byte[] s_image = File.ReadAllBytes(s_lib);
    private static string s_result = "";
    private static bool s_figures;
    private static int s_grew;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Context(int i)
    {
        var c = new AssemblyLoadContext("cycle " + i, isCollectible: true);
        Assembly a = (i & 1) == 0 ? c.LoadFromAssemblyPath(s_lib) : c.LoadFromStream(new MemoryStream(s_image));
        s_result = (string)a.GetType("Cycles.Plugin")!.GetMethod("Run")!.Invoke(null, [i, s_figures || i % 30 == 29])!;
        c.Unload();
        return new WeakReference(c, trackResurrection: true);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Method(int i)
    {
        var m = new DynamicMethod("m" + i, typeof(int), [typeof(int)]);
        ILGenerator g = m.GetILGenerator();
        g.Emit(OpCodes.Ldstr, "text " + i); g.Emit(OpCodes.Callvirt, typeof(string).GetProperty("Length")!.GetMethod!);
        g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Call, ((Func<int, int, int>)Math.Max).Method); g.Emit(OpCodes.Ret);
        if (m.CreateDelegate<Func<int, int>>()(i) != Math.Max(i, 5 + i.ToString().Length)) throw new Exception("method " + i);
        return new WeakReference(m);
    }

    private static void Collect(int times)
    {
        for (int i = 0; i < times; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
    }

    private static (long Rss, int Maps) Now()
    {
        Collect(3);
        string rss = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS:"));
        return (long.Parse(string.Concat(rss.Where(char.IsAsciiDigit))) >> 10, File.ReadLines("/proc/self/maps").Count());
    }

    // n of them, `batch` between collections; figures after `warm` and at the end
    private static void Flat(string what, int warm, int n, int batch, Func<int, WeakReference> one)
    {
        var alive = new List<WeakReference>();
        (long Rss, int Maps) before = default;
        for (int i = 0; i < n; i++)
        {
            alive.Add(one(i));
            if ((i + 1) % batch == 0) { Collect(1); alive.RemoveAll(w => !w.IsAlive); }
            if (i + 1 == warm) before = Now();
            if (s_figures && (i + 1) % Math.Max(1, n / 20) == 0) { var f = Now(); Console.WriteLine($"{i + 1,7} {what}: {f.Rss} MB, {f.Maps} mappings, {alive.Count} not gone"); }
        }
        Collect(4);
        var after = Now();
        bool flat = alive.TrueForAll(w => !w.IsAlive) && after.Rss - before.Rss < 16 && after.Maps - before.Maps < 40;
        if (!flat) s_grew = 1;
        Console.WriteLine($"{what}: {alive.Count(w => w.IsAlive)} alive, {(flat ? "flat" : $"grew from {before} to {after}")}");
    }

    // Two threads use contexts while one allocates and one asks for collections that run beside them.
    private static void Beside(int n)
    {
        bool stop = false;
        object?[] live = new object?[20000];
        var noise = new Thread(() => { for (uint i = 0; !Volatile.Read(ref stop); i++) live[i * 7919u % (uint)live.Length] = new object?[] { live[i % (uint)live.Length] is object[] o && i % 50 != 0 ? o[0] : null, i }; });
        var collects = new Thread(() => { for (int i = 0; !Volatile.Read(ref stop); i++) { GC.Collect(i % 4 == 3 ? 1 : 2, GCCollectionMode.Forced, false); Thread.Sleep(2); } });
        var alive = new List<WeakReference>();
        var second = new Thread(() => { for (int i = 0; i < n / 2; i++) { var w = Context(i * 2 + 1); lock (alive) alive.Add(w); } });
        noise.Start(); collects.Start(); second.Start();
        for (int i = 0; i < n / 2; i++) { var w = Context(i * 2); lock (alive) alive.Add(w); if (i % 8 == 7) Method(i); }
        second.Join();
        Volatile.Write(ref stop, true);
        noise.Join(); collects.Join();
        for (int i = 0; i < 20 && alive.Exists(w => w.IsAlive); i++) Collect(1);
        Console.WriteLine($"beside other collections: {alive.Count(w => w.IsAlive)} of {alive.Count} alive");
    }

    public static int Main(string[] args)
    {
        int contexts = args.Length > 0 ? int.Parse(args[0]) : 300, methods = args.Length > 1 ? int.Parse(args[1]) : 4000;
        s_figures = args.Length > 0;
        Flat("contexts", Math.Min(contexts / 3, Math.Max(100, contexts / 10)), contexts, 10, Context);
        Console.WriteLine(s_result);
        Flat("dynamic methods", Math.Min(methods / 3, Math.Max(1000, methods / 10)), methods, 500, Method);
        Beside(args.Length > 2 ? int.Parse(args[2]) : s_figures ? contexts / 10 : 48);
        Console.WriteLine(AssemblyLoadContext.All.Count(c => c.IsCollectible) + " " + AppDomain.CurrentDomain.GetAssemblies().Count(a => a.IsCollectible));
        return s_grew;
    }
}
