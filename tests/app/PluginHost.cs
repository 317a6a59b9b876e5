// needs: SharedContract
// needs: GreeterPlugin
// ref: SharedContract
// Plug-ins: the same type in two contexts is two types and a cast says which contexts and files; a contract shared through the default
// context is one type; contextual reflection; a plug-in that is loaded from a path, a stream and twice; unloading while it is used.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal sealed class PluginContext(string name, bool shared, bool collectible = false) : AssemblyLoadContext(name, collectible)
{
    protected override Assembly? Load(AssemblyName n)
    {
        if (shared && n.Name == "SharedContract") return null;
        string path = Path.Combine(AppContext.BaseDirectory, n.Name + ".dll");
        return n.Name is "SharedContract" or "GreeterPlugin" ? LoadFromAssemblyPath(path) : null;
    }
}

internal static class Program
{
    private static readonly string s_dir = AppContext.BaseDirectory;
    // this runtime says more about a contract that was loaded twice: shown by CastAdvice
    private static string Clean(string s) => Cut(Cut(s.Replace(s_dir, "DIR/"), " It has another type"), " 'SharedContract' was loaded").Replace(" 'GreeterPlugin' was loaded", "\0").Split('\0')[0];
    private static string Cut(string s, string at) => s.IndexOf(at) is var i && i >= 0 ? s[..i] : s;
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {Clean(f()?.ToString() ?? "null")}"); }
        catch (Exception e)
        {
            for (; e is TargetInvocationException && e.InnerException != null; e = e.InnerException) { }
            Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message)}{(e.InnerException is { } i ? " <- " + i.GetType().Name + ": " + Clean(i.Message) : "")}");
        }
    }
    private static Type Plugin(AssemblyLoadContext c) => c.LoadFromAssemblyName(new AssemblyName("GreeterPlugin")).GetType("Greeter", true)!;

    private static void Casts()
    {
        var own = new PluginContext("own", false);
        var shared = new PluginContext("shared", true);
        Type a = Plugin(own), b = Plugin(shared);
        object oa = Activator.CreateInstance(a)!, ob = Activator.CreateInstance(b)!;
        T("one name, two types", () => $"{a == b} {a.FullName == b.FullName} {a.AssemblyQualifiedName == b.AssemblyQualifiedName} {a.IsInstanceOfType(ob)}");
        T("own copy to the contract", () => ((IGreeter)oa).Greet("x"));
        T("own copy to the base", () => ((BaseThing)oa).Name);
        T("shared contract", () => ((IGreeter)ob).Greet("x"));
        T("shared base", () => ((BaseThing)ob).Name);
        T("is", () => $"{oa is IGreeter} {ob is IGreeter} {(oa as IGreeter) == null}");
        T("contract of each", () => $"{ReferenceEquals(typeof(IGreeter), a.GetInterfaces()[0])} {ReferenceEquals(typeof(IGreeter), b.GetInterfaces()[0])}");
        T("same class", () => { object o = oa; return Unsafe(o, b); });
        T("argument", () => b.GetMethod("Take")!.Invoke(null, [a.GetMethod("Say")!.Invoke(oa, ["t"])]));
        T("result", () => ((Message)a.GetMethod("Say")!.Invoke(oa, ["t"])!).Text);
        T("array", () => ((Message[])Array.CreateInstance(a.GetMethod("Say")!.ReturnType, 1)).Length);
        T("generic", () => ((List<Message>)Activator.CreateInstance(typeof(List<>).MakeGenericType(a.GetMethod("Say")!.ReturnType))!).Count);
        T("unbox", () => (DayOfWeek)oa);
        T("stelem", () => { object[] m = new Message[1]; m[0] = a.GetMethod("Say")!.Invoke(oa, ["t"])!; return m.Length; });
        T("delegate", () => a.GetMethod("Say")!.CreateDelegate<Func<string, Message>>(oa));
        T("set value", () => typeof(Holder).GetField("Held")!.GetValue(new Holder { Held = (IGreeter)ob }) == ob);
        T("set foreign value", () => { typeof(Holder).GetField("Held")!.SetValue(new Holder(), oa); return null; });
        T("statics", () => { b.GetMethod("Greet")!.Invoke(ob, ["y"]); return b.GetMethod("Greet")!.Invoke(ob, ["z"]) + " " + a.GetMethod("Greet")!.Invoke(oa, ["z"]); });
        T("on another thread", () => Task.Run(() => b.GetMethod("Greet")!.Invoke(ob, ["w"])).Result);
        T("bytes", () => { var c = new PluginContext("bytes", true); Assembly m = c.LoadFromStream(new MemoryStream(File.ReadAllBytes(s_dir + "GreeterPlugin.dll"))); return ((IGreeter)Activator.CreateInstance(m.GetType("Greeter")!)!).Greet("stream") + m.Location; });
        T("bytes own contract", () => { var c = new PluginContext("bytes2", false); Assembly m = c.LoadFromStream(new MemoryStream(File.ReadAllBytes(s_dir + "GreeterPlugin.dll"))); return (IGreeter)Activator.CreateInstance(m.GetType("Greeter")!)!; });
        T("Assembly.Load of bytes", () => (IGreeter)Activator.CreateInstance(Assembly.Load(File.ReadAllBytes(s_dir + "GreeterPlugin.dll")).GetType("Greeter")!)!);
        T("LoadFile", () => { Assembly f = Assembly.LoadFile(s_dir + "GreeterPlugin.dll"); return f.GetType("Greeter") == a || f == Assembly.LoadFile(s_dir + "GreeterPlugin.dll"); });
        T("LoadFile contract", () => (IGreeter)Activator.CreateInstance(Assembly.LoadFile(s_dir + "SharedContract.dll").GetType("Message")!, "m")!);
        T("LoadFrom", () => ((IGreeter)Activator.CreateInstance(Assembly.LoadFrom(s_dir + "GreeterPlugin.dll").GetType("Greeter")!)!).Greet("from"));
    }

    private static object Unsafe(object o, Type t) => typeof(Program).GetMethod("Cast", BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(t).Invoke(null, [o])!;
    private static T Cast<T>(object o) => (T)o;
    private sealed class Holder { public IGreeter? Held; }

    private static void Reflection()
    {
        var c = new PluginContext("context", true);
        Type g = Plugin(c);
        T("load from plug-in", () => ((Assembly)g.GetMethod("Load")!.Invoke(null, ["GreeterPlugin"])!) == g.Assembly);
        T("find from plug-in", () => ((Type?)g.GetMethod("Find")!.Invoke(null, ["Greeter"])) == g);
        T("find qualified", () => ((Type?)g.GetMethod("Find")!.Invoke(null, ["Greeter, GreeterPlugin"])) == g);
        T("find from host", () => Type.GetType("Greeter, GreeterPlugin") == g);
        T("contextual", () =>
        {
            using (c.EnterContextualReflection())
                return $"{Type.GetType("Greeter, GreeterPlugin") == g} {Assembly.Load("GreeterPlugin") == g.Assembly} {AssemblyLoadContext.CurrentContextualReflectionContext!.Name} {Activator.CreateInstance("GreeterPlugin", "Greeter")!.Unwrap()!.GetType() == g}";
        });
        T("contextual by assembly", () => { using (AssemblyLoadContext.EnterContextualReflection(g.Assembly)) return AssemblyLoadContext.CurrentContextualReflectionContext == c; });
        T("nested", () =>
        {
            using (c.EnterContextualReflection())
            {
                using (AssemblyLoadContext.EnterContextualReflection(null)) Console.WriteLine(AssemblyLoadContext.CurrentContextualReflectionContext == null);
                return AssemblyLoadContext.CurrentContextualReflectionContext == c;
            }
        });
        T("flows", () => { using (c.EnterContextualReflection()) return Task.Run(() => AssemblyLoadContext.CurrentContextualReflectionContext == c).Result; });
        T("after", () => AssemblyLoadContext.CurrentContextualReflectionContext == null);
        T("disposed twice", () => { var s = c.EnterContextualReflection(); s.Dispose(); s.Dispose(); return AssemblyLoadContext.CurrentContextualReflectionContext == null; });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference, object) Used()
    {
        var c = new PluginContext("used", true, true);
        object o = Activator.CreateInstance(Plugin(c))!;
        c.Unloading += x => Console.WriteLine("unloading " + x.Name);
        c.Unload();
        T("unload twice", () => { c.Unload(); return null; });
        T("load after unload", () => c.LoadFromAssemblyName(new AssemblyName("SharedContract")).GetName().Name);
        T("path after unload", () => c.LoadFromAssemblyPath(s_dir + "SharedContract.dll"));
        T("use after unload", () => ((IGreeter)o).Greet("late"));
        return (new WeakReference(c), o);
    }

    private static bool Gone(WeakReference w)
    {
        for (int i = 0; i < 20 && w.IsAlive; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
        return !w.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static string Use(object o) => ((IGreeter)o).Greet("kept");

    private static void Main()
    {
        Casts();
        Reflection();
        (WeakReference w, object o) = Used();
        for (int i = 0; i < 3; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
        Console.WriteLine(Use(o));
        o = null!;
        Console.WriteLine("gone " + Gone(w));
        T("unload of none", () => { new PluginContext("kept", true).Unload(); return null; });
        T("unload of default", () => { AssemblyLoadContext.Default.Unload(); return null; });
    }
}
