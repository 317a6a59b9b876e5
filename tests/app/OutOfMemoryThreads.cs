// output: out of memory in threads: OK
// stress: loose
// env: DOTNET_GCHeapHardLimit=5000000
// also: common/GcLab.cs
// Several threads run out of memory together, again and again, among threads that need little; what each holds stays right.
internal static class Program
{
    private static int s_caught, s_stop, s_small;

    private static void Greedy(int seed)
    {
        for (int round = 0; round < 5; round++)
        {
            var all = new List<long[]>();
            try
            {
                for (int i = 0; i < 10_000; i++)
                {
                    var a = new long[(i % 4) switch { 0 => 20, 1 => 500, 2 => 4_000, _ => 30_000 }];
                    a[^1] = seed + i;
                    all.Add(a);
                }
            }
            catch (OutOfMemoryException) { Interlocked.Increment(ref s_caught); }
            for (int i = 0; i < all.Count; i++)
                if (all[i][^1] != seed + i) { Lab.Expect("contents after running out", false, all[i][^1]); return; }
            all.Clear();
        }
    }

    private static void Modest()
    {
        var ring = new Probe?[50];
        for (int i = 0; Volatile.Read(ref s_stop) == 0; i++)
        {
            try
            {
                ring[i % 50] = new Probe(i) { Ref = new byte[100] };
                Interlocked.Increment(ref s_small);
            }
            catch (OutOfMemoryException) { Thread.Sleep(1); }
            if (ring[i * 7 % 50] is { Intact: false } p) Lab.Expect("modest thread's object", false, p.Id);
        }
    }

    private static void Main()
    {
        var greedy = Enumerable.Range(0, 4).Select(i => new Thread(() => Greedy(i * 1000))).ToList();
        var modest = Enumerable.Range(0, 2).Select(_ => new Thread(Modest)).ToList();
        modest.ForEach(t => t.Start());
        greedy.ForEach(t => t.Start());
        greedy.ForEach(t => t.Join());
        Volatile.Write(ref s_stop, 1);
        modest.ForEach(t => t.Join());
        Lab.Expect("times that memory ran out", s_caught, 4, 20);
        Lab.Expect("small objects made meanwhile", s_small, 100, int.MaxValue);
        var again = new byte[20_000_000];
        Lab.Expect("memory afterwards", again.Length == 20_000_000);
        Lab.Done("out of memory in threads");
    }
}
