// also: common/GcLab.cs
// Roots outside frames, and paths through the heap: each keeps exactly one object of a hundred, and lets it go.
using System.Collections.Concurrent;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static class OfType<T> { public static Probe? Held; [ThreadStatic] public static Probe? OfThread; }
internal sealed class Boxed { public object? Value; public Pair Inside; public IHolder? Iface; public event Action? Happened; public void Clear() => Happened = null; }
internal interface IHolder { Probe? Get(); }
internal struct Holder(Probe p) : IHolder { private readonly Probe _p = p; public readonly Probe? Get() => _p; }
internal sealed class Late(Batch b, Probe p)
{
    public static Late? Back;
    public Probe P = p;
    public Batch B = b;
    ~Late() => Back = this;
}

[InlineArray(5)]
internal struct Five { public object? Element; }

internal static class Program
{
    private static Probe? s_field;
    private static Pair s_pair;
    private static Five s_five;
    private static object? s_object;
    [ThreadStatic] private static Probe? t_field;
    [ThreadStatic] private static Pair t_pair;
    private static readonly ThreadLocal<Probe?> s_local = new();
    private static readonly AsyncLocal<Probe?> s_async = new();
    private static readonly object[] s_array = new object[50];
    private static readonly object?[,] s_matrix = new object?[4, 5];
    private static readonly object?[][] s_jagged = [new object?[3], new object?[7]];
    private static readonly Pair[] s_pairs = new Pair[9];
    private static readonly Boxed s_box = new();
    private static readonly List<object?> s_list = [];
    private static readonly Dictionary<int, Probe> s_dictionary = [];
    private static readonly ConcurrentDictionary<string, Probe> s_concurrent = new();
    private static readonly ConditionalWeakTable<object, object> s_table = [];
    private static readonly object s_key = new();
    private static GCHandle s_handle;
    private static DependentHandle s_dependent;
    private static Func<Probe?>? s_function;
    private static IEnumerator<Probe?>? s_iterator;
    private static TaskCompletionSource? s_gate;
    private static Task? s_task;
    private static Exception? s_exception;
    private static Timer? s_timer;

    private static void Root(string name, Action<Batch> hold, Action<Batch> release)
    {
        var b = new Batch();
        hold(b);
        b.During();
        release(b);
        b.After(name);
    }

    private static void NoRoot(string name, Action<Batch> hold, Action<Batch> release) => Root(name, hold, release);

    private static IEnumerable<Probe?> Sequence(Batch b)
    {
        Probe? p = b.Make();
        yield return null;
        b.Use(p);
        p = null;
        yield return null;
    }

    private static async Task Waiting(Batch b, Task gate)
    {
        Probe p = b.Make();
        await gate;
        b.Use(p);
    }

    private static async ValueTask<Probe> Inner(Batch b, Task gate) { Probe p = b.Make(); await gate; return p; }
    private static async Task Outer(Batch b, Task gate) => b.Use(await Inner(b, gate));

    private static Func<Probe?> Capture(Batch b)
    {
        Probe p = b.Make();
        return () => p;
    }

    private static Probe? Identity(this Probe p) => p;
    private static void Nothing(this Probe p) => GC.KeepAlive(p);

    private static void Main()
    {
        Root("static field", b => s_field = b.Make(), b => { b.Use(s_field); s_field = null; });
        Root("field of a static struct", b => s_pair.Second = b.Make(), b => { b.Use((Probe?)s_pair.Second); s_pair = default; });
        Root("element of a static inline array", b => s_five[3] = b.Make(), b => { b.Use((Probe?)s_five[3]); s_five = default; });
        Root("thread static", b => t_field = b.Make(), b => { b.Use(t_field); t_field = null; });
        Root("thread static struct", b => t_pair = new Pair(null, 1, b.Make()), b => { b.Use((Probe?)t_pair.Second); t_pair = default; });
        OtherThread();
        Root("thread local", b => s_local.Value = b.Make(), b => { b.Use(s_local.Value); s_local.Value = null; });
        Root("async local", b => s_async.Value = b.Make(), b => { b.Use(s_async.Value); s_async.Value = null; });
        Root("static of a shared generic", b => OfType<string>.Held = b.Make(), b => { b.Use(OfType<string>.Held); OfType<string>.Held = null; });
        Root("static of a generic over int", b => OfType<int>.Held = b.Make(), b => { b.Use(OfType<int>.Held); OfType<int>.Held = null; });
        Root("thread static of a generic", b => OfType<Uri>.OfThread = b.Make(), b => { b.Use(OfType<Uri>.OfThread); OfType<Uri>.OfThread = null; });
        Handles();
        Paths();
        Code();
        Queue();
    }

