// Immutable and frozen collections: builders, structural sharing, sorted forms, comparers, look-ups by span.
using System.Collections.Frozen;
using System.Collections.Immutable;

internal static class Program
{
    private static void Main()
    {
        ImmutableList<int> list = [.. Enumerable.Range(0, 1000)];
        ImmutableList<int> more = list.Insert(500, -1).RemoveAt(0).SetItem(3, 99).AddRange([7, 8]).RemoveAll(x => x % 10 == 0).Reverse();
        Console.WriteLine($"{list.Count} {more.Count} {more[0]} {more.IndexOf(-1)} {more.Sort().BinarySearch(99)} {list.GetRange(5, 3).Sum()} {list.Contains(999)} {more.FindLast(x => x < 50)}");
        ImmutableArray<string> array = ["a", "b", "c"];
        ImmutableArray<string>.Builder builder = array.ToBuilder();
        builder.Add("d"); builder.Reverse();
        Console.WriteLine($"{string.Join("", builder.ToImmutable())} {array.Length} {array.IndexOf("b")} {default(ImmutableArray<int>).IsDefault} {array.As<object>().Length} {array.SequenceEqual(["a", "b", "c"])} {ImmutableArray.Create(3, 1, 2).Sort().BinarySearch(2)}");
        try { _ = default(ImmutableArray<int>).Length; } catch (NullReferenceException) { Console.WriteLine("default has no length"); }
        try { array.Remove("x").Add("y").Insert(9, "z"); } catch (ArgumentOutOfRangeException e) { Console.WriteLine(e.ParamName); }
        ImmutableDictionary<string, int> dictionary = ImmutableDictionary.Create<string, int>(StringComparer.OrdinalIgnoreCase).Add("one", 1).Add("TWO", 2).SetItem("One", 11);
        Console.WriteLine($"{dictionary["ONE"]} {dictionary.Count} {dictionary.TryGetKey("two", out string key)} {key} {dictionary.Remove("x").Count} {ReferenceEquals(dictionary, dictionary.SetItem("one", 11))}");
        try { dictionary.Add("one", 2); } catch (ArgumentException e) { Console.WriteLine(e.Message); }
        ImmutableSortedDictionary<int, string> sorted = Enumerable.Range(0, 50).ToImmutableSortedDictionary(i => i * 37 % 50, i => "v" + i, Comparer<int>.Create((x, y) => y - x));
        Console.WriteLine($"{sorted.First()} {sorted.Keys.Take(3).Sum()} {sorted.ContainsValue("v7")}");
        ImmutableHashSet<int> set = [1, 2, 3, 4];
        ImmutableSortedSet<string> names = ["q", "a", "m"];
        Console.WriteLine($"{string.Join(",", set.Except([2]).Union([9]).Intersect([1, 3, 9]).Order())} {set.SetEquals([4, 3, 2, 1])} {set.IsProperSupersetOf([1])} {names.Max}{names.Min}{names[1]} {names.IndexOf("m")} {string.Join("", names.Reverse())} {set.SymmetricExcept([4, 5]).Count}");
        ImmutableStack<int> stack = ImmutableStack<int>.Empty.Push(1).Push(2);
        ImmutableQueue<int> queue = ImmutableQueue.Create(1, 2, 3).Dequeue(out int first).Enqueue(4);
        Console.WriteLine($"{stack.Peek()} {stack.Pop().Peek()} {first} {string.Join("", queue)}");
        int races = 0;
        ImmutableDictionary<int, int> shared = ImmutableDictionary<int, int>.Empty;
        Parallel.For(0, 200, i => { ImmutableInterlocked.AddOrUpdate(ref shared, i % 10, 1, (_, old) => old + 1); Interlocked.Increment(ref races); });
        Console.WriteLine($"{shared.Values.Sum()} {races}");
        FrozenDictionary<string, int> frozen = Enumerable.Range(0, 200).ToFrozenDictionary(i => $"key{i}", i => i);
        FrozenDictionary<int, string> ints = new Dictionary<int, string> { [5] = "five", [-1] = "minus" }.ToFrozenDictionary();
        FrozenSet<string> words = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "alpha", "BETA", "alpha");
        var bySpan = frozen.GetAlternateLookup<ReadOnlySpan<char>>();
        Console.WriteLine($"{frozen["key77"]} {frozen.ContainsKey("none")} {ints.GetValueOrDefault(-1)} {words.Contains("Beta")} {words.Count} {bySpan["xkey9".AsSpan(1)]} {frozen.GetValueRefOrNullRef("key3")} {new[] { 1, 2 }.ToFrozenSet().IsSubsetOf([1, 2, 3])}");
    }
}
