// ComWrappers: managed objects for native code and native objects for managed code, identity, reference counts, lifetime, aggregation,
// custom QueryInterface, registered instances, the reference tracker.
// native: lib/Interop.c
// also: common/Native.cs
using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Native;

[Guid("447BB9ED-DA48-4ABC-8963-5BB5C3E0AA09")] internal interface ITest { void SetValue(int i); int GetValue(); }

internal sealed class Test : ITest
{
    public int Value;
    public void SetValue(int i) => Value = i;
    public int GetValue() => Value;
    ~Test() => Program.Died++;
}

internal sealed class Custom : ITest, ICustomQueryInterface
{
    public void SetValue(int i) { }
    public int GetValue() => 0;
    public CustomQueryInterfaceResult GetInterface(ref Guid iid, out nint p)
    {
        p = 0;
        if (iid == new Guid(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)) { p = 0x1234; return CustomQueryInterfaceResult.Handled; }
        if (iid == new Guid(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)) return CustomQueryInterfaceResult.Failed;
        if (iid == new Guid(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)) throw new FormatException("in QueryInterface");
        return CustomQueryInterfaceResult.NotHandled;
    }
}

internal sealed unsafe class Wrapper(nint p) : ITest
{
    public readonly nint Pointer = p;
    private nint* Table => *(nint**)Pointer;
    public void SetValue(int i) => Marshal.ThrowExceptionForHR(((delegate* unmanaged<nint, int, int>)Table[3])(Pointer, i));
    public int GetValue() { int v; Marshal.ThrowExceptionForHR(((delegate* unmanaged<nint, int*, int>)Table[4])(Pointer, &v)); return v; }
}

internal sealed unsafe class Wrappers : ComWrappers
{
    public int Computed, Created, Released;
    public CreateObjectFlags LastFlags;
    private static readonly ComInterfaceEntry* s_entries;
    private static readonly nint* s_table;
    public bool Nothing, Null;

    static Wrappers()
    {
        s_table = (nint*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(Wrappers), 5 * sizeof(nint));
        GetIUnknownImpl(out s_table[0], out s_table[1], out s_table[2]);
        s_table[3] = (nint)(delegate* unmanaged<nint, int, int>)&SetValue;
        s_table[4] = (nint)(delegate* unmanaged<nint, int*, int>)&GetValue;
        s_entries = (ComInterfaceEntry*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(Wrappers), sizeof(ComInterfaceEntry));
        s_entries->IID = typeof(ITest).GUID;
        s_entries->Vtable = (nint)s_table;
    }

    [UnmanagedCallersOnly] private static int SetValue(nint p, int i)
    {
        try { ComInterfaceDispatch.GetInstance<ITest>((ComInterfaceDispatch*)p).SetValue(i); return 0; }
        catch (Exception e) { return e.HResult; }
    }

    [UnmanagedCallersOnly] private static int GetValue(nint p, int* i)
    {
        try { *i = ComInterfaceDispatch.GetInstance<ITest>((ComInterfaceDispatch*)p).GetValue(); return 0; }
        catch (Exception e) { return e.HResult; }
    }

    protected override ComInterfaceEntry* ComputeVtables(object o, CreateComInterfaceFlags flags, out int count)
    {
        Computed++;
        count = Nothing ? 0 : 1;
        return Nothing ? null : s_entries;
    }

    protected override object? CreateObject(nint p, CreateObjectFlags flags)
    {
        Created++;
        LastFlags = flags;
        if (Null) return null;
        int hr = Marshal.QueryInterface(p, typeof(ITest).GUID, out nint test);
        if (hr != 0) return null;
        return new Wrapper(test);
    }

    protected override void ReleaseObjects(IEnumerable objects) { foreach (object _ in objects) Released++; }
}

