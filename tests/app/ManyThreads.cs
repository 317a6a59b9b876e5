// Four hundred threads at once: all start, allocate under collections, meet at a barrier, have their own thread statics, contend for one lock, and end.
internal static class Program
{
    [ThreadStatic] private static byte[]? t_mine;
    private static readonly object s_lock = new();
    private static long s_sum;

    private static void Main()
    {
        const int Count = 400;
        int ready = 0, wrong = 0;
        using var go = new ManualResetEventSlim();
        var ids = new HashSet<int>();
        var threads = new Thread[Count];
        for (int i = 0; i < Count; i++)
        {
            int k = i;
            threads[i] = new Thread(() =>
            {
                t_mine = new byte[100 + k % 7];
                lock (ids) ids.Add(Environment.CurrentManagedThreadId);
                Interlocked.Increment(ref ready);
                go.Wait();
                for (int n = 0; n < 20; n++)
                {
                    var keep = new List<string>();
                    for (int m = 0; m < 10; m++) keep.Add((k * m).ToString());
                    lock (s_lock) s_sum += keep.Count;
                    if (keep[3] != (k * 3).ToString()) Interlocked.Increment(ref wrong);
                }
                if (t_mine.Length != 100 + k % 7) Interlocked.Increment(ref wrong);
            }, 256 * 1024);
        }
        foreach (Thread t in threads) t.Start();
        while (Volatile.Read(ref ready) < Count) Thread.Sleep(1);
        Console.WriteLine($"{ids.Count} {threads.Count(t => t.IsAlive)}");
        go.Set();
        for (int i = 0; i < 3; i++) GC.Collect();
        foreach (Thread t in threads) t.Join();
        Console.WriteLine($"{s_sum} {wrong} {threads.Count(t => t.ThreadState == ThreadState.Stopped)}");
        var again = new Thread(() => Console.WriteLine(t_mine == null));
        again.Start();
        again.Join();
    }
}
