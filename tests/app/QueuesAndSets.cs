// PriorityQueue, SortedSet and its views, LinkedList, OrderedDictionary, HashSet operations, alternate look-ups, CollectionsMarshal, enumeration checks.
using System.Collections;
using System.Collections.ObjectModel;
using System.Collections.Specialized;
using System.Runtime.InteropServices;

internal static class Program
{
    private static string Try(Action f) { try { f(); return "fine"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }

    private sealed class Keyed : KeyedCollection<string, string> { protected override string GetKeyForItem(string s) => s[..1]; }

    private static void Main()
    {
        var pq = new PriorityQueue<string, int>([("c", 3), ("a", 1), ("b", 2)]);
        pq.Enqueue("z", 0);
        Console.WriteLine($"{pq.Dequeue()}{pq.EnqueueDequeue("y", 9)}{pq.DequeueEnqueue("x", 5)} {pq.Count} {pq.Remove("y", out _, out int p)} {p} {pq.Peek()} {string.Join(",", pq.UnorderedItems.Select(x => x.Element).Order())}");
        var sorted = new SortedSet<int>(Enumerable.Range(0, 20).Select(i => i * 7 % 20));
        SortedSet<int> view = sorted.GetViewBetween(5, 9);
        sorted.Remove(6); view.Add(6); view.Remove(7);
        Console.WriteLine($"{string.Join(",", view)} {sorted.Max} {sorted.Count} {sorted.TryGetValue(4, out int four)} {four} {string.Join("", sorted.Reverse().Take(3))} {Try(() => view.Add(50))}");
        var linked = new LinkedList<int>([1, 2, 3]);
        LinkedListNode<int> two = linked.Find(2)!;
        linked.AddBefore(two, 9); linked.AddAfter(two, 8); linked.Remove(1); linked.AddLast(0);
        Console.WriteLine($"{string.Join("", linked)} {two.Next!.Value} {two.List == linked} {Try(() => linked.AddLast(two))}");
        var ordered = new OrderedDictionary<string, int> { ["b"] = 1, ["a"] = 2 };
        ordered.Insert(1, "m", 3); ordered.SetAt(0, "q", 4);
        Console.WriteLine($"{string.Join(",", ordered)} {ordered.IndexOf("a")} {ordered.GetAt(2)} {Try(() => ordered.Add("a", 1))}");
        var set = new HashSet<string>(["a", "b"], StringComparer.OrdinalIgnoreCase);
        Console.WriteLine($"{set.Add("A")} {set.Overlaps(["B"])} {set.IsProperSubsetOf(["a", "b", "c"])} {set.TryGetValue("B", out string? stored)} {stored} {set.GetAlternateLookup<ReadOnlySpan<char>>().Contains("xb".AsSpan(1))} {HashSet<string>.CreateSetComparer().Equals(set, ["a", "b"])} {set.EnsureCapacity(100) >= 100}");
        var d = new Dictionary<string, int> { ["x"] = 1 };
        CollectionsMarshal.GetValueRefOrAddDefault(d, "y", out bool existed) = 5;
        CollectionsMarshal.GetValueRefOrNullRef(d, "x")++;
        Console.WriteLine($"{existed} {d["x"]} {d["y"]} {d.Remove("x", out int gone)} {gone} {d.GetValueOrDefault("q", -1)} {Try(() => _ = d["q"])} {Try(() => { foreach (var kv in d) d["new" + kv.Key] = 1; })}");
        var list = new List<int> { 5, 3, 4 };
        CollectionsMarshal.AsSpan(list)[0] = 50;
        CollectionsMarshal.SetCount(list, 5);
        Console.WriteLine($"{list[0]} {list.Count} {Try(() => { foreach (int i in list) list.Add(i); })} {Try(() => list.Sort((_, _) => throw new FormatException("in sort")))} {Try(() => _ = list[9])} {Try(() => list.RemoveRange(3, 9))} {list.FindIndex(x => x == 4)} {list.TrueForAll(x => x >= 0)}");
        var keyed = new Keyed { "apple", "bean" };
        var observed = new ObservableCollection<int> { 1, 2, 3 };
        observed.CollectionChanged += (_, e) => Console.Write($"{e.Action}:{e.OldStartingIndex}:{e.NewStartingIndex} ");
        observed.Move(0, 2); observed[1] = 7; observed.RemoveAt(0); observed.Clear();
        Console.WriteLine($"{keyed["b"]} {keyed.Contains("a")} {Try(() => keyed.Add("again"))} {new ReadOnlyDictionary<string, int>(d).Count} {Try(() => ((IList<int>)Array.AsReadOnly([1])).Add(2))}");
        var table = new Hashtable { [1] = "one", ["k"] = 2 }; var names = new NameValueCollection { { "a", "1" }, { "a", "2" } };
        var hybrid = new ListDictionary { { "x", 1 } };
        Console.WriteLine($"{table[1]} {table.ContainsKey("K")} {names["A"]} {names.GetValues("a")!.Length} {hybrid["x"]} {new ArrayList { 3, 1, 2 }.BinarySearch(3)} {new SortedList { ["b"] = 1, ["a"] = 2 }.GetByIndex(0)} {new Queue(new[] { 1, 2 }).Dequeue()} {new Stack(new[] { 1, 2 }).Pop()} {StructuralComparisons.StructuralEqualityComparer.Equals(new[] { 1, 2 }, new[] { 1, 2 })}");
        var sl = new SortedList<int, string> { [3] = "c", [1] = "a" };
        Console.WriteLine($"{sl.Keys[0]} {sl.IndexOfValue("c")} {Try(() => sl.Add(1, "x"))} {new SortedDictionary<string, int>(StringComparer.Ordinal) { ["b"] = 1, ["B"] = 2 }.First().Key} {Array.BinarySearch([1, 3, 5], 4)} {Array.IndexOf(["a", "b"], "b")} {Array.ConvertAll([1, 2], x => x * 2)[1]}");
        int[] keys = [3, 1, 2]; string[] items = ["c", "a", "b"];
        Array.Sort(keys, items);
        Array.Resize(ref keys, 5); Array.Fill(keys, 9, 3, 2); Array.Reverse(items);
        Console.WriteLine($"{string.Join("", keys)} {string.Join("", items)} {Array.Exists(keys, x => x == 9)} {Array.FindLast(keys, x => x < 9)} {keys.AsSpan().IndexOf(2)}");
    }
}
