// Thread pool and timers: limits, work items of each kind, registered waits, blocked workers get company, state is reset between items, timers.
using System.Globalization;
#pragma warning disable CA1416

internal sealed class Item(Action a) : IThreadPoolWorkItem { public void Execute() => a(); }

internal static class Program
{
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }
    private static bool Wait(Func<bool> f) => SpinWait.SpinUntil(f, 10000);

    private static async Task Main()
    {
        ThreadPool.GetMinThreads(out int minW, out int minIo);
        ThreadPool.GetMaxThreads(out int maxW, out int maxIo);
        T("limits", () => $"{minW == Environment.ProcessorCount} {minIo} {maxW} {maxIo}");
        T("available", () => { ThreadPool.GetAvailableThreads(out int w, out int io); return w <= maxW && io <= maxIo; });
        T("set", () => $"{ThreadPool.SetMinThreads(4, 1)} {ThreadPool.SetMinThreads(-1, 1)} {ThreadPool.SetMinThreads(40000, 1)} {ThreadPool.SetMaxThreads(0, 1)} {ThreadPool.SetMaxThreads(2, 1)} {ThreadPool.SetMaxThreads(100, 100)}");
        T("now", () => { ThreadPool.GetMinThreads(out int a, out int b); ThreadPool.GetMaxThreads(out int c, out int d); return $"{a} {b} {c} {d}"; });
        var done = new CountdownEvent(5);
        ThreadPool.QueueUserWorkItem(_ => done.Signal());
        ThreadPool.QueueUserWorkItem(o => { if ((string?)o == "state") done.Signal(); }, "state");
        ThreadPool.QueueUserWorkItem(s => { if (s == 5) done.Signal(); }, 5, preferLocal: true);
        ThreadPool.UnsafeQueueUserWorkItem(_ => done.Signal(), null);
        ThreadPool.UnsafeQueueUserWorkItem(new Item(() => done.Signal()), false);
        T("items", () => done.Wait(10000));
        T("counts", () => $"{ThreadPool.ThreadCount > 0} {Wait(() => ThreadPool.CompletedWorkItemCount >= 5)} {ThreadPool.PendingWorkItemCount >= 0}");
        T("null item", () => ThreadPool.QueueUserWorkItem(null!));
        T("unsafe task", () => { ThreadPool.UnsafeQueueUserWorkItem((IThreadPoolWorkItem)null!, false); return null; });
        T("bind", () => ThreadPool.BindHandle((nint)3));
        T("pool thread", () => Task.Run(() => $"{Thread.CurrentThread.IsThreadPoolThread} {Thread.CurrentThread.IsBackground} {Thread.CurrentThread.Name} {Thread.CurrentThread.Priority}").Result);
        T("reset between items", () =>
        {
            for (int i = 0; i < 20; i++)
                Task.Run(() => { Thread.CurrentThread.Name = "mine"; Thread.CurrentThread.Priority = ThreadPriority.Highest; Thread.CurrentThread.IsBackground = false; CultureInfo.CurrentCulture = new CultureInfo("tr-TR"); }).Wait();
            return Task.Run(() => $"{Thread.CurrentThread.Name} {Thread.CurrentThread.Priority} {Thread.CurrentThread.IsBackground} {CultureInfo.CurrentCulture.Name}").Result;
        });
        T("blocked workers", () =>
        {
            var all = new CountdownEvent(5);
            Task[] ts = Enumerable.Range(0, 5).Select(_ => Task.Run(() => { all.Signal(); all.Wait(); })).ToArray();
            return Task.WaitAll(ts, 20000);
        });
        T("blocked in tasks", () =>
        {
            static int Nest(int n) => n == 0 ? 0 : Task.Run(async () => { await Task.Yield(); return Nest(n - 1) + 1; }).Result;
            return Nest(12);
        });
        using var e = new AutoResetEvent(false);
        int fired = 0, timedOut = 0;
        RegisteredWaitHandle r = ThreadPool.RegisterWaitForSingleObject(e, (_, late) => { if (late) Interlocked.Increment(ref timedOut); else Interlocked.Increment(ref fired); }, null, -1, false);
        for (int i = 0; i < 3; i++) { e.Set(); int k = i; if (!Wait(() => Volatile.Read(ref fired) > k)) break; }
        using var gone = new ManualResetEvent(false);
        T("registered", () => $"{fired} {timedOut} {r.Unregister(gone)} {gone.WaitOne(10000)} {r.Unregister(null)}");
        e.Set();
        Thread.Sleep(5);
        T("unregistered", () => fired);
        e.Reset();
        RegisteredWaitHandle once = ThreadPool.RegisterWaitForSingleObject(e, (_, late) => { if (late) Interlocked.Increment(ref timedOut); }, null, 5, true);
        T("timed out once", () => { Wait(() => Volatile.Read(ref timedOut) > 0); Thread.Sleep(20); return timedOut; });
        RegisteredWaitHandle often = ThreadPool.UnsafeRegisterWaitForSingleObject(e, (_, late) => { if (late) Interlocked.Increment(ref timedOut); }, null, TimeSpan.FromMilliseconds(2), false);
        T("timed out often", () => { bool ok = Wait(() => Volatile.Read(ref timedOut) > 3); often.Unregister(null); return ok; });
        T("registered mutex", () => ThreadPool.RegisterWaitForSingleObject(new Mutex(), (_, _) => { }, null, 0, true) != null);
        T("null handle", () => ThreadPool.RegisterWaitForSingleObject(null!, (_, _) => { }, null, 0, true));
        T("bad time", () => ThreadPool.RegisterWaitForSingleObject(e, (_, _) => { }, null, -2, true));
        T("hundred waits", () =>
        {
            ManualResetEvent[] es = Enumerable.Range(0, 130).Select(_ => new ManualResetEvent(false)).ToArray();
            using var all = new CountdownEvent(130);
            foreach (ManualResetEvent x in es) ThreadPool.RegisterWaitForSingleObject(x, (_, _) => all.Signal(), null, -1, true);
            foreach (ManualResetEvent x in es) x.Set();
            return all.Wait(20000);
        });

        int ticks = 0;
        using var tick = new ManualResetEvent(false);
        var timer = new Timer(_ => { if (Interlocked.Increment(ref ticks) == 3) tick.Set(); }, null, 1, 2);
        T("timer", () => tick.WaitOne(10000));
        T("change", () => $"{timer.Change(Timeout.Infinite, Timeout.Infinite)} {Timer.ActiveCount >= 0}");
        using var disposed = new ManualResetEvent(false);
        T("dispose", () => $"{timer.Dispose(disposed)} {disposed.WaitOne(10000)}");
        T("after", () => timer.Change(1, 1));
        T("null callback", () => new Timer(null!));
        T("due", () => new Timer(_ => { }, null, -2, 1));
        T("too long", () => new Timer(_ => { }, null, 1L << 33, 1));
        await using (new Timer(_ => { }, null, 0, 1)) { }
        var self = new TaskCompletionSource<bool>();
        Timer? st = null;
        st = new Timer(o => self.TrySetResult(o == st));
        st.Change(1, Timeout.Infinite);
        Console.WriteLine("state is the timer: " + await self.Task);
        using (var pt = new PeriodicTimer(TimeSpan.FromMilliseconds(2)))
        {
            int n = 0;
            while (n < 3 && await pt.WaitForNextTickAsync()) n++;
            ValueTask<bool> next = pt.WaitForNextTickAsync();
            pt.Dispose();
            Console.WriteLine($"periodic {n} {await next}");
        }
        using var cts = new CancellationTokenSource(5);
        try { await Task.Delay(-1, cts.Token); } catch (TaskCanceledException x) { Console.WriteLine(x.Message); }
        var order = new List<int>();
        await Task.WhenAll(new[] { 600, 5, 300 }.Select(async ms => { await Task.Delay(ms); lock (order) order.Add(ms); }));
        Console.WriteLine(string.Join(",", order));
        var st2 = new System.Timers.Timer(1) { AutoReset = false };
        var el = new TaskCompletionSource<bool>();
        st2.Elapsed += (s, a) => el.TrySetResult(s == st2);
        st2.Start();
        Console.WriteLine("elapsed " + await el.Task + st2.Enabled);
        try { await Task.Delay(20).WaitAsync(TimeSpan.FromMilliseconds(1)); } catch (TimeoutException x) { Console.WriteLine(x.Message); }
        ITimer it = TimeProvider.System.CreateTimer(_ => { }, null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        Console.WriteLine(it.Change(TimeSpan.Zero, TimeSpan.Zero));
        it.Dispose();
    }
}
