// Threads: start with and without parameters, Join with timeout, names, background, apartment-free state, stack size,
// culture flow, Interrupt, thread statics, priorities.
using System.Globalization;

internal static class Program
{
    [ThreadStatic] private static int t_count;
    [ThreadStatic] private static string? t_text;
    private static readonly ThreadLocal<List<int>> s_local = new(() => [7], trackAllValues: true);
    private static readonly AsyncLocal<string?> s_async = new();
    private static string T(Action a) { try { a(); return "ok"; } catch (Exception e) { return e.GetType().Name; } }

    private static int Deep(int n)
    {
        Span<byte> pad = stackalloc byte[200];
        pad[n % 200] = 1;
        return n == 0 ? 0 : Deep(n - 1) + pad[n % 200];
    }

    private static void Main()
    {
        int result = 0;
        var t = new Thread(o => result = (int)o! * 2);
        Console.WriteLine($"{t.ThreadState} {t.IsAlive}");
        t.Start(21);
        t.Join();
        Console.WriteLine($"{result} {t.IsAlive} {t.ThreadState} {T(t.Start)}");
        var named = new Thread(() => Console.WriteLine(Thread.CurrentThread.Name + Thread.CurrentThread.IsBackground +
            Thread.CurrentThread.IsThreadPoolThread + Thread.CurrentThread.Priority)) { Name = "my thread", IsBackground = true,
            Priority = ThreadPriority.Normal };
        named.Start();
        named.Join();
        var slow = new Thread(() => Thread.Sleep(5000)) { IsBackground = true }; slow.Start(); Console.WriteLine(slow.Join(10));
        string how = "";
        var w = new Thread(() =>
        {
            try { Thread.Sleep(Timeout.Infinite); } catch (ThreadInterruptedException e) { how = e.GetType().Name; }
        });
        w.Start();
        while (w.ThreadState != ThreadState.WaitSleepJoin) Thread.Sleep(1);
        w.Interrupt();
        w.Join();
        Console.WriteLine(how);
        var big = new Thread(() => result = Deep(20000), 32 * 1024 * 1024); big.Start(); big.Join(); Console.WriteLine(result);

        t_count = 5; t_text = "main"; var seen = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            int k = i;
            var x = new Thread(() =>
            {
                t_count += k;
                t_text ??= "t" + k;
                s_local.Value!.Add(k);
                lock (seen) seen.Add($"{t_count}{t_text}{s_local.Value.Count}");
            });
            x.Start();
            x.Join();
        }
        Console.WriteLine(string.Join(",", seen) + $" {t_count}{t_text} {s_local.Values.Count} {s_local.IsValueCreated}");
        s_async.Value = "flowed";
        string? got = null, suppressed = "";
        var f = new Thread(() => { got = s_async.Value; s_async.Value = "changed"; });
        f.Start();
        f.Join();
        using (ExecutionContext.SuppressFlow()) { var g = new Thread(() => suppressed = s_async.Value); g.Start(); g.Join(); }
        Console.WriteLine($"{got} {suppressed ?? "null"} {s_async.Value}");
        CultureInfo.CurrentCulture = new CultureInfo("de-DE");
        string c = "";
        var cu = new Thread(() => c = 1.5.ToString());
        cu.Start();
        cu.Join();
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine(c);
        int main = Environment.CurrentManagedThreadId, otherId = 0;
        var id = new Thread(() => otherId = Thread.CurrentThread.ManagedThreadId);
        id.Start();
        id.Join();
        Console.WriteLine($"{main == Thread.CurrentThread.ManagedThreadId} {main != otherId} {otherId == id.ManagedThreadId}");

        int a = 0;
        long l = 0;
        object? o = null;
        double d = 0;
        var many = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 10000; i++)
            {
                Interlocked.Increment(ref a);
                Interlocked.Add(ref l, 3);
                double old;
                do old = d; while (Interlocked.CompareExchange(ref d, old + 0.5, old) != old);
            }
        })).ToList();
        many.ForEach(x => x.Start());
        many.ForEach(x => x.Join());
        Console.WriteLine($"{a} {l} {d} {Interlocked.Exchange(ref a, 1)} {Interlocked.CompareExchange(ref o, "new", null) == null} {o} " +
            $"{Interlocked.CompareExchange(ref o, "x", "y")} {Interlocked.Decrement(ref l)} {Interlocked.Or(ref a, 6)} " +
            $"{Interlocked.And(ref a, 3)} {a} {Interlocked.Read(ref l)}");
        byte by = 200;
        short sh = -1;
        Console.WriteLine($"{Interlocked.Exchange(ref by, 7)} {Interlocked.CompareExchange(ref sh, 5, -1)} {by} {sh}");
        string? str = "a";
        Interlocked.Exchange(ref str, "b");
        Console.WriteLine(str);
        nint ni = 5;
        Interlocked.CompareExchange(ref ni, 6, 5);
        Console.WriteLine(ni);
        DayOfWeek dw = DayOfWeek.Friday;
        Interlocked.Exchange(ref dw, DayOfWeek.Monday);
        Console.WriteLine(dw);
        bool stop = false;
        int spins = 0;
        var spin = new Thread(() => { while (!Volatile.Read(ref stop)) { spins++; Thread.SpinWait(10); } });
        spin.Start();
        do Thread.Sleep(5); while (Volatile.Read(ref spins) == 0);
        Volatile.Write(ref stop, true);
        spin.Join();
        Console.WriteLine(spins > 0);
        Thread.MemoryBarrier();
        Interlocked.MemoryBarrierProcessWide();
        var sw = new SpinWait();
        for (int i = 0; i < 30; i++) sw.SpinOnce();
        Console.WriteLine(sw.Count + " " + SpinWait.SpinUntil(() => true, 10));
        Thread.Sleep(0);
        Thread.Yield();
        Console.WriteLine(T(() => Thread.Sleep(-5)) + T(() => new Thread((ThreadStart)null!)) + T(() => Thread.CurrentThread.Abort0()));
    }

    private static void Abort0(this Thread t) => throw new PlatformNotSupportedException();
}
