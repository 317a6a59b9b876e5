// needs: PluginLib
// Load contexts: loading the same library twice, isolation of statics and types, resolve events, unloading, loading
// from bytes, reflection over the result.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal sealed class Ctx(string name, bool collectible) : AssemblyLoadContext(name, collectible)
{
    public List<string> Asked = [];
    protected override Assembly? Load(AssemblyName n) { Asked.Add(n.Name!); return null; }
}

internal static class Program
{
    private static readonly string s_lib = Path.Combine(AppContext.BaseDirectory, "PluginLib.dll");

    private static string T(Func<object?> f)
    {
        try { return f()?.ToString() ?? "null"; }
        catch (TargetInvocationException e) { return "TIE " + e.InnerException!.GetType().Name + " " + e.InnerException.Message; }
        catch (Exception e) { return e.GetType().Name; }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Cycle(int i)
    {
        var c = new Ctx("cycle" + i, true);
        Assembly a = c.LoadFromAssemblyPath(s_lib);
        object p = Activator.CreateInstance(a.GetType("Plugin")!)!;
        Type gen = a.GetType("Plugin+Gen`1")!.MakeGenericType(typeof(string));
        object g = Activator.CreateInstance(gen)!;
        string s = (string)gen.GetMethod("Show")!.Invoke(g, ["x"])!;
        var list = (System.Collections.IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(a.GetType("PluginValue")!))!;
        list.Add(Activator.CreateInstance(a.GetType("PluginValue")!));
        if (i == 0)
            Console.WriteLine($"{p} {s} {list.Count} {a.IsCollectible} {c.IsCollectible} " +
                $"{T(() => a.GetType("Plugin")!.GetMethod("Fail")!.Invoke(null, null))}");
        c.Unload();
        return new WeakReference(c);
    }

    private static void Main()
    {
        var c1 = new Ctx("first", false); var c2 = new Ctx("second", true);
        Assembly a1 = c1.LoadFromAssemblyPath(s_lib), a2 = c2.LoadFromStream(new MemoryStream(File.ReadAllBytes(s_lib)));
        Type t1 = a1.GetType("Plugin")!, t2 = a2.GetType("Plugin")!;
        object o1 = Activator.CreateInstance(t1)!; Activator.CreateInstance(t1); object o2 = Activator.CreateInstance(t2)!;
        Console.WriteLine($"{o1} {o2} {t1 == t2} {t1.FullName == t2.FullName} {t1.IsInstanceOfType(o2)} {a1.FullName} " +
            $"{t1.GetMethod("Context")!.Invoke(null, null)} {t2.GetMethod("Context")!.Invoke(null, null)}");
        Console.WriteLine($"{t1.GetField("Count")!.GetValue(null)} {t2.GetField("Count")!.GetValue(null)} {a2.Location.Length} " +
            $"{Path.GetFileName(a1.Location)} {T(() => a1.GetType("Missing", true))} {t1.GetInterfaces()[0].Name}");
        Console.WriteLine($"{ReferenceEquals(c1.LoadFromAssemblyPath(s_lib), a1)} {T(() => c1.LoadFromAssemblyPath("/no/such.dll"))} " +
            $"{T(() => c1.LoadFromAssemblyPath("relative.dll"))} {T(() => c1.LoadFromAssemblyName(new AssemblyName("Nowhere")))} " +
            $"{c1.Asked.Contains("Nowhere")} {string.Join(",", c1.Assemblies.Select(x => x.GetName().Name))}");
        int events = 0;
        c1.Resolving += (c, n) => { events++; return n.Name == "Virtual" ? a1 : null; };
        AssemblyLoadContext.Default.Resolving += (c, n) => { events += 10; return n.Name == "ByDefault" ? a1 : null; };
        AppDomain.CurrentDomain.AssemblyResolve += (s, e) => { events += 100; return null; };
        Console.WriteLine(T(() => c1.LoadFromAssemblyName(new AssemblyName("PluginLib")).GetName().Version) +
            T(() => Assembly.Load("ByDefault").GetName().Name) + T(() => Assembly.Load("Never")) + (events > 100));
        Console.WriteLine(T(() => Assembly.Load("PluginLib").GetType("Plugin") == t1) + " " +
            T(() => Type.GetType("Plugin, PluginLib") == null) + T(() => AssemblyName.GetAssemblyName(s_lib).Version));
        using (c2.EnterContextualReflection()) Console.WriteLine(Assembly.Load("PluginLib") == a2);
        var weak = Enumerable.Range(0, 5).Select(Cycle).ToArray();
        for (int i = 0; i < 20 && weak.Any(w => w.IsAlive); i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
        Console.WriteLine(weak.Count(w => w.IsAlive));
        Console.WriteLine(o2 + " " + AssemblyLoadContext.GetLoadContext(typeof(Program).Assembly)!.Name +
            AssemblyLoadContext.All.Any(c => c.Name == "first") + AssemblyLoadContext.GetLoadContext(typeof(int).Assembly)!.Name);
        Assembly me = Assembly.GetEntryAssembly()!;
        Console.WriteLine($"{me.GetName().Name} {me.EntryPoint!.Name} " +
            $"{string.Join(",", me.GetReferencedAssemblies().Select(n => n.Name).Where(n => n is "System.Runtime" or "System.Linq").Order())}" +
            $" {me.ManifestModule.Name} {me.GetManifestResourceNames().Length} {me.ImageRuntimeVersion} " +
            $"{typeof(object).Assembly.GetName().Name} {me.GetExportedTypes().Length} {a1.GetForwardedTypes().Length} " +
            $"{a1.GetModules().Length}");
    }
}