    private static void OtherThread()
    {
        using var filled = new SemaphoreSlim(0);
        using var end = new SemaphoreSlim(0);
        var b = new Batch();
        var thread = new Thread(() =>
        {
            new Action(() => t_field = b.Make())();
            filled.Release();
            end.Wait();
            b.Use(t_field);
        });
        thread.Start();
        filled.Wait();
        b.During();
        end.Release();
        thread.Join();
        thread = null;
        b.After("thread static of another thread, until it ends");
    }

    private static void Handles()
    {
        Root("strong handle", b => s_handle = GCHandle.Alloc(b.Make()), b => { b.Use((Probe?)s_handle.Target); s_handle.Free(); });
        Root("strong handle set later", b => { s_handle = GCHandle.Alloc(null); s_handle.Target = b.Make(); }, b => { b.Use((Probe?)s_handle.Target); s_handle.Free(); });
        Root("pinned handle", b => { b.Make(); s_handle = GCHandle.Alloc(b.Watch(new int[4]), GCHandleType.Pinned); }, b => s_handle.Free());
        NoRoot("weak handle", b => s_handle = GCHandle.Alloc(b.Make(), GCHandleType.Weak), b => { Lab.Expect("null", s_handle.Target == null); s_handle.Free(); });
        NoRoot("weak handle that tracks", b => s_handle = GCHandle.Alloc(b.Make(), GCHandleType.WeakTrackResurrection), b => s_handle.Free());
        Root("dependent handle with a live key", b => s_dependent = new DependentHandle(s_key, b.Make()),
            b => { b.Use((Probe?)s_dependent.Dependent); s_dependent.Dispose(); });
        NoRoot("dependent handle with a dead key", b => s_dependent = new DependentHandle(new object(), b.Make()),
            b => { Lab.Expect("null", s_dependent.Dependent == null); s_dependent.Dispose(); });
        Root("weak table with a live key", b => s_table.Add(s_key, b.Make()), b => { b.Use((Probe)s_table.GetValue(s_key, _ => s_key)); s_table.Remove(s_key); });
        NoRoot("weak table with a dead key", b => s_table.Add(new object(), b.Make()), b => s_table.Clear());
        NoRoot("weak table whose value holds its key", b => { var p = b.Make(); p.Ref = new object(); s_table.Add(p.Ref, p); }, b => s_table.Clear());
    }

