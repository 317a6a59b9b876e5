// async methods: return kinds, ValueTask, exceptions and finally, custom awaiters and builders, contexts, locals across
// awaits, generic and struct-bound ones, async streams.
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

internal readonly struct Countdown(int n)
{
    public Awaiter GetAwaiter() => new(n);

    internal readonly struct Awaiter(int n) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => n == 0;
        public int GetResult() => n * 10;
        public void OnCompleted(Action a) => ThreadPool.QueueUserWorkItem(_ => a());
        public void UnsafeOnCompleted(Action a) => ThreadPool.UnsafeQueueUserWorkItem(_ => a(), null);
    }
}

[AsyncMethodBuilder(typeof(MaybeBuilder<>))]
internal sealed class Maybe<T>
{
    public T? Value;
    public bool Has;
    public Aw GetAwaiter() => new(this);

    internal readonly struct Aw(Maybe<T> m) : INotifyCompletion
    {
        public bool IsCompleted => m.Has;
        public T GetResult() => m.Value!;
        public void OnCompleted(Action a) { }
    }
}

internal struct MaybeBuilder<T>
{
    private Maybe<T> _m;
    public static MaybeBuilder<T> Create() => new() { _m = new() };
    public void Start<S>(ref S s) where S : IAsyncStateMachine => s.MoveNext();
    public void SetStateMachine(IAsyncStateMachine s) { }
    public readonly void SetResult(T t) { _m.Value = t; _m.Has = true; }
    public readonly void SetException(Exception e) => throw e;
    public readonly Maybe<T> Task => _m;
    public void AwaitOnCompleted<A, S>(ref A a, ref S s) where A : INotifyCompletion where S : IAsyncStateMachine { }
    public void AwaitUnsafeOnCompleted<A, S>(ref A a, ref S s) where A : ICriticalNotifyCompletion where S : IAsyncStateMachine { }
}

internal sealed class Pump : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback, object?)> _q = new();
    public int Posts;
    public override void Post(SendOrPostCallback d, object? s) { lock (_q) { _q.Enqueue((d, s)); Posts++; Monitor.Pulse(_q); } }

    public void Run(Task until)
    {
        until.ContinueWith(_ => Post(_ => { }, null), TaskScheduler.Default);
        while (!until.IsCompleted)
        {
            (SendOrPostCallback d, object? s) w;
            lock (_q) { while (_q.Count == 0) Monitor.Wait(_q); w = _q.Dequeue(); }
            w.d(w.s);
        }
    }
}

internal sealed class Source : IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _c;
    public ValueTask<int> Get() => new(this, _c.Version);
    public void Set(int v) => _c.SetResult(v);
    public int GetResult(short t) { try { return _c.GetResult(t); } finally { _c.Reset(); } }
    public ValueTaskSourceStatus GetStatus(short t) => _c.GetStatus(t);
    public void OnCompleted(Action<object?> a, object? s, short t, ValueTaskSourceOnCompletedFlags f) => _c.OnCompleted(a, s, t, f);
}

internal static class Program
{
    private static void L(object? o) => Console.WriteLine(o);
    private static async Task<int> Add(int a, int b) { await Task.Yield(); return a + b; }
    private static async ValueTask<string> Vt(bool sync) { if (!sync) await Task.Delay(1); return "vt" + sync; }
    private static async Task<T> Gen<T>(T v, Func<T, Task<T>> f) { T w = await f(v); await Task.Yield(); return await f(w); }

    private static async Task<string> Locals(int n)
    {
        string s = "";
        long acc = 0;
        (int a, string b) t = (1, "x");
        int[] arr = new int[n];
        for (int i = 0; i < n; i++)
        {
            await Task.Yield();
            arr[i] = await Add(i, 1);
            acc += arr[i] * await Add(acc > 5 ? 1 : 2, i);
            t.a += i;
            s += t.a + await Vt(i % 2 == 0) + ";";
        }
        return s + acc + t;
    }

    private static async Task<string> Try(int k)
    {
        string log = "";
        try
        {
            log += "t";
            await Task.Yield();
            if (k == 1) throw new FormatException("k1");
            if (k == 2) return log + "r";
            try { await Task.FromException(new ArgumentException("inner")); }
            catch (ArgumentException e) when (e.Message == "inner") { log += "w"; await Task.Yield(); log += "c"; if (k == 3) throw; }
            finally { await Task.Yield(); log += "f"; }
        }
        catch (FormatException e) { await Task.Delay(1); log += e.Message; }
        catch (ArgumentException) { log += "outer"; }
        finally { log += "F"; await Task.Yield(); L("finally " + log); }
        return log;
    }

