// Parallel and PLINQ: loops of each kind, state by thread, break and stop, exceptions together, cancellation, ordering, partitioners, ForEachAsync.
using System.Collections.Concurrent;

internal static class Program
{
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f() ?? "null"}"); }
        catch (AggregateException e) { Console.WriteLine($"{what}: {string.Join(",", e.Flatten().InnerExceptions.Select(x => x.Message).Distinct().Order())}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }

    private static async Task Main()
    {
        long sum = 0;
        T("for", () => { ParallelLoopResult r = Parallel.For(0, 10000, i => Interlocked.Add(ref sum, i)); return $"{sum} {r.IsCompleted}"; });
        T("for long", () => { sum = 0; Parallel.For(5_000_000_000L, 5_000_000_100L, i => Interlocked.Add(ref sum, i)); return sum; });
        T("local", () => { sum = 0; Parallel.For(0, 10000, () => 0L, (i, s, l) => l + i, l => Interlocked.Add(ref sum, l)); return sum; });
        T("foreach", () => { var seen = new ConcurrentDictionary<int, int>(); Parallel.ForEach(Enumerable.Range(0, 500), i => seen[i] = i * i); return seen.Values.Sum(); });
        T("break", () => { ParallelLoopResult r = Parallel.For(0, 1000, (i, s) => { if (i == 100) s.Break(); }); return $"{r.IsCompleted} {r.LowestBreakIteration}"; });
        T("stop", () => { ParallelLoopResult r = Parallel.For(0, 1000, (i, s) => { if (i == 10) s.Stop(); }); return $"{r.IsCompleted} {r.LowestBreakIteration == null}"; });
        T("throws", () => Parallel.For(0, 100, i => { if (i is 3) throw new FormatException("three"); }));
        T("cancelled", () => Parallel.For(0, 100, new ParallelOptions { CancellationToken = new CancellationToken(true) }, i => { }));
        T("cancelled inside", () => { using var c = new CancellationTokenSource(); return Parallel.For(0, 100000, new ParallelOptions { CancellationToken = c.Token }, i => { if (i == 5) c.Cancel(); }); });
        T("degree", () => { int now = 0, most = 0; Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i => { int n = Interlocked.Increment(ref now); if (n > most) most = n; Thread.SpinWait(200); Interlocked.Decrement(ref now); }); return most <= 2; });
        T("degree 0", () => new ParallelOptions { MaxDegreeOfParallelism = 0 });
        T("invoke", () => { int n = 0; Parallel.Invoke(() => Interlocked.Add(ref n, 1), () => Interlocked.Add(ref n, 2), () => Interlocked.Add(ref n, 4)); return n; });
        T("invoke throws", () => { Parallel.Invoke(() => throw new FormatException("a"), () => throw new FormatException("b")); return 0; });
        T("nested", () => { int n = 0; Parallel.For(0, 20, i => Parallel.For(0, 20, j => Interlocked.Increment(ref n))); return n; });
        T("partitioner", () => { sum = 0; Parallel.ForEach(Partitioner.Create(0, 1000, 37), r => { for (int i = r.Item1; i < r.Item2; i++) Interlocked.Add(ref sum, i); }); return sum; });
        T("ordered partitioner", () => { sum = 0; Parallel.ForEach(Partitioner.Create(Enumerable.Range(0, 100).ToList(), true), (v, s, i) => Interlocked.Add(ref sum, v == i ? 1 : 0)); return sum; });
        int[] data = Enumerable.Range(0, 20000).ToArray();
        T("where", () => data.AsParallel().Where(x => x % 3 == 0).Select(x => (long)x).Sum());
        T("ordered", () => data.AsParallel().AsOrdered().Where(x => x % 1000 == 7).Aggregate("", (a, x) => a + x + ","));
        T("sort", () => string.Join(",", data.AsParallel().OrderByDescending(x => x % 101).ThenBy(x => x).Take(5)));
        T("group", () => string.Join(",", data.AsParallel().GroupBy(x => x % 5).OrderBy(g => g.Key).Select(g => g.Count())));
        T("join", () => data.AsParallel().Join(data.AsParallel().Where(x => x < 50), x => x, y => y, (x, y) => x + y).Sum());
        T("aggregate", () => data.AsParallel().Aggregate(() => 0L, (a, x) => a + x, (a, b) => a + b, a => a * 2));
        T("zip", () => data.AsParallel().AsOrdered().Zip(data.AsParallel().AsOrdered(), (a, b) => a - b).All(x => x == 0));
        T("distinct", () => data.AsParallel().Select(x => x % 17).Distinct().Count());
        T("plinq throws", () => data.AsParallel().Select(x => x == 77 ? throw new FormatException("query") : x).Count());
        T("plinq cancelled", () => data.AsParallel().WithCancellation(new CancellationToken(true)).Count());
        T("for all", () => { sum = 0; data.AsParallel().WithDegreeOfParallelism(3).ForAll(x => Interlocked.Add(ref sum, x)); return sum; });
        T("forced", () => data.AsParallel().WithExecutionMode(ParallelExecutionMode.ForceParallelism).WithMergeOptions(ParallelMergeOptions.NotBuffered).Max());
        T("sequential", () => data.AsParallel().AsSequential().Skip(10).First());
        T("range", () => ParallelEnumerable.Range(1, 1000).Reverse().First() + ParallelEnumerable.Repeat(2, 10).Sum());
        T("set operations", () => data.AsParallel().Intersect(data.AsParallel().Where(x => x % 2 == 0)).Except(data.AsParallel().Where(x => x > 100)).Union(ParallelEnumerable.Range(-5, 5)).Count());
        sum = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, ct) => { await Task.Yield(); Interlocked.Add(ref sum, i); });
        Console.WriteLine(sum);
        await Parallel.ForAsync(0, 100, async (i, ct) => { await Task.Yield(); Interlocked.Add(ref sum, -i); });
        Console.WriteLine(sum);
        try { await Parallel.ForEachAsync(Enumerable.Range(0, 50), async (i, ct) => { await Task.Yield(); if (i == 7) throw new FormatException("seven"); }); }
        catch (FormatException e) { Console.WriteLine(e.Message); }

        var bag = new ConcurrentBag<int>();
        var queue = new ConcurrentQueue<int>();
        var stack = new ConcurrentStack<int>();
        var dict = new ConcurrentDictionary<int, int>();
        Parallel.For(0, 3000, i => { bag.Add(i); queue.Enqueue(i); stack.Push(i); dict.AddOrUpdate(i % 10, 1, (_, v) => v + 1); });
        int taken = 0;
        Parallel.For(0, 4000, i => { if (bag.TryTake(out _)) Interlocked.Increment(ref taken); });
        Console.WriteLine($"{taken} {bag.IsEmpty} {queue.Distinct().Count()} {stack.Sum()} {dict.Values.Sum()} {dict[3]}");
        using var items = new BlockingCollection<int>(10);
        Task producer = Task.Run(() => { for (int i = 0; i < 500; i++) items.Add(i); items.CompleteAdding(); });
        Console.WriteLine(items.GetConsumingEnumerable().Sum());
        await producer;
        using var gate = new CancellationTokenSource();
        var calls = new List<string>();
        gate.Token.Register(() => calls.Add("first"));
        using (gate.Token.Register(() => calls.Add("removed"))) { }
        gate.Token.UnsafeRegister(s => calls.Add((string)s!), "second");
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(gate.Token, new CancellationTokenSource().Token);
        linked.Token.Register(() => throw new FormatException("in callback"));
        try { gate.Cancel(); } catch (AggregateException e) { Console.WriteLine(string.Join(",", e.Flatten().InnerExceptions.Select(x => x.Message))); }
        Console.WriteLine(string.Join(",", calls) + linked.IsCancellationRequested + gate.TryReset());
    }
}
