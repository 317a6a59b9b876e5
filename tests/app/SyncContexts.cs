// Custom SynchronizationContexts and task schedulers: where continuations run, Post and Send, async void, wait notification, ConfigureAwait.
using System.Collections.Concurrent;

internal sealed class LoopContext : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback, object?)> _queue = [];
    public int Posts, Sends, Started, Completed;
    public Thread? Thread;
    public override void Post(SendOrPostCallback d, object? state) { Interlocked.Increment(ref Posts); _queue.Add((d, state)); }
    public override void Send(SendOrPostCallback d, object? state) { Interlocked.Increment(ref Sends); d(state); }
    public override void OperationStarted() => Interlocked.Increment(ref Started);
    public override void OperationCompleted() { Interlocked.Increment(ref Completed); _queue.CompleteAdding(); }
    public override SynchronizationContext CreateCopy() => this;
    public void Run(Func<Task> f)
    {
        Thread = Thread.CurrentThread;
        SynchronizationContext? old = Current;
        SetSynchronizationContext(this);
        Task t = f();
        t.ContinueWith(_ => _queue.CompleteAdding(), TaskScheduler.Default);
        foreach ((SendOrPostCallback d, object? s) in _queue.GetConsumingEnumerable()) d(s);
        SetSynchronizationContext(old);
        t.GetAwaiter().GetResult();
    }
    public void Drain() { Thread = Thread.CurrentThread; foreach ((SendOrPostCallback d, object? s) in _queue.GetConsumingEnumerable()) { try { d(s); } catch (Exception e) { Console.WriteLine("  posted: " + e.Message); } } }
}

internal sealed class WaitContext : SynchronizationContext
{
    public List<string> Waits = [];
    public WaitContext() => SetWaitNotificationRequired();
    public override int Wait(IntPtr[] handles, bool all, int ms) { Waits.Add($"{handles.Length} {all} {ms}"); return WaitHelper(handles, all, ms); }
}

internal sealed class OneThread : TaskScheduler
{
    private readonly BlockingCollection<Task> _tasks = [];
    public readonly Thread Thread;
    public OneThread() { Thread = new Thread(() => { foreach (Task t in _tasks.GetConsumingEnumerable()) TryExecuteTask(t); }) { IsBackground = true }; Thread.Start(); }
    protected override void QueueTask(Task t) => _tasks.Add(t);
    protected override bool TryExecuteTaskInline(Task t, bool queued) => Thread.CurrentThread == Thread && TryExecuteTask(t);
    protected override IEnumerable<Task> GetScheduledTasks() => _tasks.ToArray();
    public override int MaximumConcurrencyLevel => 1;
}

internal static class Program
{
    private static async Task<string> Work(LoopContext c)
    {
        string s = "";
        void Note() => s += Thread.CurrentThread == c.Thread ? "L" : "p";
        Note();
        await Task.Yield(); Note();
        await Task.Delay(1); Note();
        await Task.Run(() => Note()); Note();
        await Task.Delay(1).ConfigureAwait(false); Note();
        await Task.Yield(); Note();
        return s;
    }

    private static async void FireAndForget(TaskCompletionSource done) { await Task.Yield(); done.SetResult(); throw new FormatException("async void"); }

    private static async Task Main()
    {
        var c = new LoopContext();
        c.Run(async () => Console.WriteLine(await Work(c)));
        Console.WriteLine((c.Posts is 3 or 4) + " " + c.Sends); // a task that is done already does not post
        var v = new LoopContext();
        SynchronizationContext.SetSynchronizationContext(v);
        var fired = new TaskCompletionSource();
        FireAndForget(fired);
        v.Drain();
        Console.WriteLine($"{v.Started} {v.Completed} {v.Posts} {fired.Task.IsCompleted}");

        var w = new WaitContext();
        SynchronizationContext.SetSynchronizationContext(w);
        Console.WriteLine(w.IsWaitNotificationRequired());
        using var e = new ManualResetEvent(true);
        using var f = new AutoResetEvent(false);
        e.WaitOne();
        f.WaitOne(1);
        WaitHandle.WaitAny([e, f]);
        WaitHandle.WaitAll([e], 5);
        new Thread(() => { }).Start();
        Console.WriteLine(string.Join(" | ", w.Waits));
        SynchronizationContext.SetSynchronizationContext(null);

        var one = new OneThread();
        var factory = new TaskFactory(one);
        string r = "";
        await factory.StartNew(async () =>
        {
            r += TaskScheduler.Current == one;
            await Task.Yield();
            r += Thread.CurrentThread == one.Thread;
            await Task.Run(() => r += TaskScheduler.Current == TaskScheduler.Default);
            r += Thread.CurrentThread == one.Thread;
            await Task.Delay(1).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            r += Thread.CurrentThread == one.Thread;
        }).Unwrap();
        Console.WriteLine(r);
        Console.WriteLine(await factory.StartNew(() => factory.StartNew(() => Thread.CurrentThread == one.Thread, TaskCreationOptions.AttachedToParent).Result));
        var pair = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, 2);
        int running = 0, most = 0, exclusive = 0;
        var all = new List<Task>();
        for (int i = 0; i < 20; i++)
            all.Add(new TaskFactory(i % 5 == 0 ? pair.ExclusiveScheduler : pair.ConcurrentScheduler).StartNew(x =>
            {
                int n = Interlocked.Increment(ref running);
                if ((int)x! % 5 == 0 && n == 1) Interlocked.Increment(ref exclusive);
                lock (all) most = Math.Max(most, n);
                Thread.SpinWait(1000);
                Interlocked.Decrement(ref running);
            }, i));
        await Task.WhenAll(all);
        pair.Complete();
        await pair.Completion;
        Console.WriteLine($"{exclusive} {most <= 2}");
        SynchronizationContext.SetSynchronizationContext(c = new LoopContext());
        TaskScheduler fromContext = TaskScheduler.FromCurrentSynchronizationContext();
        SynchronizationContext.SetSynchronizationContext(null);
        Task posted = Task.Factory.StartNew(() => Console.WriteLine("on context " + (SynchronizationContext.Current == c)), default, TaskCreationOptions.None, fromContext);
        c.OperationCompleted();
        c.Drain();
        await posted;
        Console.WriteLine($"{c.Posts} {fromContext.MaximumConcurrencyLevel}");
        var plain = new SynchronizationContext();
        var sent = new TaskCompletionSource<bool>();
        plain.Post(_ => sent.SetResult(Thread.CurrentThread.IsThreadPoolThread), null);
        bool here = false;
        int me = Environment.CurrentManagedThreadId;
        plain.Send(_ => here = Environment.CurrentManagedThreadId == me, null);
        Console.WriteLine($"{await sent.Task} {here} {plain.CreateCopy().GetType().Name}");
        try { TaskScheduler.FromCurrentSynchronizationContext(); } catch (InvalidOperationException x) { Console.WriteLine(x.Message); }
        var observed = new TaskCompletionSource<string>();
        TaskScheduler.UnobservedTaskException += (s, a) => { a.SetObserved(); observed.TrySetResult(a.Exception.InnerException!.Message); };
        new Thread(() => Task.Run(() => throw new FormatException("nobody looked"))).Start();
        for (int i = 0; i < 100 && !observed.Task.IsCompleted; i++) { await Task.Delay(5); GC.Collect(); GC.WaitForPendingFinalizers(); }
        Console.WriteLine(observed.Task.IsCompleted ? observed.Task.Result : "no event");
    }
}
