// ManualResetEvent, AutoResetEvent, Semaphore and slim forms, WaitAny, WaitAll, SignalAndWait, CountdownEvent, Barrier,
// Timer, RegisterWaitForSingleObject.
internal static class Program
{
    private static string T(Action a) { try { a(); return "ok"; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        var m = new ManualResetEvent(false);
        var a = new AutoResetEvent(true);
        Console.WriteLine($"{m.WaitOne(0)} {a.WaitOne(0)} {a.WaitOne(0)}");
        m.Set();
        Console.WriteLine($"{m.WaitOne()} {m.WaitOne()}");
        m.Reset();
        int released = 0;
        var ts = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            m.WaitOne();
            Interlocked.Increment(ref released);
            a.WaitOne();
            Interlocked.Add(ref released, 10);
        })).ToList();
        ts.ForEach(t => t.Start());
        Thread.Sleep(20);
        Console.WriteLine(released);
        m.Set();
        for (int i = 0; i < 3; i++) { int want = released; a.Set(); while (Volatile.Read(ref released) < (i + 1) * 10) Thread.Sleep(1); }
        ts.ForEach(t => t.Join());
        Console.WriteLine(released);
        WaitHandle[] hs = [new ManualResetEvent(false), new AutoResetEvent(true), new Semaphore(1, 2)];
        Console.WriteLine($"{WaitHandle.WaitAny(hs)} {WaitHandle.WaitAny(hs)} {WaitHandle.WaitAny(hs, 5) == WaitHandle.WaitTimeout} " +
            $"{WaitHandle.WaitAll(hs, 5)}");
        ((ManualResetEvent)hs[0]).Set();
        ((AutoResetEvent)hs[1]).Set();
        Console.WriteLine(((Semaphore)hs[2]).Release(2) + " " + WaitHandle.WaitAll(hs) + " " + T(() => ((Semaphore)hs[2]).Release(5)));
        var x = new AutoResetEvent(false);
        var y = new AutoResetEvent(false);
        var pp = new Thread(() => { x.WaitOne(); y.Set(); });
        pp.Start();
        Console.WriteLine(WaitHandle.SignalAndWait(x, y));
        pp.Join();
        var ms = new ManualResetEventSlim();
        var waiter = new Thread(() => ms.Wait());
        waiter.Start();
        ms.Set();
        waiter.Join();
        Console.WriteLine(ms.IsSet + " " + new ManualResetEventSlim().Wait(5));
        var ss = new SemaphoreSlim(2, 3);
        ss.Wait();
        Console.WriteLine($"{ss.CurrentCount} {ss.Wait(0)} {ss.Wait(1)} {ss.Release(2)} {T(() => ss.Release(2))} " +
            $"{ss.WaitAsync().IsCompleted} {ss.AvailableWaitHandle.WaitOne(0)}");
        var pending = ss.WaitAsync();
        var pending2 = ss.WaitAsync();
        Console.WriteLine(pending2.IsCompleted);
        ss.Release();
        pending2.Wait();
        Console.WriteLine(T(() => ss.Wait(new CancellationToken(true))));
        var cd = new CountdownEvent(3);
        for (int i = 0; i < 3; i++) ThreadPool.QueueUserWorkItem(_ => cd.Signal());
        cd.Wait();
        Console.WriteLine(cd.IsSet + T(() => cd.Signal()));
        int phases = 0;
        var bar = new Barrier(3, b => phases++);
        var bt = Enumerable.Range(0, 3).Select(_ => new Thread(() => { for (int i = 0; i < 4; i++) bar.SignalAndWait(); })).ToList();
        bt.ForEach(t => t.Start());
        bt.ForEach(t => t.Join());
        Console.WriteLine(phases + " " + bar.CurrentPhaseNumber);
        int ticks = 0;
        var five = new ManualResetEventSlim();
        var timer = new Timer(s => { if (Interlocked.Increment(ref ticks) == 5) five.Set(); }, "state", 1, 1);
        five.Wait();
        var disposed = new ManualResetEvent(false);
        timer.Dispose(disposed);
        disposed.WaitOne();
        int after = ticks;
        Thread.Sleep(10);
        Console.WriteLine(ticks == after);
        using var once = new Timer(_ => { }, null, Timeout.Infinite, Timeout.Infinite);
        Console.WriteLine(once.Change(10000, 10000));
        using var pt = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        int n = 0;
        Task.Run(async () => { while (await pt.WaitForNextTickAsync() && ++n < 3) { } }).Wait();
        Console.WriteLine(n);
        using var st = new System.Timers.Timer(1) { AutoReset = false };
        var el = new ManualResetEventSlim();
        st.Elapsed += (_, e) => el.Set();
        st.Start();
        el.Wait();
        Console.WriteLine("elapsed");
        var reg = new AutoResetEvent(false);
        var hit = new ManualResetEventSlim();
        bool timedOut = true;
        var rw = ThreadPool.RegisterWaitForSingleObject(reg, (s, to) => { timedOut = to; hit.Set(); }, "s", 10000, true);
        reg.Set();
        hit.Wait();
        Console.WriteLine(timedOut + " " + rw.Unregister(null));
        using var nm = new Mutex(true, "stator-test-" + Environment.ProcessId, out bool created);
        Console.WriteLine(created);
        nm.ReleaseMutex();
        var r = new ManualResetEvent(false);
        r.Dispose();
        Console.WriteLine(T(() => r.WaitOne()));
        Console.WriteLine(ThreadPool.ThreadCount > 0);
        ThreadPool.GetMinThreads(out int w, out int io);
        Console.WriteLine(w > 0 && io > 0);
        ThreadPool.UnsafeQueueUserWorkItem(new Item(hit), true);
        Console.WriteLine(T(() => WaitHandle.WaitAny([])));
    }

    private sealed class Item(ManualResetEventSlim e) : IThreadPoolWorkItem { public void Execute() => e.Set(); }
}
