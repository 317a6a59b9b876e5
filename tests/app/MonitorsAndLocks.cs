// lock, Monitor.TryEnter, recursion, Wait and Pulse, synchronised methods, System.Threading.Lock, SpinLock,
// ReaderWriterLockSlim, Mutex, contention.
using System.Runtime.CompilerServices;

internal sealed class Bounded<T>(int capacity)
{
    private readonly Queue<T> _q = new();
    public void Put(T v) { lock (_q) { while (_q.Count == capacity) Monitor.Wait(_q); _q.Enqueue(v); Monitor.PulseAll(_q); } }
    public T Take() { lock (_q) { while (_q.Count == 0) Monitor.Wait(_q); T v = _q.Dequeue(); Monitor.PulseAll(_q); return v; } }
}

internal sealed class Sync
{
    private int _n;
    private static int s_n;
    public int N => _n;
    public static int S => s_n;
    [MethodImpl(MethodImplOptions.Synchronized)] public void Inc() { int v = _n; Thread.Yield(); _n = v + 1; }
    [MethodImpl(MethodImplOptions.Synchronized)] public static void IncS() { int v = s_n; Thread.Yield(); s_n = v + 1; }
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Throw() => throw new InvalidOperationException(Monitor.IsEntered(this).ToString());
}

internal static class Program
{
    private static void Run(int n, Action<int> work)
    {
        var ts = Enumerable.Range(0, n).Select(i => new Thread(() => work(i))).ToArray();
        foreach (Thread t in ts) t.Start();
        foreach (Thread t in ts) t.Join();
    }

    private static string T(Action a) { try { a(); return "ok"; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        object gate = new(); int n = 0;
        Run(4, _ => { for (int i = 0; i < 20000; i++) lock (gate) n++; });
        Console.WriteLine(n);

        Monitor.Enter(gate); Monitor.Enter(gate); bool taken = false; Monitor.TryEnter(gate, ref taken);
        Console.WriteLine($"{taken} {Monitor.IsEntered(gate)}");
        bool other = true; var t = new Thread(() => { other = Monitor.TryEnter(gate, 20); }); t.Start(); t.Join();
        Console.WriteLine(other);
        Monitor.Exit(gate); Monitor.Exit(gate); Monitor.Exit(gate);
        Console.WriteLine(Monitor.IsEntered(gate) + T(() => Monitor.Exit(gate)) + T(() => Monitor.Wait(gate)) +
            T(() => Monitor.Enter(null!)));

        var q = new Bounded<int>(3); long sum = 0;
        Run(4, i =>
        {
            if (i < 2) for (int k = 0; k < 500; k++) q.Put(k); else for (int k = 0; k < 500; k++) Interlocked.Add(ref sum, q.Take());
        });
        Console.WriteLine(sum);

        lock (gate) { Console.WriteLine(Monitor.Wait(gate, 10)); Console.WriteLine(Monitor.IsEntered(gate)); }
        var s = new Sync(); Run(3, _ => { for (int i = 0; i < 200; i++) { s.Inc(); Sync.IncS(); } });
        Console.WriteLine($"{s.N} {Sync.S} {T(s.Throw)} {Monitor.IsEntered(s)}");

        var l = new Lock(); int k = 0; Run(3, _ => { for (int i = 0; i < 5000; i++) lock (l) k++; });
        using (l.EnterScope()) Console.WriteLine(k + " " + l.IsHeldByCurrentThread);
        Console.WriteLine(l.IsHeldByCurrentThread + T(l.Exit));
        var sl = new SpinLock(false);
        int c = 0;
        Run(3, _ =>
        {
            for (int i = 0; i < 1000; i++) { bool got = false; try { sl.Enter(ref got); c++; } finally { if (got) sl.Exit(); } }
        });
        Console.WriteLine(c);

        var rw = new ReaderWriterLockSlim(); int value = 0, bad = 0;
        Run(4, i =>
        {
            for (int j = 0; j < 500; j++)
                if (i == 0) { rw.EnterWriteLock(); value++; value++; rw.ExitWriteLock(); }
                else { rw.EnterReadLock(); if (value % 2 != 0) bad++; rw.ExitReadLock(); }
        });
        rw.EnterUpgradeableReadLock(); rw.EnterWriteLock(); value++; rw.ExitWriteLock(); rw.ExitUpgradeableReadLock();
        Console.WriteLine($"{value} {bad} {T(rw.ExitReadLock)}");

        using var m = new Mutex(); int mm = 0; Run(3, _ => { for (int i = 0; i < 200; i++) { m.WaitOne(); mm++; m.ReleaseMutex(); } });
        Console.WriteLine(mm + T(m.ReleaseMutex));
        var ab = new Thread(() => m.WaitOne()); ab.Start(); ab.Join(); Console.WriteLine(T(() => m.WaitOne()));
        m.ReleaseMutex();

        // the header holds a lock or a hash code or both
        object h = new();
        int code = h.GetHashCode();
        lock (h) { Console.WriteLine(code == h.GetHashCode()); lock (h) { } }
        Console.WriteLine(code == h.GetHashCode());
        object h2 = new(); lock (h2) { int c2 = h2.GetHashCode(); Console.WriteLine(c2 == h2.GetHashCode()); }
        for (int i = 0; i < 100; i++) Monitor.Enter(h);
        for (int i = 0; i < 100; i++) Monitor.Exit(h);
        Console.WriteLine(Monitor.IsEntered(h));
        long contended = Monitor.LockContentionCount; Console.WriteLine(contended >= 0);
    }
}
