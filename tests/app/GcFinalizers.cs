// stress: loose
// Finalisers: order, what may become due, resurrection, suppression, critical ones, constructors that threw, clones; what a finaliser may do.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.ConstrainedExecution;
using System.Runtime.InteropServices;
using System.Threading;

class Final
{
    public readonly string Name;
    public object Other;
    public Final(string name, object other = null) { Name = name; Other = other; }
    ~Final() => Log.Add(Name);
}

class Base
{
    ~Base() => Log.Add("base");
}

class Derived : Base
{
    ~Derived() => Log.Add("derived");
}

class Critical : CriticalFinalizerObject
{
    readonly string name;
    public Critical(string name) => this.name = name;
    ~Critical() => Log.Add(name);
}

class Throws
{
    readonly string name = "initialised";
    public Throws(bool now)
    {
        if (now)
            throw new InvalidOperationException("constructor");
        name = "constructed";
    }
    ~Throws() => Log.Add(name);
}

class Phoenix
{
    public static Phoenix Last;
    public int Lives;
    ~Phoenix()
    {
        Log.Add("life " + Lives);
        Last = this;
        if (--Lives > 0)
            GC.ReRegisterForFinalize(this);
    }
}

class Counted
{
    public static int Count;
    readonly long a = 1;
    ~Counted() => Interlocked.Add(ref Count, (int)a);
}

class Generic<T>
{
    ~Generic() => Log.Add(typeof(T).Name);
}

class Allocates
{
    ~Allocates()
    {
        var list = new List<byte[]>();
        for (int i = 0; i < 2000; i++)
            list.Add(new byte[5000]);
        GC.Collect(0);
        Log.Add($"allocated {list.Sum(b => b.Length)}");
    }
}

class Blocks
{
    public static readonly ManualResetEventSlim Gate = new();
    ~Blocks()
    {
        Log.Add("waits");
        Gate.Wait();
        Thread.Sleep(20);
        Log.Add("goes on");
    }
}

class Asks
{
    ~Asks()
    {
        var t = Thread.CurrentThread;
        Log.Add($"background {t.IsBackground}, pool {t.IsThreadPoolThread}, same {ReferenceEquals(t, Program.FinalizerThread ??= t)}");
        lock (typeof(Asks))
            local++;
        Log.Add("thread static " + local);
        try { throw new ArgumentException("inner"); }
        catch (ArgumentException e) { Log.Add("caught " + e.Message); }
    }
    [ThreadStatic] static int local;
}

class Handle : SafeHandle
{
    public Handle(int v) : base(IntPtr.Zero, true) => SetHandle(v);
    public override bool IsInvalid => handle == IntPtr.Zero;
    protected override bool ReleaseHandle() { Log.Add("released " + handle); return true; }
}

class Disposes : IDisposable
{
    bool disposed;
    public void Dispose()
    {
        if (!disposed)
            Log.Add("disposed");
        disposed = true;
        GC.SuppressFinalize(this);
    }
    ~Disposes() => Log.Add("not disposed");
}

static class Log
{
    static readonly List<string> lines = new();
    public static void Add(string s) { lock (lines) lines.Add(s); }
    /* The order of finalisers is nobody's promise, but for critical ones. */
    public static void Show(string title, bool sorted = true)
    {
        lock (lines)
        {
            if (sorted)
                lines.Sort(StringComparer.Ordinal);
            Console.WriteLine($"{title}: {string.Join(", ", lines)}");
            lines.Clear();
        }
    }
}

