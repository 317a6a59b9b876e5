// ValueTask with sources, pooled builders, async streams with cancellation and disposal, custom awaiters and builders, WhenEach, PeriodicTimer, TimeProvider.
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using System.Threading.Tasks.Sources;

internal sealed class Source : IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> core;
    public ValueTask<int> Start() { core.Reset(); return new(this, core.Version); }
    public void Finish(int v) => core.SetResult(v);
    public void Fail(Exception e) => core.SetException(e);
    public int GetResult(short t) => core.GetResult(t);
    public ValueTaskSourceStatus GetStatus(short t) => core.GetStatus(t);
    public void OnCompleted(Action<object?> c, object? s, short t, ValueTaskSourceOnCompletedFlags f) => core.OnCompleted(c, s, t, f);
}

[AsyncMethodBuilder(typeof(Builder))]
internal readonly struct Own(int v) { public int V => v; public Awaiter GetAwaiter() => new(v); public readonly struct Awaiter(int v) : INotifyCompletion { public bool IsCompleted => true; public int GetResult() => v; public void OnCompleted(Action a) => a(); } }

internal struct Builder
{
    private int v;
    public static int Made;
    public static Builder Create() { Made++; return default; }
    public void Start<T>(ref T m) where T : IAsyncStateMachine => m.MoveNext();
    public void SetStateMachine(IAsyncStateMachine m) { }
    public void SetResult() => v = 42;
    public void SetException(Exception e) => v = -e.Message.Length;
    public readonly Own Task => new(v);
    public void AwaitOnCompleted<A, S>(ref A a, ref S s) where A : INotifyCompletion where S : IAsyncStateMachine => a.OnCompleted(s.MoveNext);
    public void AwaitUnsafeOnCompleted<A, S>(ref A a, ref S s) where A : ICriticalNotifyCompletion where S : IAsyncStateMachine => a.UnsafeOnCompleted(s.MoveNext);
}

internal static class Program
{
    private static readonly List<string> log = [];

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<int> Pooled(int i) { await Task.Yield(); return i * 2; }

    private static async ValueTask<int> Quick(bool wait) { if (wait) await Task.Delay(1); return 5; }
    private static async Own Owned(bool fail) { await Task.CompletedTask; if (fail) throw new FormatException("12345"); }

    private static async IAsyncEnumerable<int> Count(int n, [EnumeratorCancellation] CancellationToken stop = default)
    {
        try { for (int i = 0; i < n; i++) { await Task.Yield(); stop.ThrowIfCancellationRequested(); yield return i; } }
        finally { await Task.Yield(); log.Add("finally"); }
    }

    private sealed class Both : IAsyncDisposable, IDisposable { public void Dispose() => log.Add("sync"); public async ValueTask DisposeAsync() { await Task.Yield(); log.Add("async"); } }

    private static async Task<string> Try(Func<Task> f) { try { await f(); return "fine"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }

    private sealed class Clock : TimeProvider { public long T; public override long GetTimestamp() => T; public override long TimestampFrequency => 1000; public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddMilliseconds(T); }

    private static async Task Main()
    {
        var source = new Source();
        ValueTask<int> v = source.Start();
        Console.Write($"{v.IsCompleted} ");
        _ = Task.Run(() => source.Finish(3));
        Console.WriteLine($"{await v} {await Try(async () => await v)}");
        v = source.Start();
        source.Fail(new FormatException("failed"));
        Console.WriteLine($"{v.IsFaulted} {await Try(async () => await v)}");
        int sum = 0;
        for (int i = 0; i < 200; i++) sum += await Pooled(i);
        Console.WriteLine($"{sum} {Quick(false).IsCompletedSuccessfully} {await Quick(true)} {await Quick(false).AsTask()} {await ValueTask.FromResult(9).Preserve()} {(await Owned(false), await Owned(true))} {Builder.Made}");
        using (var stop = new CancellationTokenSource())
        {
            int seen = 0;
            string how = await Try(async () => { await foreach (int i in Count(100).WithCancellation(stop.Token).ConfigureAwait(false)) { seen++; if (i == 3) stop.Cancel(); } });
            Console.WriteLine($"{seen} {how} {string.Join(",", log)}");
        }
        await foreach (int i in Count(5)) if (i == 2) break;
        await using (new Both()) { }
        using (new Both()) { }
        Console.WriteLine(string.Join(",", log) + " " + await Count(10).Where(i => i % 2 == 1).Select(i => i * i).SumAsync() + " " + string.Join(",", await Count(4).Reverse().ToListAsync()));
        var order = new List<int>();
        TaskCompletionSource<int>[] pending = [new(), new(), new()];
        Task each = Task.Run(async () => { await foreach (Task<int> t in Task.WhenEach(pending.Select(p => p.Task))) order.Add(await t); });
        foreach (int i in new[] { 2, 0, 1 }) { pending[i].SetResult(i); while (order.Count == 0 && i == 2) await Task.Yield(); }
        await each;
        Console.WriteLine($"{order[0]} {order.Sum()}");
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1)))
        {
            int ticks = 0;
            while (ticks < 3 && await timer.WaitForNextTickAsync()) ticks++;
            timer.Dispose();
            Console.WriteLine($"{ticks} {await timer.WaitForNextTickAsync()}");
        }
        var clock = new Clock();
        long at = clock.GetTimestamp();
        clock.T = 2500;
        Console.WriteLine($"{clock.GetElapsedTime(at)} {clock.GetUtcNow():O} {await Try(() => Task.Delay(-5))} {await Try(() => new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromMilliseconds(5)))} {await Try(() => Task.Delay(1000, new CancellationToken(true)))}");
        Task<int> faulted = Task.FromException<int>(new FormatException("f"));
        await faulted.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext).Safely();
        await ((Task)faulted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Console.WriteLine($"{faulted.Status} {faulted.Exception!.InnerException!.Message} {await Try(() => Task.WhenAll(faulted, Task.FromException(new Exception("g")), Task.FromCanceled(new CancellationToken(true))))} {await Task.WhenAny(Task.Delay(5000), Task.FromResult(1)) is Task<int>}");
        Channel<int> channel = Channel.CreateBounded<int>(new BoundedChannelOptions(2) { FullMode = BoundedChannelFullMode.DropOldest });
        for (int i = 0; i < 5; i++) channel.Writer.TryWrite(i);
        channel.Writer.Complete(new FormatException("closed"));
        string drained = "";
        Console.WriteLine(await Try(async () => { await foreach (int i in channel.Reader.ReadAllAsync()) drained += i; }) + drained);
        Channel<int> ranked = Channel.CreateUnboundedPrioritized<int>();
        foreach (int i in new[] { 5, 1, 3 }) await ranked.Writer.WriteAsync(i);
        Console.WriteLine($"{await ranked.Reader.ReadAsync()} {ranked.Reader.Count} {ranked.Reader.TryPeek(out int top)} {top}");
    }

    private static async Task Safely(this ConfiguredTaskAwaitable<int> t) { try { await t; } catch (FormatException) { log.Add("caught"); } }
}
