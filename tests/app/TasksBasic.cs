// Task: Run, results, continuations, WhenAll and WhenAny, exceptions, TaskCompletionSource, schedulers, Parallel, lazy,
// unwrapping, statuses.
internal sealed class Inline : TaskScheduler
{
    protected override void QueueTask(Task t) => TryExecuteTask(t);
    protected override bool TryExecuteTaskInline(Task t, bool q) => TryExecuteTask(t);
    protected override IEnumerable<Task> GetScheduledTasks() => [];
}

internal static class Program
{
    private static string T(Action a)
    {
        try { a(); return "ok"; }
        catch (AggregateException e) { return "agg:" + string.Join("+", e.InnerExceptions.Select(x => x.GetType().Name + x.Message)); }
        catch (Exception e) { return e.GetType().Name; }
    }

    private static void Main()
    {
        Console.WriteLine(Task.Run(() => 6 * 7).Result + Task.FromResult("r").Result);
        var t = new Task<int>(() => 5);
        Console.WriteLine(t.Status);
        t.Start();
        t.Wait();
        Console.WriteLine($"{t.Status} {t.Result} {t.IsCompletedSuccessfully} {Task.CompletedTask.Status}");
        Console.WriteLine(Task.Run(() => 2).ContinueWith(x => x.Result * 10).ContinueWith(x => "c" + x.Result).Result);
        Task<int[]> all = Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => i * i)));
        Console.WriteLine(all.Result.Sum());
        var tcs = new TaskCompletionSource<string>();
        Task<Task<string>> any = Task.WhenAny(tcs.Task, new TaskCompletionSource<string>().Task);
        tcs.SetResult("any");
        Console.WriteLine(any.Result.Result + tcs.TrySetResult("again") + T(() => tcs.SetException(new Exception())));
        Task f = Task.Run(() => throw new FormatException("!"));
        Console.WriteLine(T(f.Wait) + " " + f.IsFaulted + f.Exception!.InnerException!.Message);
        Console.WriteLine(T(() => Task.WhenAll(Task.FromException(new Exception("a")), Task.FromException(new ArgumentException("b")))
            .Wait()) + T(() => Task.WaitAll(Task.FromCanceled(new CancellationToken(true)), f)) + T(() => f.GetAwaiter().GetResult()));
        Console.WriteLine(f.ContinueWith(x => "handled", TaskContinuationOptions.OnlyOnFaulted).Result +
            T(() => f.ContinueWith(x => { }, TaskContinuationOptions.OnlyOnRanToCompletion).Wait()));
        var parent = Task.Factory.StartNew(() =>
        {
            Task.Factory.StartNew(() => Thread.Sleep(5), CancellationToken.None, TaskCreationOptions.AttachedToParent,
                TaskScheduler.Default);
            Task.Factory.StartNew(() => throw new Exception("child"), CancellationToken.None, TaskCreationOptions.AttachedToParent,
                TaskScheduler.Default);
        });
        try { parent.Wait(); } catch (AggregateException e) { Console.WriteLine(e.Flatten().InnerException!.Message); }
        Console.WriteLine(Task.Run(async () =>
        {
            await Task.Yield();
            return "unwrapped";
        }).Result + Task.Factory.StartNew(async () => { await Task.Yield(); return 1; }).Unwrap().Result);
        int id = Environment.CurrentManagedThreadId;
        Console.WriteLine(Task.Factory.StartNew(() => Environment.CurrentManagedThreadId == id, default, TaskCreationOptions.None,
            new Inline()).Result);
        Console.WriteLine(Task.Factory.StartNew(() => Thread.CurrentThread.IsThreadPoolThread, TaskCreationOptions.LongRunning).Result);
        long sum = 0;
        Parallel.For(0, 1000, () => 0L, (i, s, l) => l + i, l => Interlocked.Add(ref sum, l));
        Console.WriteLine(sum);
        int c = 0;
        Parallel.ForEach(Enumerable.Range(0, 100), new ParallelOptions { MaxDegreeOfParallelism = 3 }, (i, s) =>
        {
            Interlocked.Increment(ref c);
        });
        Parallel.Invoke(() => Interlocked.Add(ref c, 1000), () => Interlocked.Add(ref c, 10000));
        Console.WriteLine(c);
        var lr = Parallel.For(0, 100000, (i, s) => { if (i == 500) s.Break(); });
        Console.WriteLine(lr.IsCompleted + " " + lr.LowestBreakIteration);
        Console.WriteLine(T(() => Parallel.For(0, 10, i => { if (i == 3) throw new Exception("p"); })));
        Parallel.ForEachAsync(Enumerable.Range(0, 20), async (i, ct) => { await Task.Yield(); Interlocked.Increment(ref c); }).Wait();
        Console.WriteLine(c);
        var lazy = new Lazy<object>(() => new object());
        var same = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => lazy.Value))).Result;
        Console.WriteLine(same.Distinct().Count());
        Console.WriteLine(T(() => Task.Delay(1).Wait()) + Task.Delay(10000).Wait(5) +
            T(() => Task.Run(() => { }).WaitAsync(TimeSpan.FromSeconds(10)).Wait()) +
            T(() => new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromMilliseconds(5)).GetAwaiter().GetResult()));
        var order = new List<int>();
        var chain = Task.CompletedTask;
        for (int i = 0; i < 5; i++)
        {
            int k = i;
            chain = chain.ContinueWith(_ => order.Add(k), TaskContinuationOptions.ExecuteSynchronously);
        }
        chain.Wait();
        Console.WriteLine(string.Join("", order));
        Console.WriteLine(string.Join(",", Task.WhenEach(Task.FromResult(1), Task.FromResult(2)).ToBlockingEnumerable()
            .Select(x => x.Result).Order()));
        object state = new();
        Console.WriteLine(ReferenceEquals(Task.Factory.StartNew(s => s, state).AsyncState, state));
        int unobserved = 0;
        TaskScheduler.UnobservedTaskException += (s, e) => unobserved++;
        Console.WriteLine(unobserved);
        ThreadPool.QueueUserWorkItem<int>(x => Interlocked.Add(ref c, x), 1, false);
        Console.WriteLine(Task.CurrentId == null);
    }
}