    private static async Task<int> Custom() { int a = await new Countdown(0), b = await new Countdown(3); return a + b; }
    private static async Maybe<int> M(int x) { int a = await N(x); return a + 1; } private static async Maybe<int> N(int x) => x * 2;

    private static async IAsyncEnumerable<int> Stream(int n, [EnumeratorCancellation] CancellationToken ct = default)
    {
        try { for (int i = 0; i < n; i++) { ct.ThrowIfCancellationRequested(); await Task.Yield(); yield return i; } }
        finally { await Task.Yield(); L("stream finally"); }
    }

    private static async Task Recursive(int n) { if (n == 0) return; if (n % 10 == 0) await Task.Yield(); await Recursive(n - 1); }
    private static async Task<int> Fib(int n) => n < 2 ? n : await Fib(n - 1) + await Fib(n - 2);
    private static readonly AsyncLocal<int> s_al = new();

    private static async Task Flow(int v)
    {
        s_al.Value = v;
        await Task.Yield();
        if (s_al.Value != v) L("lost");
        await Task.Delay(1).ConfigureAwait(false);
        s_al.Value++;
    }

    private static async Task<string> OnContext(Pump p)
    {
        var before = SynchronizationContext.Current;
        await Task.Yield();
        bool same = ReferenceEquals(before, SynchronizationContext.Current);
        await Task.Delay(200).ConfigureAwait(false);
        return $"{before == p} {same} {SynchronizationContext.Current == null}";
    }

    private static async Task<int> Main()
    {
        L(await Add(1, 2));
        L(await Vt(true) + await Vt(false));
        L(await Gen("g", s => Task.FromResult(s + s)));
        L(await Gen(3, async i => { await Task.Yield(); return i * i; }));
        L(await Locals(6));
        for (int k = 0; k < 4; k++) L(await Try(k));
        L(await Custom());
        L((await0: M(5).Value, 0));
        await Recursive(200);
        L(await Fib(12));
        await foreach (int i in Stream(5)) { if (i == 3) break; Console.Write(i + " "); }
        var cts = new CancellationTokenSource();
        try { await foreach (int i in Stream(100).WithCancellation(cts.Token)) if (i == 2) cts.Cancel(); }
        catch (OperationCanceledException) { L("stream cancelled"); }
        L(string.Join(",", await Stream(4).Where(x => x % 2 == 1).Select(x => x * 5).ToListAsync()));
        s_al.Value = 1;
        await Task.WhenAll(Enumerable.Range(10, 5).Select(Flow));
        L(s_al.Value);
        var src = new Source();
        ValueTask<int> vt = src.Get();
        L(vt.IsCompleted);
        _ = Task.Run(() => src.Set(9));
        L(await vt);
        vt = src.Get();
        src.Set(10);
        L(await vt);
        var pump = new Pump();
        Task<string> ct;
        SynchronizationContext.SetSynchronizationContext(pump);
        try { ct = OnContext(pump); pump.Run(ct); } finally { SynchronizationContext.SetSynchronizationContext(null); }
        L(ct.Result + " " + (pump.Posts >= 1));
        Func<Task> lam = async () => { await Task.Yield(); throw new Exception("lambda"); };
        try { await lam(); } catch (Exception e) { L(e.Message); }
        await using (var d = new AsyncD()) L("in using");
        var t1 = Task.FromException(new Exception("suppressed"));
        await t1.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        L(t1.IsFaulted);
        var big = await BigState(1, 2, 3, "x", 4.5m, DateTime.UnixEpoch);
        L(big);
        using var sem = new SemaphoreSlim(1);
        int shared = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            await sem.WaitAsync();
            try { int v = shared; await Task.Yield(); shared = v + 1; } finally { sem.Release(); }
        }));
        L(shared);
        return shared - 20;
    }

    private static async Task<string> BigState(int a, long b, byte c, string d, decimal e, DateTime f)
    {
        await Task.Yield();
        (int, long) t = (a, b);
        await Task.Yield();
        Span<int> s = stackalloc int[2];
        s[0] = a;
        int k = s[0];
        await Task.Yield();
        return $"{t} {c} {d} {e} {f.Year} {k}";
    }

    private sealed class AsyncD : IAsyncDisposable { public async ValueTask DisposeAsync() { await Task.Yield(); L("async disposed"); } }
}
