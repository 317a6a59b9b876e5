// Thread.Interrupt ends every kind of wait, once; a request made before the wait is kept for it; a wait that is over at once keeps it too.
using System.Collections.Concurrent;

internal static class Program
{
    private static readonly object s_gate = new();
    private static readonly Lock s_lock = new();

    private static void T(string what, Action wait, bool before = false, Action? blocked = null)
    {
        string how = "?";
        using var ready = new ManualResetEventSlim();
        var t = new Thread(() =>
        {
            if (before) Thread.CurrentThread.Interrupt();
            ready.Set();
            try { wait(); how = "not interrupted"; }
            catch (ThreadInterruptedException e) { how = e.Message; }
            catch (Exception e) { how = e.GetType().Name + ": " + e.Message; }
            try { Thread.Sleep(1); how += ", no more"; }
            catch (ThreadInterruptedException) { how += ", again"; }
        }) { IsBackground = true };
        t.Start();
        ready.Wait();
        if (!before)
        {
            for (int i = 0; i < 2000 && (t.ThreadState & ThreadState.WaitSleepJoin) == 0; i++) Thread.Sleep(1);
            t.Interrupt();
        }
        if (!t.Join(3000)) how += " stuck";
        Console.WriteLine($"{what}: {how}");
    }

    private static void Main()
    {
        Monitor.Enter(s_gate);
        s_lock.Enter();
        var never = new Thread(() => Thread.Sleep(Timeout.Infinite)) { IsBackground = true };
        never.Start();
        using var mutex = new Mutex(true);
        using var e1 = new ManualResetEvent(false);
        using var e2 = new AutoResetEvent(false);
        using var set = new ManualResetEvent(true);
        using var sem = new Semaphore(0, 1);
        using var slim = new SemaphoreSlim(0);
        using var eslim = new ManualResetEventSlim();
        var rw = new ReaderWriterLockSlim();
        var old = new ReaderWriterLock();
        rw.EnterWriteLock();
        old.AcquireWriterLock(-1);
        var barrier = new Barrier(2);
        var count = new CountdownEvent(1);
        var items = new BlockingCollection<int>();
        var source = new TaskCompletionSource();
        object own = new();
        foreach (bool before in new[] { false, true })
        {
            string p = before ? "before " : "";
            T(p + "Sleep", () => Thread.Sleep(Timeout.Infinite), before);
            T(p + "Sleep 10 s", () => Thread.Sleep(10000), before);
            T(p + "Join", () => never.Join(), before);
            T(p + "Join 10 s", () => never.Join(10000), before);
            T(p + "Monitor.Enter", () => Monitor.Enter(s_gate), before);
            T(p + "lock", () => { lock (s_gate) { } }, before);
            T(p + "Monitor.TryEnter", () => Monitor.TryEnter(s_gate, 10000), before);
            T(p + "Monitor.Wait", () => { lock (own) Monitor.Wait(own); }, before);
            T(p + "Monitor.Wait 10 s", () => { lock (own) Monitor.Wait(own, 10000); }, before);
            T(p + "Lock", () => { lock (s_lock) { } }, before);
            T(p + "Lock.TryEnter", () => s_lock.TryEnter(10000), before);
            T(p + "Mutex", () => mutex.WaitOne(), before);
            T(p + "Event", () => e1.WaitOne(), before);
            T(p + "Event 10 s", () => e2.WaitOne(10000), before);
            T(p + "Semaphore", () => sem.WaitOne(), before);
            T(p + "WaitAny", () => WaitHandle.WaitAny([e1, e2, sem]), before);
            T(p + "WaitAll", () => WaitHandle.WaitAll([e1, e2, sem, set]), before);
            T(p + "SignalAndWait", () => WaitHandle.SignalAndWait(set, e1), before);
            T(p + "SemaphoreSlim", () => slim.Wait(), before);
            T(p + "ManualResetEventSlim", () => eslim.Wait(), before);
            T(p + "ReaderWriterLockSlim", () => rw.EnterReadLock(), before);
            T(p + "ReaderWriterLock", () => old.AcquireReaderLock(10000), before);
            T(p + "Barrier", () => barrier.SignalAndWait(), before);
            T(p + "CountdownEvent", () => count.Wait(), before);
            T(p + "BlockingCollection", () => items.Take(), before);
            T(p + "Task.Wait", () => source.Task.Wait(), before);
            T(p + "Task.WaitAny", () => Task.WaitAny(source.Task), before);
        }
        T("set event", () => set.WaitOne(), true);
        T("free lock", () => { lock (new object()) { } }, true);
        T("Sleep 0", () => Thread.Sleep(0), true);
        T("Yield", () => Thread.Yield(), true);
        T("TryEnter 0", () => Monitor.TryEnter(s_gate, 0), true);
        T("spinning", () => Thread.SpinWait(1000), true);
        T("in finally", () => { try { } finally { Thread.Sleep(Timeout.Infinite); } });
        T("caught and again", () => { try { Thread.Sleep(-1); } catch (ThreadInterruptedException) { } Thread.CurrentThread.Interrupt(); e1.WaitOne(); });

        var t1 = new Thread(() => { try { Thread.Sleep(5000); Console.WriteLine("slept"); } catch (ThreadInterruptedException) { Console.WriteLine("interrupted at start"); } });
        t1.Interrupt();
        t1.Start();
        t1.Join();
        t1.Interrupt();
        Console.WriteLine("dead one: " + t1.ThreadState);
        lock (own)
        {
            var w = new Thread(() => { lock (own) { try { Monitor.Wait(own); } catch (ThreadInterruptedException) { Console.WriteLine("owner after interrupt: " + Monitor.IsEntered(own)); } } });
            w.Start();
            while (w.ThreadState != ThreadState.WaitSleepJoin) Thread.Sleep(1);
            Monitor.Exit(own);
            Thread.Sleep(5);
            w.Interrupt();
            w.Join();
            Monitor.Enter(own);
        }
    }
}