    private static void Paths()
    {
        Root("array element", b => s_array[17] = b.Make(), b => { b.Use((Probe)s_array[17]); s_array[17] = null!; });
        Root("element of two dimensions", b => s_matrix[3, 4] = b.Make(), b => { b.Use((Probe?)s_matrix[3, 4]); s_matrix[3, 4] = null; });
        Root("element of an array of arrays", b => s_jagged[1][6] = b.Make(), b => { b.Use((Probe?)s_jagged[1][6]); s_jagged[1][6] = null; });
        Root("struct in an array", b => s_pairs[8].Second = b.Make(), b => { b.Use((Probe?)s_pairs[8].Second); s_pairs[8] = default; });
        Root("field of a boxed struct", b => s_object = new Pair(b.Make(), 3, null), b => { b.Use((Probe?)((Pair)s_object!).First); s_object = null; });
        Root("field of a field's struct", b => s_box.Inside.First = b.Make(), b => { b.Use((Probe?)s_box.Inside.First); s_box.Inside = default; });
        Root("struct behind an interface", b => s_box.Iface = new Holder(b.Make()), b => { b.Use(s_box.Iface!.Get()); s_box.Iface = null; });
        Root("nullable struct, boxed", b => s_object = (Pair?)new Pair(b.Make(), 3, null), b => { b.Use((Probe?)((Pair?)s_object)!.Value.First); s_object = null; });
        Root("tuple", b => s_object = (1, b.Make(), "x"), b => { b.Use((((int, Probe, string))s_object!).Item2); s_object = null; });
        Root("list", b => { for (int i = 0; i < 20; i++) s_list.Add(i); s_list[11] = b.Make(); }, b => { b.Use((Probe?)s_list[11]); s_list.Clear(); });
        Root("dictionary", b => s_dictionary[5] = b.Make(), b => { b.Use(s_dictionary[5]); s_dictionary.Remove(5); });
        Root("concurrent dictionary", b => s_concurrent["k"] = b.Make(), b => { b.Use(s_concurrent["k"]); s_concurrent.TryRemove("k", out _); });
        Root("lazy value", b => { var l = new Lazy<Probe>(b.Make); _ = l.Value; s_object = l; }, b => { b.Use(((Lazy<Probe>)s_object!).Value); s_object = null; });
        Root("memory", b => { b.Make(); s_object = new Memory<byte>(b.Watch(new byte[40]), 3, 5); }, b => s_object = null);
        Root("chain of a thousand", b => { object? o = b.Make(); for (int i = 0; i < 1000; i++) o = new Probe(i) { Ref = o }; s_object = o; },
            b => { var p = (Probe)s_object!; while (p.Ref != null) p = (Probe)p.Ref; b.Use(p); s_object = null; });
        Root("array of 100,000 references", b => { var a = new object[100_000]; a[77_777] = b.Make(); s_object = a; },
            b => { b.Use((Probe)((object[])s_object!)[77_777]); s_object = null; });
        Root("pool of rented arrays", b => { var a = System.Buffers.ArrayPool<object>.Shared.Rent(100); a[50] = b.Make(); s_object = a; }, b => { b.Use((Probe)((object[])s_object!)[50]); s_object = null; });
    }

    private static void Code()
    {
        Root("closure", b => s_function = Capture(b), b => { b.Use(s_function!()); s_function = null; });
        Root("target of a delegate", b => s_function = b.Make().Identity, b => { b.Use(s_function!()); s_function = null; });
        Root("one of many delegates", b => { s_box.Happened += Main; s_box.Happened += b.Make().Nothing; s_box.Happened += Main; }, b => s_box.Clear());
        Root("iterator", b => { s_iterator = Sequence(b).GetEnumerator(); s_iterator.MoveNext(); }, b => { s_iterator!.MoveNext(); s_iterator = null; });
        Root("async method that waits", b => { s_gate = new(); s_task = Waiting(b, s_gate.Task); }, b => { s_gate!.SetResult(); s_task!.Wait(); s_gate = null; s_task = null; });
        Root("async method in another", b => { s_gate = new(); s_task = Outer(b, s_gate.Task); }, b => { s_gate!.SetResult(); s_task!.Wait(); s_gate = null; s_task = null; });
        Root("result of a task", b => s_task = Task.FromResult(b.Make()), b => { b.Use(((Task<Probe>)s_task!).Result); s_task = null; });
        Root("data of an exception", b => { s_exception = new InvalidOperationException(); s_exception.Data["p"] = b.Make(); }, b => { b.Use((Probe?)s_exception!.Data["p"]); s_exception = null; });
        Root("state of a timer", b => { Probe p = b.Make(); s_timer = new Timer(o => b.Use((Probe?)o), p, 100_000_000, 100_000_000); }, b => { s_timer!.Dispose(); s_timer = null; });
        Root("method found by reflection, target", b => s_function = (Func<Probe?>)typeof(Holder).GetMethod("Get")!.CreateDelegate(typeof(Func<Probe?>), new Holder(b.Make())),
            b => { b.Use(s_function!()); s_function = null; });
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static void MakeLate(Batch b) => _ = new Late(b, b.Make());

    private static void Queue()
    {
        Batch b = null!;
        for (int again = 0; again < 4 && (b == null || b.Held); again++) // native frames may have kept it while its finalizer was due
        {
            b = new Batch();
            MakeLate(b);
            for (int i = 0; i < 5 && Volatile.Read(ref Late.Back) == null; i++) { b.During(); GC.WaitForPendingFinalizers(); }
            b.During();
            b.Use(Late.Back!.P);
            Late.Back = null;
        }
        b.After("field of an object that its finalizer brought back");
    }
}
