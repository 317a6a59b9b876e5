// LINQ to objects: every family of operators, query syntax, laziness, lookups, and IQueryable over a list.
internal sealed record Pet(string Name, int Age, string Owner); internal sealed record Owner(string Name, string City);

internal static class Program
{
    private static string J<T>(IEnumerable<T> e) => string.Join(",", e);
    private static int s_pulled;
    private static IEnumerable<int> Source(int n) { for (int i = 0; i < n; i++) { s_pulled++; yield return i; } }
    private static string T(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        Pet[] pets = [new("Rex", 5, "Ann"), new("Tom", 3, "Bob"), new("Ada", 9, "Ann"), new("Kit", 1, "Zed"), new("Max", 3, "Bob")];
        Owner[] owners = [new("Ann", "Oslo"), new("Bob", "Rome"), new("Cid", "Bern")];
        Console.WriteLine(J(from p in pets where p.Age > 2 orderby p.Age descending, p.Name select p.Name));
        Console.WriteLine(J(from p in pets join o in owners on p.Owner equals o.Name let x = p.Name + "@" + o.City orderby x select x));
        Console.WriteLine(J(from o in owners join p in pets on o.Name equals p.Owner into g from p in g.DefaultIfEmpty() select o.Name +
            ":" + (p?.Name ?? "-")));
        foreach (var g in from p in pets group p by p.Owner into g orderby g.Key select new { g.Key, N = g.Count(),
            Max = g.Max(p => p.Age) })
            Console.Write(g + " ");
        Console.WriteLine();
        Console.WriteLine(J(pets.GroupBy(p => p.Age, p => p.Name, (k, v) => k + "=" + J(v))));
        var look = pets.ToLookup(p => p.Owner);
        Console.WriteLine(look["Bob"].Count() + look["Nobody"].Count());
        Console.WriteLine(J(pets.SelectMany(p => p.Name.Take(2), (p, c) => c + p.Age.ToString())));
        Console.WriteLine(J(owners.LeftJoin(pets, o => o.Name, p => p.Owner, (o, p) => o.Name + p?.Name)) + " " +
            J(owners.RightJoin(pets, o => o.Name, p => p.Owner, (o, p) => o?.City + p.Name)));
        var n = Enumerable.Range(1, 10);
        Console.WriteLine($"{n.Sum()} {n.Average()} {n.Min()} {n.Max()} {n.Aggregate((a, b) => a * b % 1000)} " +
            $"{n.Aggregate("s", (a, b) => a + b, s => s.Length)} {n.Count(x => x % 3 == 0)} {n.Any(x => x > 9)} {n.All(x => x > 0)} " +
            $"{n.Contains(5)} {n.First(x => x > 3)} {n.Last()} {n.ElementAt(^2)} {n.SingleOrDefault(x => x == 11)} {n.LongCount()}");
        Console.WriteLine($"{J(n.Skip(3).Take(4))} {J(n.TakeLast(2))} {J(n.SkipWhile(x => x < 8))} {J(n.Chunk(4).Select(c => c.Length))}" +
            $" {J(n.Zip(n.Skip(1), (a, b) => a * b).Take(3))} {J(n.Reverse().Take(2))} {J(n.Where((x, i) => i % 4 == 0))} " +
            $"{J(n.Take(2..^5))} {J(n.Append(99).Prepend(-1).Where(x => x is < 0 or > 50))}");
        Console.WriteLine($"{J(new[] { 3, 1, 3, 2 }.Distinct())} {J(new[] { 1, 2 }.Union([2, 3]))} " +
            $"{J(new[] { 1, 2, 3 }.Intersect([3, 1]))} {J(new[] { 1, 2, 3 }.Except([2]))} {J(new[] { 1 }.Concat([2]))} " +
            $"{J(pets.DistinctBy(p => p.Owner).Select(p => p.Name))} {pets.MinBy(p => p.Age)!.Name} {pets.MaxBy(p => p.Age)!.Name} " +
            $"{J(pets.CountBy(p => p.Owner))} {J(pets.AggregateBy(p => p.Owner, 0, (a, p) => a + p.Age))} " +
            $"{J(pets.Index().Select(t => t.Index + t.Item.Name).Take(2))}");
        Console.WriteLine($"{J(pets.OrderBy(p => p.Age).ThenByDescending(p => p.Name).Select(p => p.Name))} " +
            $"{J(new[] { "b", "A", "c" }.Order(StringComparer.OrdinalIgnoreCase))} {J(new[] { 5, 1, 4 }.OrderDescending())} " +
            $"{J(Enumerable.Repeat("x", 3))} {Enumerable.Empty<int>().FirstOrDefault(7)} {J(new object[] { 1, "a", 2 }.OfType<int>())} " +
            $"{new object[] { 1, 2 }.Cast<int>().Sum()} {n.SequenceEqual(n.ToList())} {n.ToHashSet().Count} " +
            $"{n.ToDictionary(x => x, x => x * x)[4]} {J(n.ToArray().AsEnumerable().Shuffle().Order().Take(3))}");
        Console.WriteLine($"{T(() => n.Single())} {T(() => Enumerable.Empty<int>().Max())} {T(() => n.ElementAt(50))} " +
            $"{T(() => new[] { 1, 1 }.ToDictionary(x => x))} {T(() => new object[] { "s" }.Cast<int>().ToList())} " +
            $"{T(() => Enumerable.Empty<int?>().Max())} {T(() => new int?[] { 1, null, 3 }.Average())} " +
            $"{T(() => new[] { 1.5m, 2m }.Sum())} {T(() => new[] { double.NaN, 1 }.Max())} {T(() => new[] { double.NaN, 1 }.Min())} " +
            $"{T(() => checked(new[] { int.MaxValue, 1 }.Sum()))}");
        var lazy = Source(100).Where(x => x % 2 == 1).Select(x => x * x);
        Console.WriteLine(s_pulled + " " + lazy.First() + " " + s_pulled + " " + lazy.Skip(2).First() + " " + s_pulled);
        Console.WriteLine(J(pets.AsQueryable().Where(p => p.Age > 2).OrderBy(p => p.Name).Select(p => p.Name + p.Age)));
        Console.WriteLine(J(n.AsParallel().AsOrdered().Where(x => x % 2 == 0).Select(x => x * 10)) + " " + ParallelEnumerable.Range(0, 1000)
            .Sum());
        Console.WriteLine(J(from a in n from b in n where a * a + b * b == 100 select (a, b)) + J(Enumerable.Sequence(0, 10, 5)));
    }
}