internal static unsafe class Program
{
    public static int Died;
    private static nint AsUnknown(Wrappers w, object o) => w.GetOrCreateComInterfaceForObject(o, CreateComInterfaceFlags.None);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Kept(Wrappers w, out nint p)
    {
        var t = new Test();
        p = AsUnknown(w, t);
        return new WeakReference(t);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Collect(int n)
    {
        Span<byte> clear = stackalloc byte[2000];
        clear.Clear();
        for (int i = 0; i < n; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
    }

    private static void Main()
    {
        var w = new Wrappers();
        var t = new Test { Value = 7 };
        Guid iunknown = new("00000000-0000-0000-C000-000000000046"), itest = typeof(ITest).GUID;
        nint p = AsUnknown(w, t);
        P("same", () => AsUnknown(w, t) == p);
        P("computed", () => w.Computed);
        P("counts", () => { int a = Marshal.AddRef(p), b = Marshal.Release(p), c = Marshal.Release(p); return $"{a} {b} {c}"; });
        P("query", () => { int hr = Marshal.QueryInterface(p, itest, out nint q); int c = Marshal.Release(q); return $"{hr} {q == p} {c}"; });
        P("query unknown", () => { int hr = Marshal.QueryInterface(p, iunknown, out nint q); int c = Marshal.Release(q); return $"{hr} {q == p} {c}"; });
        P("query other", () => { int hr = Marshal.QueryInterface(p, Guid.NewGuid(), out nint q); return $"{hr:x} {q}"; });
        P("query dispatch", () => Marshal.QueryInterface(p, new Guid("00020400-0000-0000-C000-000000000046"), out nint q).ToString("x"));
        P("query null", () => Marshal.QueryInterface(0, itest, out nint q));
        P("call", () =>
        {
            Marshal.QueryInterface(p, itest, out nint q);
            nint* table = *(nint**)q;
            int hr = ((delegate* unmanaged<nint, int, int>)table[3])(q, 42), v;
            ((delegate* unmanaged<nint, int*, int>)table[4])(q, &v);
            Marshal.Release(q);
            return $"{hr} {v} {t.Value}";
        });
        P("object", () => ReferenceEquals(ComWrappers.TryGetObject(p, out object? o) ? o : null, t));
        P("object of zero", () => ComWrappers.TryGetObject(0, out object? o));
        P("instance of managed", () => ComWrappers.TryGetComInstance(t, out nint u) + " " + u);
        P("flags", () =>
        {
            nint q = w.GetOrCreateComInterfaceForObject(t, CreateComInterfaceFlags.TrackerSupport);
            return q == p;
        });
        var tracked = new Test();
        P("tracker", () =>
        {
            nint q = w.GetOrCreateComInterfaceForObject(tracked, CreateComInterfaceFlags.TrackerSupport);
            int hr = Marshal.QueryInterface(q, new Guid("64bd43f8-bfee-4ec4-b7eb-2935158dae21"), out nint target);
            nint* table = *(nint**)target;
            uint a = ((delegate* unmanaged<nint, uint>)table[3])(target), b = ((delegate* unmanaged<nint, uint>)table[3])(target), c = ((delegate* unmanaged<nint, uint>)table[4])(target);
            int peg = ((delegate* unmanaged<nint, int>)table[5])(target), unpeg = ((delegate* unmanaged<nint, int>)table[6])(target);
            Guid id = itest;
            nint asTest;
            int query = ((delegate* unmanaged<nint, Guid*, nint*, int>)table[0])(target, &id, &asTest);
            string s = $"{hr} {a} {b} {c} {peg} {unpeg} {query}";
            ((delegate* unmanaged<nint, uint>)table[4])(target);
            return s;
        });
        P("caller defined", () =>
        {
            var x = new Test();
            nint q = w.GetOrCreateComInterfaceForObject(x, CreateComInterfaceFlags.CallerDefinedIUnknown);
            return $"{Marshal.QueryInterface(q, iunknown, out _):x} {Marshal.QueryInterface(q, itest, out _):x}";
        });
        P("nothing", () =>
        {
            var n = new Wrappers { Nothing = true };
            nint q = AsUnknown(n, new Test());
            return $"{Marshal.QueryInterface(q, iunknown, out _):x} {Marshal.QueryInterface(q, itest, out _):x}";
        });
        P("null object", () => AsUnknown(w, null!));
        P("custom", () =>
        {
            nint q = AsUnknown(w, new Custom());
            var s = new List<string>();
            for (int i = 1; i < 5; i++) s.Add($"{Marshal.QueryInterface(q, new Guid(i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), out nint r):x} {r:x}");
            return string.Join(", ", s);
        });

        var other = new Wrappers();
        object? kept = null;
        P("round trip", () => ReferenceEquals(kept = other.GetOrCreateObjectForComInstance(p, CreateObjectFlags.None), t) + " " + other.Created);
        P("unwrap", () => ReferenceEquals(other.GetOrCreateObjectForComInstance(p, CreateObjectFlags.Unwrap), t) + " " + other.Created);
        P("unwrap same", () => ReferenceEquals(w.GetOrCreateObjectForComInstance(p, CreateObjectFlags.Unwrap), t) + " " + w.Created);
        Wrapper? native = null;
        P("wrapper", () =>
        {
            native = (Wrapper)other.GetOrCreateObjectForComInstance(p, CreateObjectFlags.None);
            native.SetValue(99);
            return $"{native.GetValue()} {t.Value} {ReferenceEquals(native, other.GetOrCreateObjectForComInstance(p, CreateObjectFlags.None))} {other.LastFlags}";
        });
        P("unique", () => ReferenceEquals(native, other.GetOrCreateObjectForComInstance(p, CreateObjectFlags.UniqueInstance)) + " " + other.LastFlags);
        P("instance", () => { bool b = ComWrappers.TryGetComInstance(native!, out nint u); int c = b ? Marshal.Release(u) : 0; return $"{b} {u == p}"; });
        P("no object", () => new Wrappers { Null = true }.GetOrCreateObjectForComInstance(p, CreateObjectFlags.None));
        P("zero", () => other.GetOrCreateObjectForComInstance(0, CreateObjectFlags.None));
        P("register", () =>
        {
            var made = new Wrapper(p);
            var third = new Wrappers();
            object first = third.GetOrRegisterObjectForComInstance(p, CreateObjectFlags.None, made);
            return $"{ReferenceEquals(first, made)} {ReferenceEquals(third.GetOrCreateObjectForComInstance(p, CreateObjectFlags.None), made)} {third.Created}";
        });
        P("register null", () => other.GetOrRegisterObjectForComInstance(p, CreateObjectFlags.None, null!));
        P("inner without aggregation", () => other.GetOrRegisterObjectForComInstance(p, CreateObjectFlags.None, new Wrapper(p), p));

        WeakReference alive = Kept(w, out nint held);
        Collect(3);
        P("held by native", () => alive.IsAlive);
        P("still there", () => ComWrappers.TryGetObject(held, out object? o) + " " + (o != null));
        P("released", () => Marshal.Release(held));
        Collect(4);
        P("dead", () => alive.IsAlive + " " + (Died > 0));

        P("global", () => ComWrappers.TryGetObject(p, out _));
        ComWrappers.RegisterForMarshalling(w);
        P("marshalling again", () => ComWrappers.RegisterForMarshalling(other));
        P("tracking again", () => { ComWrappers.RegisterForTrackerSupport(w); ComWrappers.RegisterForTrackerSupport(other); });
        P("marshal", () => Marshal.IsComObject(t) + " " + Marshal.AreComObjectsAvailableForCleanup());
        P("iunknown for", () => Marshal.GetIUnknownForObject(t) == p);
        P("iunknown for other", () => Marshal.GetIUnknownForObject(new Test()) != 0);
        P("object for", () => Marshal.GetObjectForIUnknown(p).GetType());
        P("idispatch for", () => Marshal.GetIDispatchForObject(t));
        P("com interface", () => Marshal.GetComInterfaceForObject(t, typeof(ITest)));
        P("unique object", () => Marshal.GetUniqueObjectForIUnknown(p));
        P("release com", () => Marshal.ReleaseComObject(t));
        P("create", () => Marshal.CreateWrapperOfType(t, typeof(object)));
        P("bind", () => Marshal.BindToMoniker("x"));
        P("prog id", () => Type.GetTypeFromProgID("x"));
        P("clsid", () => Type.GetTypeFromCLSID(Guid.NewGuid()));
        GC.KeepAlive(tracked);
        GC.KeepAlive(native);
        GC.KeepAlive(kept);
    }
}
