// needs: CyclePlugin
// What keeps a collectible context, an emitted assembly or a dynamic method alive, one at a time; that it still works; and that it goes afterwards.
#nullable enable
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

internal static class UnloadKeepers
{
    private static readonly string s_lib = Path.Combine(AppContext.BaseDirectory, "CyclePlugin.dll");
    private static object? s_kept;
    private static Action s_drop = () => { };
    private static event Action? s_event;
    private static readonly ConditionalWeakTable<object, object> s_table = new();
    private static readonly AsyncLocal<object?> s_flows = new();

    private static void Collect(int n = 1) { for (int i = 0; i < n; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); } }
    private static bool Gone(WeakReference w) { for (int i = 0; i < 20 && w.IsAlive; i++) Collect(); return !w.IsAlive; }

    private static Type T(this Assembly a, string name) => a.GetType("Cycles." + name, true)!;
    private static object New(this Assembly a, string name) => Activator.CreateInstance(a.T(name))!;
    private static object? Call(this Assembly a, string name, params object?[] args) => a.T("Keeps").GetMethod(name)!.Invoke(null, args);
    private static Assembly Load(AssemblyLoadContext c) => c.LoadFromAssemblyPath(s_lib);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Start(Func<Assembly, object?> make)
    {
        var c = new AssemblyLoadContext("kept", true);
        s_kept = make(Load(c));
        c.Unload();
        return new WeakReference(c, true);
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static string? Text(Func<object?, object?> use) => use(s_kept)?.ToString();
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Drop() { s_drop(); s_drop = () => { }; s_kept = null; }

    private static void Keeper(string what, Func<Assembly, object?> make, Func<object?, object?>? use = null)
    {
        WeakReference w = Start(make);
        Collect(5);
        bool kept = w.IsAlive;
        string? text = use == null ? "" : Text(use);
        Drop();
        Console.WriteLine($"{what}: {(kept ? "kept" : "not kept")} {text} {(Gone(w) ? "gone" : "STILL THERE")}");
    }

    private static void Contexts()
    {
        Keeper("nothing", a => null);
        Keeper("thread inside", a =>
        {
            var e = new ManualResetEvent(false);
            var t = new Thread(o => a.Call("Stay", o!)); // the closure keeps nothing that the frame does not
            t = new Thread(a.T("Keeps").GetMethod("Stay")!.CreateDelegate<Action<WaitHandle>>() is var d ? o => d((WaitHandle)o!) : null!);
            t.Start(e);
            s_drop = () => { e.Set(); t.Join(); t = null!; e = null!; d = null!; };
            return null;
        });
        Keeper("type handle", a => a.T("Bolt").TypeHandle, h => Type.GetTypeFromHandle((RuntimeTypeHandle)h!));
        Keeper("method handle", a => a.T("Bolt").GetMethod("Last")!.MethodHandle, h => MethodBase.GetMethodFromHandle((RuntimeMethodHandle)h!));
        Keeper("field handle", a => a.T("Bolt").GetField("Gate")!.FieldHandle, h => FieldInfo.GetFieldFromHandle((RuntimeFieldHandle)h!));
        Keeper("module", a => a.ManifestModule, o => ((Module)o!).Name);
        Keeper("parameter", a => a.T("Bolt").GetMethod("Add")!.GetParameters()[0], o => o);
        Keeper("property", a => a.T("Bolt").GetProperty("Weight"), o => o);
        Keeper("attribute", a => a.T("Bolt").GetCustomAttributes(a.T("MarkAttribute"), false)[0], o => o!.GetType().GetField("Text")!.GetValue(o));
        Keeper("attribute data", a => a.T("Bolt").GetCustomAttributesData().Single(d => d.AttributeType.Name == "MarkAttribute"), o => ((CustomAttributeData)o!).ConstructorArguments[0]);
        Keeper("strong handle", a => { var h = GCHandle.Alloc(a.New("Nut")); s_drop = () => h.Free(); return null; });
        Keeper("pinned handle", a => { var h = GCHandle.Alloc(a.Call("Boxes"), GCHandleType.Pinned); s_drop = () => h.Free(); return h; },
            h => ((GCHandle)h!).Target);
        Keeper("weak handle", a => { var h = GCHandle.Alloc(a.New("Nut"), GCHandleType.WeakTrackResurrection); s_drop = () => h.Free(); return h; },
            h => ((GCHandle)h!).Target ?? "null");
        Keeper("weak reference", a => new WeakReference(a.New("Nut"), true), o => ((WeakReference)o!).IsAlive);
        Keeper("weak type", a => new WeakReference<Type>(a.T("Nut"), true), o => ((WeakReference<Type>)o!).TryGetTarget(out _));
        Keeper("resurrected", a =>
        {
            a.T("Comes").GetField("Back")!.SetValue(null, (Action<object>)(o => { s_kept = o; GC.SuppressFinalize(o); }));
            a.New("Comes");
            return null;
        }, o => o);
        Keeper("table value", a => { var key = new object(); s_table.Add(key, a.New("Bolt")); return key; }, k => s_table.TryGetValue(k!, out object? v) ? v : null);
        Keeper("table key", a => { object key = a.New("Nut"); s_table.Add(key, a); return null; });
        Keeper("dependent handle", a => { var h = new DependentHandle(a.New("Nut"), a); s_drop = () => h.Dispose(); return null; });
        Keeper("thread static", a => { a.Call("SetThreadStatic"); return null; });
        Keeper("own static", a => { a.T("Keeps").GetField("Root")!.SetValue(null, a.New("Bolt")); return null; });
        Keeper("event", a => { var d = (Action)a.Call("Static")!; s_event += d; s_drop = () => { s_event -= d; d = null!; }; return null; });
        Keeper("iterator", a => ((IEnumerable<int>)a.Call("Count")!).GetEnumerator(), o => { var e = (IEnumerator<int>)o!; e.MoveNext(); e.MoveNext(); return e.Current; });
        Keeper("box", a => a.Call("Boxes"), o => o);
        Keeper("old large array", a => { var all = new object?[20000]; GC.Collect(); all[77] = a.Call("Boxes"); s_drop = () => all[77] = null; return all; }, o => ((object?[])o!)[77]);
        Keeper("pinned array", a => { var all = new object?[2]; all = GC.AllocateArray<object?>(4, false); all[1] = a.New("Nut"); return all; }, o => ((object?[])o!)[1]!.GetType().Name);
        Keeper("array of arrays", a => Array.CreateInstance(a.T("Point").MakeArrayType(), 2), o => o);
        Keeper("empty array", a => Array.CreateInstance(a.T("Point"), 0), o => o);
        Keeper("comparer", a => typeof(Comparer<>).MakeGenericType(a.T("Bolt")).GetProperty("Default")!.GetValue(null), o => ((System.Collections.IComparer)o!).Compare(null, null));
        Keeper("lazy", a => new Lazy<object>(() => a.New("Bolt")), o => ((Lazy<object>)o!).Value);
        Keeper("flowing value", a => { s_flows.Value = a.New("Nut"); s_drop = () => s_flows.Value = null; return null; });
        Keeper("timer", a => new Timer(a.T("Keeps").GetMethod("Stay")!.CreateDelegate<Action<WaitHandle>>() is var d ? o => d(null!) : null!, null, 1000000, 1000000), o => o!.GetType());
        Keeper("dynamic method of it", a =>
        {
            var m = new DynamicMethod("in", typeof(object), [], a.ManifestModule, true);
            ILGenerator g = m.GetILGenerator(); g.Emit(OpCodes.Newobj, a.T("Nut").GetConstructor([])!); g.Emit(OpCodes.Ret);
            return m.CreateDelegate<Func<object>>();
        }, d => ((Func<object>)d!)());
        Keeper("generic method", a => typeof(Array).GetMethod("Empty")!.MakeGenericMethod(a.T("Point")), m => ((MethodInfo)m!).Invoke(null, null));
        Keeper("exception in a filter", a => { var s = new List<object?>(); a.Call("Filter", (Action)(() => { s.Add(1); throw new Exception("x"); })); return s; }, o => ((List<object?>)o!).Count);
        Keeper("frame", a => a.T("Keeps").GetMethod("Calls"), o => { var m = (MethodInfo)o!; return m.Invoke(null, [(Action)(() => { s_kept = m = null!; Collect(4); })]); });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference, WeakReference) Two(Func<Assembly, Assembly, object?> make)
    {
        AssemblyLoadContext c = new("first", true), d = new("second", true);
        s_kept = make(Load(c), Load(d));
        c.Unload(); d.Unload();
        return (new WeakReference(c, true), new WeakReference(d, true));
    }

    private static void Between(string what, Func<Assembly, Assembly, object?> make)
    {
        var (c, d) = Two(make);
        Collect(5);
        Console.Write($"{what}: {c.IsAlive} {d.IsAlive} ");
        s_kept = null;
        Console.WriteLine($"{Gone(c)} {Gone(d)}");
    }

    private static void Pairs()
    {
        Between("static of the other", (a, b) => { b.T("Keeps").GetField("Root")!.SetValue(null, a.New("Nut")); return b; });
        Between("one instance", (a, b) => a.New("Nut"));
        Between("both in one type", (a, b) => typeof(Dictionary<,>).MakeGenericType(a.T("Point"), b.T("Bolt")));
        Between("generic of one over the other", (a, b) => Activator.CreateInstance(typeof(List<>).MakeGenericType(a.T("Holder`1").MakeGenericType(b.T("Nut")).MakeArrayType())));
        Between("statics in a ring", (a, b) =>
        {
            a.T("Keeps").GetField("Root")!.SetValue(null, b.New("Nut")); b.T("Keeps").GetField("Root")!.SetValue(null, a.New("Nut"));
            return null;
        });
        Between("ring with an end", (a, b) =>
        {
            a.T("Keeps").GetField("Root")!.SetValue(null, b.New("Nut")); b.T("Keeps").GetField("Root")!.SetValue(null, a.New("Nut"));
            return a.T("Bolt");
        });
    }

    private static (TypeBuilder, Assembly) Emit(string name, Type? parent)
    {
        AssemblyBuilder ab = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.RunAndCollect);
        TypeBuilder tb = ab.DefineDynamicModule("m").DefineType(name, TypeAttributes.Public, parent);
        ILGenerator g = tb.DefineMethod("Do", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(Action)]).GetILGenerator();
        g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Callvirt, typeof(Action).GetMethod("Invoke")!); g.Emit(OpCodes.Ldc_I4, 17); g.Emit(OpCodes.Ret);
        return (tb, ab);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference StartEmitted(Func<Type, object?> make)
    {
        Type t = Emit("E", null).Item1.CreateType();
        s_kept = make(t);
        return new WeakReference(t.Assembly, true);
    }

    private static void Emitted(string what, Func<Type, object?> make, Func<object?, object?>? use = null)
    {
        WeakReference w = StartEmitted(make);
        Collect(5);
        bool kept = w.IsAlive;
        string? text = use == null ? "" : Text(use);
        s_kept = null;
        Console.WriteLine($"emitted {what}: {(kept ? "kept" : "not kept")} {text} {(Gone(w) ? "gone" : "STILL THERE")}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference StartMethod(Func<DynamicMethod, object?> make)
    {
        var m = new DynamicMethod("dyn", typeof(int), [typeof(Action)]);
        ILGenerator g = m.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Callvirt, typeof(Action).GetMethod("Invoke")!);
        g.Emit(OpCodes.Ldstr, "literal of it"); g.Emit(OpCodes.Callvirt, typeof(string).GetProperty("Length")!.GetMethod!); g.Emit(OpCodes.Ret);
        s_kept = make(m);
        return new WeakReference(m, true);
    }

    private static void Method(string what, Func<DynamicMethod, object?> make, Func<object?, object?>? use = null)
    {
        WeakReference w = StartMethod(make);
        Collect(5);
        string? text = use == null ? "" : Text(use);
        s_kept = null;
        Console.WriteLine($"dynamic method, {what}: {text} {(Gone(w) ? "gone" : "STILL THERE")}");
    }

    private static object? Caught(Action a) { try { a(); } catch (Exception e) { return e is TargetInvocationException ? e.InnerException : e; } return null; }

    private static void Main()
    {
        Contexts();
        Pairs();
        Emitted("nothing", t => null);
        Emitted("type", t => t, t => ((Type)t!).GetMethod("Do")!.Invoke(null, [(Action)(() => { })]));
        Emitted("instance", Activator.CreateInstance, o => o);
        Emitted("delegate", t => t.GetMethod("Do")!.CreateDelegate<Func<Action, int>>(), d => ((Func<Action, int>)d!)(() => s_kept = null));
        Emitted("frame", t => t.GetMethod("Do")!.CreateDelegate<Func<Action, int>>(), d => { var f = (Func<Action, int>)d!; d = null; return f(() => { s_kept = f = null!; Collect(5); }); });
        Emitted("list", t => typeof(List<>).MakeGenericType(t), t => Activator.CreateInstance((Type)t!));
        Emitted("derived in another", t => Emit("F", t).Item1.CreateType(), t => ((Type)t!).BaseType);
        Emitted("exception", t => Caught(() => t.GetMethod("Do")!.CreateDelegate<Func<Action, int>>()(() => throw new Exception("inside"))), e => ((Exception)e!).StackTrace!.Contains("E.Do"));
        Method("nothing", m => { m.CreateDelegate<Func<Action, int>>()(() => { }); return null; });
        Method("delegate", m => m.CreateDelegate<Func<Action, int>>(), d => ((Func<Action, int>)d!)(() => Collect()));
        Method("itself", m => m, m => ((DynamicMethod)m!).CreateDelegate<Func<Action, int>>()(() => Collect(2)));
        Method("frame", m => m.CreateDelegate<Func<Action, int>>(), d => { var f = (Func<Action, int>)d!; d = null; return f(() => { s_kept = f = null!; Collect(5); }); });
        Method("multicast", m => m.CreateDelegate<Func<Action, int>>() + m.CreateDelegate<Func<Action, int>>(), d => { int n = 0; ((Func<Action, int>)d!)(() => n++); return n; });
        Method("exception", m => Caught(() => m.CreateDelegate<Func<Action, int>>()(() => throw new Exception("inside"))), e => ((Exception)e!).StackTrace!.Contains("dyn"));
        Method("delegate's method", m => m.CreateDelegate<Func<Action, int>>().Method, m => ((MethodInfo)m!).Name);
        s_event?.Invoke();
    }
}
