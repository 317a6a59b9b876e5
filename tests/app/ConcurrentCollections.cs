// stress: 10
// Collections that threads share: totals come out whatever the order; blocking, bounded, partitioned, and the factory's races.
using System.Collections.Concurrent;

internal static class Program
{
    private static void Main()
    {
        var d = new ConcurrentDictionary<int, int>();
        Parallel.For(0, 4000, i => d.AddOrUpdate(i % 100, 1, (_, v) => v + 1));
        Console.WriteLine($"{d.Count} {d.Values.Sum()} {d.All(p => p.Value == 40)} {d.TryRemove(new KeyValuePair<int, int>(3, 41))} {d.TryRemove(3, out int was)} {was} {d.TryUpdate(4, 0, 40)} {d.GetOrAdd(3, static (k, a) => k + a, 5)} {d.IsEmpty}");
        var byText = new ConcurrentDictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["Key"] = 1 };
        Console.WriteLine(byText.GetAlternateLookup<ReadOnlySpan<char>>()["KEY".AsSpan()]);
        var q = new ConcurrentQueue<int>(); var s = new ConcurrentStack<int>(); var b = new ConcurrentBag<int>();
        Parallel.For(0, 1000, i => { q.Enqueue(i); s.Push(i); b.Add(i); });
        long sum = 0;
        Parallel.For(0, 1000, i => { if (q.TryDequeue(out int x)) Interlocked.Add(ref sum, x); if (s.TryPop(out x)) Interlocked.Add(ref sum, x); if (b.TryTake(out x)) Interlocked.Add(ref sum, x); });
        Console.WriteLine($"{sum} {q.IsEmpty} {s.IsEmpty} {b.IsEmpty} {q.TryPeek(out _)}");
        s.PushRange([1, 2, 3]);
        int[] popped = new int[5];
        Console.WriteLine($"{s.TryPopRange(popped)} {string.Join("", popped)}");
        using (var blocking = new BlockingCollection<int>(5))
        {
            Task<int> consumer = Task.Run(() => blocking.GetConsumingEnumerable().Sum());
            for (int i = 0; i < 100; i++) blocking.Add(i);
            blocking.CompleteAdding();
            Console.WriteLine($"{consumer.Result} {blocking.IsCompleted} {blocking.TryTake(out _)}");
            try { blocking.Add(1); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        }
        using var one = new BlockingCollection<int>(1) { 5 };
        Console.WriteLine($"{one.TryAdd(6, 10)} {BlockingCollection<int>.TryTakeFromAny([one], out int got)} {got}");
        try { one.Take(new CancellationToken(true)); } catch (OperationCanceledException) { Console.WriteLine("cancelled"); }
        int parts = 0;
        Parallel.ForEach(Partitioner.Create(0, 1000, 100), range => Interlocked.Add(ref parts, range.Item2 - range.Item1));
        Parallel.ForEach(Partitioner.Create(Enumerable.Range(0, 500), EnumerablePartitionerOptions.NoBuffering), _ => Interlocked.Increment(ref parts));
        Console.WriteLine(parts);
        var lazy = new Lazy<int>(() => Interlocked.Increment(ref parts));
        Parallel.For(0, 8, _ => { _ = lazy.Value; });
        Console.WriteLine($"{parts} {lazy.IsValueCreated}");
        var failing = new Lazy<int>(() => throw new FormatException("once"), LazyThreadSafetyMode.ExecutionAndPublication);
        for (int i = 0; i < 2; i++) try { _ = failing.Value; } catch (FormatException e) { Console.WriteLine(e.Message); }
        using var local = new ThreadLocal<int>(() => 7, trackAllValues: true);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() => local.Value += i))];
        foreach (Thread t in threads) t.Start();
        foreach (Thread t in threads) t.Join();
        Console.WriteLine($"{local.Values.Sum()} {local.Values.Count} {local.IsValueCreated}");
    }
}
