// WaitHandle's whole surface: any, all, signal-and-wait, limits, wrong arguments, abandoned mutexes, what names do on this system.
using Microsoft.Win32.SafeHandles;
using System.Runtime.InteropServices;
#pragma warning disable CA1416

internal static class Program
{
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f() ?? "null"}"); }
        catch (AbandonedMutexException e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message} {e.MutexIndex} {(e.Mutex == null ? "none" : "mutex")}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message} {e.InnerException?.GetType().Name}"); }
    }
    private static void T(string what, Action f) => T(what, () => { f(); return "done"; });
    private static void On(ThreadStart a) { var t = new Thread(a); t.Start(); t.Join(); }

    private static void Main()
    {
        var auto = new AutoResetEvent(false);
        var manual = new ManualResetEvent(false);
        var set = new ManualResetEvent(true);
        var sem = new Semaphore(1, 3);
        var mutex = new Mutex();
        T("any first", () => WaitHandle.WaitAny([auto, set, manual]));
        T("any lowest", () => WaitHandle.WaitAny([set, sem, mutex]));
        T("any time out", () => WaitHandle.WaitAny([auto, manual], 1));
        T("any span", () => WaitHandle.WaitAny([auto, manual], TimeSpan.Zero, true) == WaitHandle.WaitTimeout);
        T("all", () => WaitHandle.WaitAll([set, sem, mutex]));
        T("all now not", () => WaitHandle.WaitAll([set, sem, mutex], 0));
        T("mutex again", () => mutex.WaitOne(0));
        T("release", () => { mutex.ReleaseMutex(); mutex.ReleaseMutex(); return null; });
        T("release once more", () => mutex.ReleaseMutex());
        T("release by other", () => { mutex.WaitOne(); string s = ""; On(() => { try { mutex.ReleaseMutex(); } catch (Exception e) { s = e.GetType().Name + e.Message; } }); mutex.ReleaseMutex(); return s; });
        T("semaphore", () => $"{sem.Release()} {sem.Release(2)}");
        T("semaphore full", () => sem.Release());
        T("semaphore 0", () => sem.Release(0));
        T("semaphore bounds", () => new Semaphore(2, 1));
        T("semaphore negative", () => new Semaphore(-1, 1));
        T("semaphore max", () => new Semaphore(0, 0));
        T("none", () => WaitHandle.WaitAny([]));
        T("none all", () => WaitHandle.WaitAll([]));
        T("null array", () => WaitHandle.WaitAny(null!));
        T("null element", () => WaitHandle.WaitAny([set, null!]));
        T("64", () => WaitHandle.WaitAll(Enumerable.Repeat(0, 64).Select(_ => (WaitHandle)new ManualResetEvent(true)).ToArray()));
        T("65", () => WaitHandle.WaitAny(Enumerable.Repeat(0, 65).Select(_ => (WaitHandle)new ManualResetEvent(true)).ToArray()));
        T("duplicate any", () => WaitHandle.WaitAny([auto, set, set]));
        T("duplicate all", () => WaitHandle.WaitAll([set, set]));
        T("duplicate auto all", () => { var a = new AutoResetEvent(true); return WaitHandle.WaitAll([a, a], 1); });
        T("bad time", () => set.WaitOne(-2));
        T("bad span", () => set.WaitOne(TimeSpan.FromMilliseconds(int.MaxValue + 5.0)));
        T("any bad time", () => WaitHandle.WaitAny([set], -7));
        T("signal and wait", () => WaitHandle.SignalAndWait(auto, set));
        T("signalled", () => auto.WaitOne(0));
        T("signal time out", () => WaitHandle.SignalAndWait(auto, manual, 1, false));
        T("signal full semaphore", () => { var s = new Semaphore(1, 1); return WaitHandle.SignalAndWait(s, set); });
        T("signal foreign mutex", () => { object? r = null; mutex.WaitOne(); On(() => { try { r = WaitHandle.SignalAndWait(mutex, set); } catch (Exception e) { r = e.GetType().Name + ": " + e.Message; } }); mutex.ReleaseMutex(); return r; });
        T("signal null", () => WaitHandle.SignalAndWait(null!, set));
        T("disposed", () => { var e = new AutoResetEvent(true); e.Dispose(); return e.WaitOne(); });
        T("disposed set", () => { var e = new AutoResetEvent(true); e.Dispose(); return e.Set(); });
        T("disposed any", () => { var e = new AutoResetEvent(true); e.Dispose(); return WaitHandle.WaitAny([set, e]); });
        T("handle", () => { using var e = new ManualResetEvent(true); using var f = new ManualResetEvent(false); f.SafeWaitHandle = new SafeWaitHandle(e.SafeWaitHandle.DangerousGetHandle(), false); return f.WaitOne(0); });
        T("invalid handle", () => { var f = new ManualResetEvent(false) { SafeWaitHandle = null }; return f.WaitOne(0); });
        T("event modes", () => { var e = new EventWaitHandle(true, EventResetMode.AutoReset); return $"{e.WaitOne(0)} {e.WaitOne(0)} {e.Set()} {e.Reset()} {e.WaitOne(0)}"; });
        T("event bad mode", () => new EventWaitHandle(true, (EventResetMode)9));

        On(() => mutex.WaitOne());
        T("abandoned", () => mutex.WaitOne());
        T("abandoned no more", () => { mutex.ReleaseMutex(); return mutex.WaitOne(0); });
        mutex.ReleaseMutex();
        auto.Reset();
        On(() => { mutex.WaitOne(); mutex.WaitOne(); });
        T("abandoned in any", () => WaitHandle.WaitAny([auto, mutex]));
        mutex.ReleaseMutex();
        On(() => mutex.WaitOne());
        T("abandoned in all", () => WaitHandle.WaitAll([set, mutex]));
        mutex.ReleaseMutex();
        T("abandoned while waited for", () =>
        {
            using var taken = new ManualResetEvent(false);
            var owner = new Thread(() => { mutex.WaitOne(); taken.Set(); Thread.Sleep(20); });
            owner.Start();
            taken.WaitOne();
            try { mutex.WaitOne(); return "got"; }
            catch (AbandonedMutexException) { mutex.ReleaseMutex(); return "abandoned"; }
        });
        On(() => mutex.WaitOne());
        T("abandoned signal and wait", () => WaitHandle.SignalAndWait(set, mutex));
        mutex.ReleaseMutex();

        T("named event", () => new EventWaitHandle(false, EventResetMode.AutoReset, "stator-e"));
        T("named event empty", () => new EventWaitHandle(false, EventResetMode.AutoReset, ""));
        T("open event", () => EventWaitHandle.OpenExisting("stator-e"));
        T("try open event", () => EventWaitHandle.TryOpenExisting("stator-e", out _));
        T("named semaphore", () => new Semaphore(0, 1, "stator-s"));
        T("named semaphore options", () => new Semaphore(0, 1, "stator-s", new NamedWaitHandleOptions(), out _));
        T("open semaphore", () => Semaphore.OpenExisting("stator-s"));
        T("try open semaphore", () => Semaphore.TryOpenExisting("stator-s", out _));
        T("event null name", () => { using var e = new EventWaitHandle(true, EventResetMode.ManualReset, null, out bool made); return made + " " + e.WaitOne(0); });
        T("semaphore null name", () => { using var e = new Semaphore(1, 1, null, out bool made); return made + " " + e.WaitOne(0); });
        T("wait handle of task", () => ((IAsyncResult)Task.CompletedTask).AsyncWaitHandle.WaitOne());
        T("token handle", () => new CancellationToken(true).WaitHandle.WaitOne(0));
        T("slim handle", () => { using var s = new SemaphoreSlim(1); return s.AvailableWaitHandle.WaitOne(0); });
        T("many waiters in order", () =>
        {
            var order = new List<int>();
            var s = new Semaphore(0, 10);
            var ts = new List<Thread>();
            for (int i = 0; i < 4; i++)
            {
                int k = i;
                var t = new Thread(() => { s.WaitOne(); lock (order) order.Add(k); });
                t.Start();
                while (t.ThreadState != ThreadState.WaitSleepJoin) Thread.Sleep(1);
                ts.Add(t);
            }
            for (int i = 0; i < 4; i++) { s.Release(); ts[i].Join(); }
            return string.Join(",", order);
        });
    }
}
