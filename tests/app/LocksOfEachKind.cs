// Lock, Monitor under contention, ReaderWriterLockSlim, ReaderWriterLock, Barrier, CountdownEvent, SpinLock, SemaphoreSlim: states, refusals, and counts that must come out.
#pragma warning disable CA2002

internal static class Program
{
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message} {e.InnerException?.Message}"); }
    }
    private static void T(string what, Action f) => T(what, () => { f(); return "done"; });
    private static void On(ThreadStart a) { var t = new Thread(a); t.Start(); t.Join(); }
    private static void Many(int n, Action<int> a)
    {
        Thread[] ts = Enumerable.Range(0, n).Select(i => new Thread(() => a(i))).ToArray();
        foreach (Thread t in ts) t.Start();
        foreach (Thread t in ts) t.Join();
    }

    private static void Main()
    {
        var l = new Lock();
        int n = 0;
        Many(4, _ => { for (int i = 0; i < 5000; i++) lock (l) n++; });
        T("lock", () => n);
        T("held", () => { lock (l) return $"{l.IsHeldByCurrentThread} {l.TryEnter()} {Exit(l)}"; });
        T("held no more", () => l.IsHeldByCurrentThread);
        T("exit of free", () => l.Exit());
        T("try taken", () => { bool r = true; lock (l) On(() => r = l.TryEnter(1)); return r; });
        T("scope", () => { using (l.EnterScope()) return l.IsHeldByCurrentThread; });
        T("bad time", () => l.TryEnter(-2));
        T("exit by other", () => { string s = ""; lock (l) On(() => { try { l.Exit(); } catch (SynchronizationLockException e) { s = e.Message; } }); return s; });

        object o = new();
        n = 0;
        Many(4, _ => { for (int i = 0; i < 5000; i++) lock (o) { n++; if (i % 1000 == 0) Monitor.Wait(o, 0); } });
        T("monitor", () => n);
        T("contention", () => Monitor.LockContentionCount >= 0);
        T("deep", () => { for (int i = 0; i < 300; i++) Monitor.Enter(o); for (int i = 0; i < 300; i++) Monitor.Exit(o); return Monitor.IsEntered(o); });
        T("exit", () => Monitor.Exit(o));
        T("pulse", () => Monitor.Pulse(o));
        T("pulse all", () => Monitor.PulseAll(o));
        T("wait", () => Monitor.Wait(o));
        T("enter null", () => Monitor.Enter(null!));
        T("exit null", () => Monitor.Exit(null!));
        T("is entered null", () => Monitor.IsEntered(null!));
        T("taken already", () => { bool b = true; Monitor.Enter(o, ref b); return b; });
        T("try enter bad", () => Monitor.TryEnter(o, -2));
        T("try enter span", () => { bool r = Monitor.TryEnter(o, TimeSpan.FromMilliseconds(1)); Monitor.Exit(o); return r; });
        T("wait bad", () => { lock (o) return Monitor.Wait(o, -2); });
        T("exit by other", () => { string s = ""; lock (o) On(() => { try { Monitor.Exit(o); } catch (SynchronizationLockException e) { s = e.Message; } }); return s; });
        T("wait keeps recursion", () => { lock (o) lock (o) lock (o) { Monitor.Wait(o, 1); Monitor.Exit(o); Monitor.Exit(o); bool r = Monitor.IsEntered(o); Monitor.Enter(o); Monitor.Enter(o); return r; } });
        T("pulse order", () =>
        {
            var order = new List<int>();
            var ts = new List<Thread>();
            int waiting = 0;
            for (int i = 0; i < 4; i++)
            {
                int k = i;
                var t = new Thread(() => { lock (o) { waiting++; Monitor.Wait(o); order.Add(k); } });
                t.Start();
                for (bool there = false; !there; Thread.Sleep(1)) lock (o) there = waiting > k;
                ts.Add(t);
            }
            lock (o) Monitor.Pulse(o);
            ts[0].Join();
            lock (o) Monitor.PulseAll(o);
            ts.ForEach(t => t.Join());
            return $"{order[0]}, then {string.Join(',', order.Skip(1).Order())}"; /* those woken together race for the lock */
        });
        T("on a type", () => { lock (typeof(Program)) return Monitor.IsEntered(typeof(Program)); });
        T("on a string", () => { lock ("text") return Monitor.IsEntered("text"); });
        T("on a hashed", () => { object h = new(); int a = h.GetHashCode(); lock (h) { lock (h) { } } return a == h.GetHashCode(); });
        T("on a value", () => { object b = 5; lock (b) { return Monitor.IsEntered(5); } });

        var rw = new ReaderWriterLockSlim();
        int readers = 0, writes = 0;
        bool wrong = false;
        Many(4, i =>
        {
            for (int k = 0; k < 300; k++)
                if (i == 0)
                {
                    rw.EnterWriteLock();
                    wrong |= Volatile.Read(ref readers) != 0;
                    writes++;
                    rw.ExitWriteLock();
                }
                else if (i == 1)
                {
                    rw.EnterUpgradeableReadLock();
                    if (k % 10 == 0) { rw.EnterWriteLock(); writes++; rw.ExitWriteLock(); }
                    rw.ExitUpgradeableReadLock();
                }
                else
                {
                    rw.EnterReadLock();
                    Interlocked.Increment(ref readers);
                    Interlocked.Decrement(ref readers);
                    rw.ExitReadLock();
                }
        });
        T("readers and writers", () => $"{writes} {wrong}");
        T("recursive read", () => { rw.EnterReadLock(); try { rw.EnterReadLock(); return 1; } finally { rw.ExitReadLock(); } });
        T("read to write", () => { rw.EnterReadLock(); try { rw.EnterWriteLock(); return 1; } finally { rw.ExitReadLock(); } });
        T("exit read", () => rw.ExitReadLock());
        T("exit write", () => rw.ExitWriteLock());
        T("exit upgradeable", () => rw.ExitUpgradeableReadLock());
        T("counts", () => { rw.EnterUpgradeableReadLock(); rw.EnterReadLock(); string s = $"{rw.CurrentReadCount} {rw.IsReadLockHeld} {rw.IsUpgradeableReadLockHeld} {rw.IsWriteLockHeld} {rw.RecursiveReadCount} {rw.RecursionPolicy}"; rw.ExitReadLock(); rw.ExitUpgradeableReadLock(); return s; });
        T("dispose held", () => { rw.EnterReadLock(); try { rw.Dispose(); return 1; } finally { rw.ExitReadLock(); } });
        T("disposed", () => { rw.Dispose(); rw.EnterReadLock(); });
        var rec = new ReaderWriterLockSlim(LockRecursionPolicy.SupportsRecursion);
        T("recursive", () => { rec.EnterWriteLock(); rec.EnterWriteLock(); rec.EnterReadLock(); string s = $"{rec.RecursiveWriteCount} {rec.RecursiveReadCount} {rec.WaitingReadCount}"; rec.ExitReadLock(); rec.ExitWriteLock(); rec.ExitWriteLock(); return s; });
        T("try write taken", () => { bool r = true; rec.EnterReadLock(); On(() => r = rec.TryEnterWriteLock(1)); rec.ExitReadLock(); return r; });

        var old = new ReaderWriterLock();
        T("old", () => { old.AcquireReaderLock(-1); LockCookie c = old.UpgradeToWriterLock(-1); string s = $"{old.IsReaderLockHeld} {old.IsWriterLockHeld}"; old.DowngradeFromWriterLock(ref c); int q = old.WriterSeqNum; bool any = old.AnyWritersSince(q); old.ReleaseReaderLock(); return s + any; });
        T("old release", () => old.ReleaseReaderLock());
        T("old release all", () => { old.AcquireWriterLock(5); old.AcquireWriterLock(5); LockCookie c = old.ReleaseLock(); bool held = old.IsWriterLockHeld; old.RestoreLock(ref c); old.ReleaseLock(); return held; });
        T("old time out", () => { string s = ""; old.AcquireWriterLock(-1); On(() => { try { old.AcquireReaderLock(1); } catch (ApplicationException e) { s = e.Message; } }); old.ReleaseWriterLock(); return s; });

        int phases = 0;
        var barrier = new Barrier(3, b => Interlocked.Increment(ref phases));
        Many(3, _ => { for (int i = 0; i < 20; i++) barrier.SignalAndWait(); });
        T("barrier", () => $"{phases} {barrier.CurrentPhaseNumber} {barrier.ParticipantsRemaining} {barrier.AddParticipant()} {barrier.ParticipantCount}");
        T("barrier failing", () => { using var b = new Barrier(1, _ => throw new FormatException("phase")); b.SignalAndWait(); });
        T("barrier full", () => new Barrier(40000));
        T("barrier time", () => barrier.SignalAndWait(1));
        T("barrier remove", () => { barrier.RemoveParticipants(9); });
        T("barrier cancel", () => barrier.SignalAndWait(new CancellationToken(true)));
        var cd = new CountdownEvent(2);
        T("countdown", () => $"{cd.Signal()} {cd.CurrentCount} {cd.Signal()} {cd.IsSet} {cd.InitialCount}");
        T("countdown below", () => cd.Signal());
        T("countdown add", () => cd.AddCount());
        T("countdown try add", () => cd.TryAddCount());
        T("countdown reset", () => { cd.Reset(5); cd.AddCount(2); return cd.CurrentCount; });
        T("countdown cancel", () => cd.Wait(new CancellationToken(true)));
        var spin = new SpinLock(true);
        n = 0;
        Many(3, _ => { for (int i = 0; i < 2000; i++) { bool taken = false; spin.Enter(ref taken); n++; spin.Exit(); } });
        T("spin lock", () => n);
        T("spin recursion", () => { bool a = false, b = false; spin.Enter(ref a); try { spin.Enter(ref b); return 1; } finally { spin.Exit(); } });
        T("spin exit", () => spin.Exit());
        var sem = new SemaphoreSlim(1, 2);
        n = 0;
        Task.WaitAll(Enumerable.Range(0, 5).Select(_ => Task.Run(async () => { for (int i = 0; i < 200; i++) { await sem.WaitAsync(); n++; sem.Release(); } })).ToArray());
        T("semaphore slim", () => n);
        T("semaphore slim full", () => sem.Release(2));
        T("semaphore slim time", () => $"{sem.Wait(0)} {sem.Wait(1)} {sem.CurrentCount} {sem.WaitAsync(1).Result}");
        T("semaphore slim cancel", () => sem.Wait(new CancellationToken(true)));
        T("lazy", () => { int made = 0; var z = new Lazy<int>(() => { Thread.Sleep(2); return Interlocked.Increment(ref made); }); Many(4, _ => { int _v = z.Value; }); return made; });
        T("lazy recursive", () => { Lazy<int>? z = null; z = new Lazy<int>(() => z!.Value); return z.Value; });
        T("initializer", () => { object? x = null; bool done = false; object? g = null; return LazyInitializer.EnsureInitialized(ref x, ref done, ref g, () => "made"); });
        T("thread local", () => { using var tl = new ThreadLocal<int>(() => 3, true); Many(3, i => tl.Value += i); return string.Join(",", tl.Values.Order()); });
    }

    private static string Exit(Lock l) { l.Exit(); return "exited"; }
}
