// needs: UnloadLib
// Collectible load contexts, emitted assemblies and dynamic methods: what keeps them, that they go, and that nothing grows.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal static class Program
{
    private static readonly string s_lib = Path.Combine(AppContext.BaseDirectory, "UnloadLib.dll");
    private static object? s_held;

    private static Assembly Load(AssemblyLoadContext c) => c.LoadFromAssemblyPath(s_lib);
    private static MethodInfo Method(Assembly a, string type, string name) => a.GetType(type)!.GetMethod(name)!;

    private static bool Gone(WeakReference w)
    {
        for (int i = 0; i < 20 && w.IsAlive; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
        return !w.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Once(Func<Assembly, object?> use)
    {
        var c = new AssemblyLoadContext("c", true);
        s_held = use(Load(c));
        c.Unload();
        return new WeakReference(c, true);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(Action<object> a) => a(s_held!);

    // use makes what keeps the context; then it is still usable, and gone when that is dropped
    private static void Keeps(string what, Func<Assembly, object?> use, Func<object, object?> check)
    {
        WeakReference w = Once(use);
        bool kept = !Gone(w);
        object? r = null;
        Use(o => r = check(o)?.ToString());
        s_held = null;
        Console.WriteLine($"{what}: {kept} {r} {Gone(w)}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Cycle(int i, bool print)
    {
        var c = new AssemblyLoadContext("cycle" + i, true);
        Assembly a = Load(c);
        string r = (string)Method(a, "Work", "Run").Invoke(null, [10])!;
        if (print) Console.WriteLine(r);
        c.Unload();
        return new WeakReference(c, true);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Emitted(int i)
    {
        AssemblyBuilder ab = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("emitted" + i), AssemblyBuilderAccess.RunAndCollect);
        TypeBuilder tb = ab.DefineDynamicModule("m").DefineType("T", TypeAttributes.Public);
        FieldBuilder f = tb.DefineField("F", typeof(object), FieldAttributes.Public | FieldAttributes.Static);
        ILGenerator g = tb.DefineMethod("M", MethodAttributes.Public | MethodAttributes.Static, typeof(string), [typeof(int)]).GetILGenerator();
        g.Emit(OpCodes.Ldstr, "emitted " + i); g.Emit(OpCodes.Stsfld, f);
        g.Emit(OpCodes.Ldsfld, f); g.Emit(OpCodes.Ldarga_S, (byte)0); g.Emit(OpCodes.Call, typeof(int).GetMethod("ToString", [])!);
        g.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(object), typeof(object)])!); g.Emit(OpCodes.Ret);
        Type t = tb.CreateType();
        string s = (string)t.GetMethod("M")!.Invoke(null, [i])!;
        object o = Activator.CreateInstance(typeof(List<>).MakeGenericType(t))!;
        if (i == 0) Console.WriteLine(s + " " + t.Assembly.IsCollectible + " " + o.GetType().IsCollectible + " " + t);
        return new WeakReference(t.Assembly);
    }

    private static int Dynamic(int i)
    {
        var m = new DynamicMethod("d" + i, typeof(int), [typeof(int)]);
        ILGenerator g = m.GetILGenerator();
        g.Emit(OpCodes.Ldstr, "dynamic " + i); g.Emit(OpCodes.Callvirt, typeof(string).GetProperty("Length")!.GetMethod!);
        g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Add); g.Emit(OpCodes.Ret);
        return m.CreateDelegate<Func<int, int>>()(i);
    }

    private static long Memory() { GC.Collect(); GC.WaitForPendingFinalizers(); GC.Collect(); return Environment.WorkingSet; }

    private static void Flat(string what, int warm, int n, Action<int> one)
    {
        for (int i = 0; i < warm; i++) one(i);
        long before = Memory();
        for (int i = warm; i < n; i++) { one(i); if (i % 50 == 0) { GC.Collect(); GC.WaitForPendingFinalizers(); } }
        long grown = Memory() - before;
        Console.WriteLine($"{what}: {(grown < 24 << 20 ? "flat" : (grown >> 20) + " MB")}");
    }

    private static void Main()
    {
        Console.WriteLine(Gone(Cycle(0, true)));
        Keeps("nothing", a => null, o => null);
        Keeps("instance", a => Activator.CreateInstance(a.GetType("Round")!), o => o + " " + o.GetType().GetMethod("Area")!.Invoke(o, null));
        Keeps("array", a => Array.CreateInstance(a.GetType("Shape")!, 3), o => o.GetType());
        Keeps("list", a => Activator.CreateInstance(typeof(List<>).MakeGenericType(a.GetType("Colour")!)), o => ((System.Collections.IList)o).Count);
        Keeps("type", a => a.GetType("Pair`1"), o => ((Type)o).MakeGenericType(typeof(int)));
        Keeps("assembly", a => a, o => ((Assembly)o).GetTypes().Length > 5);
        Keeps("method", a => Method(a, "Work", "Twice"), o => ((MethodInfo)o).Invoke(null, [4]));
        Keeps("static delegate", a => Method(a, "Work", "Twice").CreateDelegate<Func<int, int>>(), o => ((Func<int, int>)o)(5));
        Keeps("bound delegate", a => a.GetType("Shape")!.GetMethod("Area")!.CreateDelegate(typeof(Func<double>),
            Activator.CreateInstance(a.GetType("Shape")!)), o => ((Func<double>)o)());
        Keeps("exception", a => { try { Method(a, "Work", "Throw").Invoke(null, ["thrown"]); } catch (TargetInvocationException e) { return e.InnerException; } return null; },
            o => ((Exception)o).StackTrace!.Contains("Work.Throw"));
        Keeps("task", a => { var s = new TaskCompletionSource(); var t = (Task<int>)Method(a, "Work", "Later").Invoke(null, [s.Task])!; return (s, t); },
            o => { var (s, t) = ((TaskCompletionSource, Task<int>))o; s.SetResult(); return t.Result; });
        Keeps("frame", a => Method(a, "Work", "Call"), o => ((MethodInfo)o).Invoke(null, [(Action)(() => { s_held = null; for (int i = 0; i < 4; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); } })]));
        Keeps("weak handle", a => new WeakReference(a.GetType("Shape")), o => ((WeakReference)o).IsAlive);
        Keeps("string", a => Method(a, "Work", "Literal").Invoke(null, null), o => string.IsInterned((string)o) == null || ReferenceEquals(o, string.IsInterned((string)o)));
        Keeps("finalizer", a => { object o = Activator.CreateInstance(a.GetType("WithFinalizer")!)!; o.GetType().GetField("Other")!.SetValue(o, o); return o; }, o => o.GetType().Name);
        Flat("contexts", 30, 150, i => Cycle(i, false));
        var emitted = Enumerable.Range(0, 3).Select(Emitted).ToArray();
        Console.WriteLine(emitted.All(Gone));
        Flat("emitted", 20, 100, i => Emitted(i + 10));
        int sum = 0;
        Flat("dynamic methods", 500, 6000, i => sum += Dynamic(i));
        Console.WriteLine(sum);
        Console.WriteLine(AppDomain.CurrentDomain.GetAssemblies().Count(x => x.IsCollectible) + " " + AssemblyLoadContext.All.Count(c => c.IsCollectible));
    }
}
