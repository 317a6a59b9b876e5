// Channels bounded and unbounded, cancellation tokens: registrations, linked sources, timeouts, in waits, delays and
// loops; pipelines; TimeProvider.
using System.Threading.Channels;
using System.IO.Pipelines;
using System.Text;

internal static class Program
{
    private static string T(Action a)
    {
        try { a(); return "ok"; }
        catch (AggregateException e) { return "agg " + e.InnerException!.GetType().Name; }
        catch (Exception e) { return e.GetType().Name; }
    }

    private static async Task<long> Pump(Channel<int> c, int producers, int n)
    {
        var ps = Enumerable.Range(0, producers).Select(p => Task.Run(async () =>
        {
            for (int i = 0; i < n; i++) await c.Writer.WriteAsync(i);
        })).ToArray();
        var done = Task.WhenAll(ps).ContinueWith(_ => c.Writer.Complete());
        long sum = 0;
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            await foreach (int v in c.Reader.ReadAllAsync()) Interlocked.Add(ref sum, v);
        }));
        await Task.WhenAll(readers);
        await done;
        return sum;
    }

    private static async Task Main()
    {
        Console.WriteLine(await Pump(Channel.CreateUnbounded<int>(), 3, 1000));
        Console.WriteLine(await Pump(Channel.CreateBounded<int>(4), 2, 500));
        var d = Channel.CreateBounded<int>(new BoundedChannelOptions(2) { FullMode = BoundedChannelFullMode.DropOldest });
        for (int i = 0; i < 5; i++) d.Writer.TryWrite(i);
        Console.WriteLine(d.Reader.Count + " " + await d.Reader.ReadAsync() + " " + d.Reader.TryPeek(out int pk) + pk);
        d.Writer.Complete(new FormatException("end"));
        d.Reader.TryRead(out _);
        try { await d.Reader.ReadAsync(); } catch (ChannelClosedException e) { Console.WriteLine(e.InnerException!.Message); }
        Console.WriteLine(d.Writer.TryWrite(1) + T(() => d.Reader.Completion.Wait()));
        var pq = Channel.CreateUnboundedPrioritized<int>();
        foreach (int i in new[] { 3, 1, 2 }) pq.Writer.TryWrite(i);
        Console.WriteLine(await pq.Reader.ReadAsync());
        var cts = new CancellationTokenSource();
        var log = new List<string>();
        var r1 = cts.Token.Register(() => log.Add("first"));
        cts.Token.Register(s => log.Add("second" + s), 5);
        r1.Dispose();
        cts.Token.Register(() => throw new FormatException("in callback"));
        var linked = CancellationTokenSource.CreateLinkedTokenSource(cts.Token, new CancellationTokenSource().Token);
        linked.Token.Register(() => log.Add("linked"));
        Console.WriteLine(T(cts.Cancel));
        Console.WriteLine(string.Join(",", log) + linked.IsCancellationRequested + cts.Token.CanBeCanceled +
            CancellationToken.None.CanBeCanceled);
        cts.Token.Register(() => log.Add("late"));
        Console.WriteLine(log.Last());
        using var c2 = new CancellationTokenSource(10);
        try { await Task.Delay(Timeout.Infinite, c2.Token); }
        catch (TaskCanceledException e) { Console.WriteLine(e.CancellationToken == c2.Token); }
        using var c3 = new CancellationTokenSource();
        var w = Task.Run(() => { while (true) c3.Token.ThrowIfCancellationRequested(); }, c3.Token);
        c3.Cancel();
        try { await w; } catch (OperationCanceledException) { Console.WriteLine(w.Status); }
        Console.WriteLine(T(() => new SemaphoreSlim(0).Wait(c3.Token)) + T(() => new ManualResetEventSlim().Wait(c3.Token)) +
            T(() => Task.Run(() => 1, c3.Token).Wait()) + T(() =>
        {
            foreach (int i in Enumerable.Range(0, 10).AsParallel().WithCancellation(c3.Token)) { }
        }) + T(() => Parallel.For(0, 5, new ParallelOptions { CancellationToken = c3.Token }, i => { })) + c3.Token.WaitHandle.WaitOne(0));
        var c4 = new CancellationTokenSource();
        c4.CancelAfter(1);
        c4.Token.WaitHandle.WaitOne();
        Console.WriteLine(c4.TryReset());
        var tc = new TaskCompletionSource<int>();
        using (c4.Token.UnsafeRegister(s => ((TaskCompletionSource<int>)s!).TrySetCanceled(), tc)) Console.WriteLine(tc.Task.IsCanceled);
        var pipe = new Pipe();
        var fill = Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++) { await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes("line" + i + "\n")); }
            await pipe.Writer.CompleteAsync();
        });
        int lines = 0;
        while (true)
        {
            ReadResult rr = await pipe.Reader.ReadAsync();
            foreach (var seg in rr.Buffer) foreach (byte b in seg.Span) if (b == 10) lines++;
            pipe.Reader.AdvanceTo(rr.Buffer.End);
            if (rr.IsCompleted) break;
        }
        await fill;
        Console.WriteLine(lines);
        Console.WriteLine(TimeProvider.System.GetElapsedTime(0, TimeProvider.System.TimestampFrequency).TotalSeconds);
        IProgress<int> p = new Progress<int>(v => { });
        p.Report(1);
        Console.WriteLine(await await Task.WhenAny(Task.FromResult(1)));
    }
}
