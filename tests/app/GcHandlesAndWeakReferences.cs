// stress: loose
// also: common/Stack.cs
// WeakReference (short, tracking resurrection, generic), GCHandle of each kind and their typed forms, DependentHandle.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Stack;

class Final
{
    public static Final Back;
    public static bool Resurrect;
    public int Value;
    public object Inner = new string('i', 3);
    ~Final()
    {
        if (Resurrect)
            Back = this;
    }
}

static class Program
{
    static object kept;

    [MethodImpl(MethodImplOptions.NoInlining)]
    static T Make<T>(Func<T> f)
    {
        T t = f();
        ClearStack();
        return t;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static string State(object o) => o == null ? "dead" : o is Final f ? "alive " + f.Value : "alive";
    [MethodImpl(MethodImplOptions.NoInlining)]
    static string State(WeakReference w) => State(w.Target) + (w.IsAlive ? "" : ", not alive");
    [MethodImpl(MethodImplOptions.NoInlining)]
    static string State(GCHandle h) => State(h.Target);

    static void Weak()
    {
        var held = new Final { Value = 1 };
        var a = Make(() => new WeakReference(held));
        var b = Make(() => new WeakReference(new Final { Value = 2 }));
        var c = Make(() => new WeakReference(new Final { Value = 3 }, true));
        var plain = Make(() => new WeakReference(new object(), true));
        Console.WriteLine($"track {a.TrackResurrection} {c.TrackResurrection}");
        Console.WriteLine($"before: {State(a)}; {State(b)}; {State(c)}; {State(plain)}");
        ClearStack();
        GC.Collect();
        Console.WriteLine($"after: {State(a)}; {State(b)}; {State(plain)}");
        Collect();
        Collect();
        Console.WriteLine($"finalised: {State(a)}; {State(b)}; {State(c)}");
        GC.KeepAlive(held);
        c.Target = held;
        b.Target = held;
        Collect(0);
        Console.WriteLine($"set: {State(b)}; {State(c)}");
        b.Target = null;
        Console.WriteLine($"null: {State(b)}");

        Final.Resurrect = true;
        var s = Make(() => new WeakReference(new Final { Value = 4 }));
        var t = Make(() => new WeakReference(new Final { Value = 5 }, true));
        Collect();
        Console.WriteLine($"resurrected: {Final.Back != null}; short {State(s)}; long {State(t)}");
        Collect();
        Final.Resurrect = false;
        Final.Back = null;
        Collect();
        Console.WriteLine($"let go: {State(t)}");
        GC.KeepAlive(held);

        var g = Make(() => new WeakReference<string>(new string('g', 5)));
        var h = new WeakReference<string>("literal");
        Collect();
        Console.WriteLine($"generic: {g.TryGetTarget(out _)} {h.TryGetTarget(out var lit)} {lit}");
        g.SetTarget("other");
        Collect();
        Console.WriteLine(g.TryGetTarget(out lit) ? lit : "none");

        /* A weak reference that is itself finalised, thousands of times. */
        for (int i = 0; i < 20; i++)
        {
            for (int k = 0; k < 5000; k++)
                new WeakReference(kept, (k & 1) != 0);
            GC.Collect(i % 3);
        }
        Collect();
        Console.WriteLine("many made and dropped");
    }

    static void Ages()
    {
        var held = new List<object>();
        var weak = new List<WeakReference>();
        var strong = new List<GCHandle>();
        for (int i = 0; i < 30000; i++)
        {
            Make(() =>
            {
                object o = new int[] { i };
                if (i % 3 == 0)
                    held.Add(o);
                if (i % 3 == 1)
                    strong.Add(GCHandle.Alloc(o));
                weak.Add(new WeakReference(o, i % 2 == 0));
                return 0;
            });
            if (i % 5000 == 0)
                GC.Collect(i / 5000 % 3);
        }
        Collect();
        bool right = true;
        int alive = 0;
        for (int i = 0; i < weak.Count; i++)
            if (weak[i].Target is int[] a)
            {
                alive++;
                right &= a[0] == i && i % 3 != 2;
            }
        Console.WriteLine($"alive {alive} {right}; strong {strong.All(h => ((int[])h.Target)[0] % 3 == 1)}");
        foreach (var h in strong)
            h.Free();
        held.Clear();
        ClearStack();
        Collect();
        Console.WriteLine($"alive {weak.Count(w => w.IsAlive)}");
        /* Old handles take young targets. */
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 100; i++)
                weak[i * 300].Target = held.Append(new int[] { i }).Last();
            var some = Make(() => Enumerable.Range(0, 100).Select(i => weak[i * 300].Target).Where((o, i) => i % 4 == 0).ToArray());
            Collect(round);
            Console.WriteLine($"generation {round}: {Enumerable.Range(0, 100).Count(i => weak[i * 300].Target is int[] a && a[0] == i)}");
            GC.KeepAlive(some);
        }
    }

    static unsafe void Handles()
    {
        var normal = Make(() => GCHandle.Alloc(new Final { Value = 10 }));
        var weak = Make(() => GCHandle.Alloc(new Final { Value = 11 }, GCHandleType.Weak));
        var track = Make(() => GCHandle.Alloc(new Final { Value = 12 }, GCHandleType.WeakTrackResurrection));
        var pinned = Make(() => GCHandle.Alloc(new int[] { 1, 2, 3 }, GCHandleType.Pinned));
        IntPtr at = pinned.AddrOfPinnedObject();
        for (int i = 0; i < 6; i++)
        {
            for (int k = 0; k < 20000; k++)
                kept = new byte[k % 100];
            GC.Collect(i % 3);
        }
        Collect();
        Console.WriteLine($"{State(normal)}; {State(weak)}; {track.Target is null or Final { Value: 12 }}"); /* finalised by now, or not */
        Console.WriteLine($"pinned stays {at == pinned.AddrOfPinnedObject()} {((int*)at)[2]} {((int[])pinned.Target)[1]}");
        var same = GCHandle.FromIntPtr(GCHandle.ToIntPtr(normal));
        Console.WriteLine($"same {same == normal} {same.Equals(normal)} {normal != weak} {normal.IsAllocated}");
        normal.Target = "new";
        Collect();
        Console.WriteLine(normal.Target);
        pinned.Target = new double[] { 2.5 };
        Collect();
        Console.WriteLine(*(double*)pinned.AddrOfPinnedObject());
        pinned.Target = "text";
        Console.WriteLine(*(char*)pinned.AddrOfPinnedObject());
        normal.Free();
        weak.Free();
        track.Free();
        pinned.Free();
        Console.WriteLine(normal.IsAllocated);
        Attempt(() => normal.Free());
        Attempt(() => GCHandle.Alloc(new Final(), GCHandleType.Pinned));
        Attempt(() => GCHandle.Alloc(new Final(), (GCHandleType)9));
        Attempt(() => GCHandle.FromIntPtr(IntPtr.Zero));
        Attempt(() => { var h = GCHandle.Alloc("x"); try { h.AddrOfPinnedObject(); } finally { h.Free(); } });
        Attempt(() => { object o = default(GCHandle).Target; });
        var none = GCHandle.Alloc(null, GCHandleType.Pinned);
        Console.WriteLine($"{none.Target == null} {none.AddrOfPinnedObject()}");
        none.Free();

        using (var p = new PinnedGCHandle<byte[]>(new byte[] { 42 }))
        using (var n = new GCHandle<string>("typed"))
        {
            var w = Make(() => new WeakGCHandle<string>(new string('w', 2)));
            Collect();
            Console.WriteLine($"{*p.GetAddressOfArrayData()} {n.Target} {w.TryGetTarget(out _)}");
            w.Dispose();
        }
        var many = new GCHandle[100000];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < many.Length; i++)
                many[i] = GCHandle.Alloc((object)i, (GCHandleType)(i % 4));
            GC.Collect(round);
            int wrong = 0;
            for (int i = 0; i < many.Length; i++)
            {
                wrong += i % 4 >= 2 && (int)many[i].Target != i ? 1 : 0;
                many[i].Free();
            }
            Console.WriteLine($"wrong {wrong}");
        }
    }

    static void Attempt(Action a)
    {
        try { a(); Console.WriteLine("no exception"); }
        catch (Exception e) { Console.WriteLine($"{e.GetType().Name}: {e.Message}"); }
    }

    static void Dependents()
    {
        var key = new object();
        var live = Make(() => new DependentHandle(key, new Final { Value = 20 }));
        var dead = Make(() => new DependentHandle(new object(), new Final { Value = 21 }));
        var cycle = Make(() => { var f = new Final { Value = 22 }; return new DependentHandle(f.Inner, f); });
        Collect(0);
        Collect();
        Collect();
        Console.WriteLine($"{State(live.Target)} {State(live.Dependent)}; {State(dead.Target)} {State(dead.Dependent)}; {State(cycle.Target)}");
        var (t, d) = live.TargetAndDependent;
        Console.WriteLine($"{t == key} {((Final)d).Value}");
        t = d = null;
        Make(() => live.Dependent = new Final { Value = 23 });
        Collect(0);
        Console.WriteLine(State(live.Dependent));
        Make(() => live.Target = null);
        Console.WriteLine($"{State(live.Target)} {State(live.Dependent)}");
        Attempt(() => live.Target = "other");
        live.Dispose();
        live.Dispose();
        Console.WriteLine(live.IsAllocated);
        Attempt(() => Console.WriteLine(live.Target));
        dead.Dispose();
        cycle.Dispose();
        GC.KeepAlive(key);

        /* A chain: each keeps the key of the next. */
        foreach (bool reverse in new[] { false, true })
        {
            const int n = 2000;
            var first = Make(() => new object[1]);
            var handles = new DependentHandle[n];
            Make(() =>
            {
                var keys = Enumerable.Range(0, n + 1).Select(i => i == 0 ? first : (object)new object[1]).ToArray();
                for (int i = 0; i < n; i++)
                {
                    int k = reverse ? n - 1 - i : i;
                    handles[k] = new DependentHandle(keys[k], k % 2 == 0 ? keys[k + 1] : new object[] { keys[k + 1] });
                }
                return 0;
            });
            Collect(1);
            Collect();
            Console.WriteLine($"chain {handles.Count(h => h.Target != null && h.Dependent != null)}");
            GC.KeepAlive(first);
            first = null;
            Collect();
            Console.WriteLine($"chain {handles.Count(h => h.Target != null || h.Dependent != null)}");
            foreach (var h in handles)
                h.Dispose();
        }
    }

    static void Main()
    {
        Weak();
        Ages();
        Handles();
        Dependents();
    }
}