static class Program
{
    public static Thread FinalizerThread;
    static object kept;

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void ClearStack()
    {
        Span<byte> s = stackalloc byte[8192];
        s.Clear();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Settle(Action make)
    {
        make();
        ClearStack();
    }

    static void Collect(int generation = 2)
    {
        ClearStack();
        GC.Collect(generation);
        GC.WaitForPendingFinalizers();
    }

    static void Try(string title, Action make, bool sorted = true)
    {
        Settle(make);
        Collect();
        Log.Show(title, sorted);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void ShowPhoenix()
    {
        Console.WriteLine($"{(Phoenix.Last == null ? "none" : "back, lives " + Phoenix.Last.Lives)}");
        Phoenix.Last = null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Generations()
    {
        var l = new List<object>();
        for (int i = 0; i < 3; i++)
            l.Add(new Final("old" + i));
        kept = l;
        GC.Collect();
        GC.Collect();
        for (int i = 0; i < 3; i++)
            l.Add(new Final("young" + i));
    }

    static void Main()
    {
        Try("row", () => { for (int i = 0; i < 5; i++) new Final("f" + i); });
        Try("chain", () => { object o = null; for (int i = 0; i < 5; i++) o = new Final("c" + i, o); });
        Try("cycle", () => { var a = new Final("a"); a.Other = new Final("b", a); });
        Try("derived", () => new Derived(), false);
        Try("generic", () => { new Generic<string>(); new Generic<int>(); });

        Settle(Generations);
        GC.Collect(0);
        kept = null;
        ClearStack();
        GC.Collect(1);
        GC.WaitForPendingFinalizers();
        Log.Show("generation 1");
        Collect();
        Log.Show("generation 2");

        Try("constructors", () =>
        {
            new Throws(false);
            try { new Throws(true); }
            catch (InvalidOperationException e) { Log.Add("threw " + e.Message); }
        });
        Try("suppressed", () => GC.SuppressFinalize(new Final("never")));
        Try("suppressed, asked for", () => { var f = new Final("once"); GC.SuppressFinalize(f); GC.SuppressFinalize(f); GC.ReRegisterForFinalize(f); });
        Try("asked for twice", () => { var f = new Final("twice"); GC.ReRegisterForFinalize(f); });
        Try("none to run", () => { var o = new object(); GC.SuppressFinalize(o); GC.ReRegisterForFinalize(o); });
        foreach (Action<object> f in new Action<object>[] { GC.SuppressFinalize, GC.ReRegisterForFinalize })
            try { f(null); }
            catch (ArgumentNullException e) { Console.WriteLine(e.ParamName); }

        Settle(() => new Phoenix { Lives = 3 });
        for (int i = 0; i < 5; i++)
        {
            Collect();
            ShowPhoenix();
        }
        Log.Show("phoenix", false);
        Settle(() => new Phoenix { Lives = 1 });
        Collect();
        Settle(() => { GC.ReRegisterForFinalize(Phoenix.Last); Phoenix.Last = null; });
        Collect();
        Log.Show("asked for by its user", false);
        Phoenix.Last = null;

        Settle(() => { for (int i = 0; i < 4; i++) { new Critical("critical"); new Final("plain"); } });
        Collect();
        Log.Show("critical", false);
        Try("safe handle", () => { new Handle(7); new Final("before it"); new Handle(8).Dispose(); }, false);
        Try("dispose", () => { using (new Disposes()) { } new Disposes(); });
        Try("uninitialised", () => { RuntimeHelpers.GetUninitializedObject(typeof(Derived)); Activator.CreateInstance(typeof(Generic<>).MakeGenericType(typeof(long))); });
        Try("clone", () => { var m = typeof(object).GetMethod("MemberwiseClone", (System.Reflection.BindingFlags)36); m.Invoke(new Final("cloned"), null); });
        Try("array", () => kept = new Final[] { new("x"), new("y") });
        kept = null;
        Collect();
        Log.Show("array gone");

        Settle(() => { for (int i = 0; i < 100000; i++) new Counted(); });
        Collect();
        Console.WriteLine($"counted {Counted.Count}");
        Try("allocates", () => new Allocates());
        Try("asks", () => new Asks(), false);
        Try("asks again", () => new Asks(), false);

        Settle(() => new Blocks());
        ClearStack();
        GC.Collect();
        for (int i = 0; i < 50; i++)
        {
            Settle(() => new Counted());
            GC.Collect(i % 3);
        }
        Console.WriteLine($"counted meanwhile {Counted.Count}");
        Settle(() => { for (int i = 0; i < 100; i++) new Counted(); });
        GC.Collect();
        Console.WriteLine($"waiting for their turn: {GC.GetGCMemoryInfo(GCKind.Any).FinalizationPendingCount is >= 100 and < 400}");
        var waiter = new Thread(GC.WaitForPendingFinalizers);
        waiter.Start();
        Console.WriteLine($"waits still: {!waiter.Join(100)}");
        Blocks.Gate.Set();
        waiter.Join();
        Collect();
        Log.Show("blocked", false);
        Console.WriteLine($"counted {Counted.Count}");
        new Final("not at exit");
    }
}
