// The later operators of LINQ: Chunk, DistinctBy, Order, Zip of three, AggregateBy, Index, LeftJoin, Shuffle's totals; laziness and exceptions; expression trees as queries.
using System.Collections;
using System.Linq.Expressions;

internal static class Program
{
    private static IEnumerable<int> Noisy(int n, List<string> log) { try { for (int i = 0; i < n; i++) { log.Add($"y{i}"); yield return i; } } finally { log.Add("end"); } }
    private static string Try(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }

    private static void Main()
    {
        int[] n = [5, 3, 8, 1, 9, 2, 7];
        Console.WriteLine(string.Join("|", n.Chunk(3).Select(c => string.Join(",", c))) + " " + string.Join(",", n.DistinctBy(x => x % 3)) + " " + n.MaxBy(x => -x) + n.MinBy(x => x % 4) + " " + string.Join(",", n.OrderDescending()) + " " + string.Join(",", n.ExceptBy([1, 0], x => x % 3)) + " " + string.Join(",", n.UnionBy([10, 11], x => x % 5)) + " " + string.Join(",", n.Zip("abc", [true, false, true])));
        Console.WriteLine(string.Join(",", n.AggregateBy(x => x % 2, 0, (a, x) => a + x)) + " " + string.Join(",", n.CountBy(x => x > 4)) + " " + string.Join(",", n.Index().Where(p => p.Item > 6)) + " " + string.Join(",", n.TakeLast(2)) + string.Join(",", n.SkipLast(5)) + string.Join(",", n.Take(2..^3)) + " " + n.ElementAt(^1) + n.ElementAtOrDefault(^99) + n.FirstOrDefault(x => x > 99, -1) + " " + n.TryGetNonEnumeratedCount(out int c) + c);
        var left = new[] { (Id: 1, N: "a"), (Id: 2, N: "b"), (Id: 3, N: "c") }; var right = new[] { (Id: 2, V: 20), (Id: 3, V: 30), (Id: 3, V: 31), (Id: 4, V: 40) };
        Console.WriteLine(string.Join(" ", left.LeftJoin(right, l => l.Id, r => r.Id, (l, r) => l.N + r.V)) + " | " + string.Join(" ", left.RightJoin(right, l => l.Id, r => r.Id, (l, r) => (l.N ?? "-") + r.V)) + " | " + string.Join(" ", left.GroupJoin(right, l => l.Id, r => r.Id, (l, r) => l.N + r.Count())) + " | " + string.Join(" ", left.Join(right, l => l.Id, r => r.Id, (l, r) => l.N + r.V)));
        Console.WriteLine(n.Shuffle().Sum() + " " + string.Join(",", Enumerable.Sequence(1, 10, 4)) + " " + string.Join(",", Enumerable.InfiniteSequence(1m, 0.5m).Take(3)) + " " + n.ToLookup(x => x % 2)[1].Count() + " " + n.Append(0).Prepend(4).Reverse().First() + " " + Enumerable.Repeat("x", 3).Aggregate((a, b) => a + b) + " " + new object[] { 1, "a", 2.5, 3 }.OfType<int>().Sum() + " " + n.Average() + " " + n.SequenceEqual(n.ToList()) + " " + string.Concat("hello".GroupBy(x => x).Select(g => $"{g.Key}{g.Count()}")));
        var log = new List<string>();
        IEnumerable<int> query = Noisy(5, log).Where(x => x % 2 == 0).Select(x => x * 10);
        log.Add("made");
        Console.WriteLine(query.First() + " " + query.Skip(1).First() + " " + query.Any(x => x == 40) + " " + string.Join(",", log));
        Console.WriteLine($"{Try(() => n.Single())} {Try(() => n.Single(x => x == 100))} {Try(() => Array.Empty<int>().Max())} {Try(() => ((IEnumerable<int>)null!).Count())} {Try(() => new object[] { "s" }.Cast<int>().First())} {Try(() => n.ToDictionary(x => x % 2))} {Try(() => n.Chunk(0))} {Try(() => Array.Empty<string>().Max() ?? "none")} {Try(() => n.Select(x => 10 / (x - 3)).ToList())}");
        IQueryable<int> q = n.AsQueryable().Where(x => x > 2).OrderBy(x => -x).Select(x => x + 1);
        Console.WriteLine(q.Expression + " " + string.Join(",", q) + " " + q.Max());
        Expression<Func<int, int, int>> e = (a, b) => a * b + (a > b ? a : -b);
        Console.WriteLine($"{e} {e.Compile()(3, 4)} {e.Compile(preferInterpretation: true)(4, 3)} {((BinaryExpression)e.Body).NodeType} {new Swap().Visit(e)}");
        ParameterExpression i = Expression.Variable(typeof(int), "i"), total = Expression.Variable(typeof(long), "t"), limit = Expression.Parameter(typeof(int), "limit");
        LabelTarget done = Expression.Label(typeof(long));
        var loop = Expression.Lambda<Func<int, long>>(Expression.Block([i, total], Expression.Assign(total, Expression.Constant(0L)), Expression.Loop(Expression.IfThenElse(Expression.LessThan(i, limit), Expression.Block(Expression.AddAssign(total, Expression.Convert(i, typeof(long))), Expression.PostIncrementAssign(i)), Expression.Break(done, total)), done)), limit);
        Console.WriteLine(loop.Compile()(1000));
        var guarded = Expression.Lambda<Func<string, int>>(Expression.TryCatchFinally(Expression.Call(typeof(int), "Parse", null, limit = Expression.Parameter(typeof(string))), Expression.Empty(), Expression.Catch(typeof(FormatException), Expression.Constant(-1))), limit).Compile();
        Console.WriteLine($"{guarded("12")} {guarded("x")} {Try(() => guarded("99999999999"))}");
        Console.WriteLine(string.Join(",", n.AsParallel().AsOrdered().Where(x => x > 2).Select(x => x * 2)) + " " + n.AsParallel().Aggregate(0, (a, x) => a + x, (a, b) => a + b, a => a * 2) + " " + Try(() => n.AsParallel().Select(x => x == 3 ? throw new FormatException("p") : x).Sum()).Split('(')[0]);
    }

    private sealed class Swap : ExpressionVisitor
    {
        protected override Expression VisitBinary(BinaryExpression b) => b.NodeType == ExpressionType.Multiply ? Expression.Divide(Visit(b.Right), Visit(b.Left)) : base.VisitBinary(b);
    }
}
