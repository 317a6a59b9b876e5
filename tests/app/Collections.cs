// List, Dictionary, HashSet, SortedSet, SortedDictionary, LinkedList, Queue, Stack, PriorityQueue, BitArray, immutable,
// frozen, concurrent, read-only.
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Collections.Specialized;

internal sealed class Ci : IEqualityComparer<string>
{
    public int Calls;
    public bool Equals(string? a, string? b) { Calls++; return string.Equals(a, b, StringComparison.OrdinalIgnoreCase); }
    public int GetHashCode(string s) => s.ToLowerInvariant().Length;
}

internal readonly record struct Key(int A, string B);

internal static class Program
{
    private static string J<T>(IEnumerable<T> e) => "[" + string.Join(",", e) + "]";
    private static string T(Action a) { try { a(); return "ok"; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        var l = new List<int> { 5, 3, 8 };
        l.AddRange([1, 9]);
        l.Insert(1, 7);
        l.Remove(8);
        l.Sort();
        l.Reverse();
        Console.WriteLine($"{J(l)} {l.IndexOf(3)} {l.BinarySearch(100) < 0} {l.Contains(9)} {l.FindAll(x => x > 4).Count} " +
            $"{l.Capacity >= l.Count} {T(() => l.RemoveAt(9))} {J(l.GetRange(1, 2))} {l.RemoveAll(x => x % 2 == 1)} {l.Count} " +
            $"{l.TrueForAll(x => x > 0)}");
        var d = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["One"] = 1, ["two"] = 2 };
        d["ONE"] = 11;
        d.TryAdd("two", 5);
        d.Remove("missing");
        Console.WriteLine($"{J(d)} {d.TryGetValue("TWO", out int v)} {v} {J(d.Keys)} {J(d.Values)} {d.ContainsValue(11)} " +
            $"{T(() => d.Add("Two", 1))}");
        var big = new Dictionary<int, string>();
        for (int i = 0; i < 5000; i++) big[i * 7919 % 10007] = i.ToString();
        for (int i = 0; i < 5000; i += 2) big.Remove(i * 7919 % 10007);
        Console.WriteLine(big.Count + " " + big.Sum(p => p.Key) + " " + big[7919 % 10007]);
        var ci = new Ci();
        var dc = new Dictionary<string, object?>(ci) { ["abc"] = null, ["ABD"] = 1 };
        Console.WriteLine(dc.ContainsKey("ABC") + " " + (ci.Calls > 0));
        var dk = new Dictionary<Key, int> { [new(1, "a")] = 1 };
        Console.WriteLine(dk[new Key(1, "a")]);
        var alt = d.GetAlternateLookup<ReadOnlySpan<char>>();
        Console.WriteLine(alt["tWo".AsSpan()]);
        var h = new HashSet<int> { 1, 2, 3, 4 };
        h.IntersectWith([2, 4, 6]);
        h.UnionWith([10]);
        h.SymmetricExceptWith([4, 5]);
        Console.WriteLine($"{J(h.Order())} {h.IsSubsetOf([2, 5, 10, 11])} {h.Overlaps([5])} {h.SetEquals([10, 5, 2])} {h.Add(2)}");
        var ss = new SortedSet<string>(StringComparer.Ordinal) { "b", "C", "a" };
        Console.WriteLine($"{J(ss)} {ss.Min} {J(ss.GetViewBetween("a", "b"))} {J(ss.Reverse())}");
        var sd = new SortedDictionary<int, string> { [3] = "c", [1] = "a", [2] = "b" };
        sd.Remove(2);
        var sl = new SortedList<int, string>(sd) { [0] = "z" };
        Console.WriteLine(J(sd) + J(sl) + sl.IndexOfKey(1) + sl.GetValueAtIndex(0));
        var ll = new LinkedList<int>([1, 2, 3]);
        ll.AddFirst(0);
        ll.AddAfter(ll.Find(2)!, 25);
        ll.Remove(1);
        Console.WriteLine(J(ll) + ll.Last!.Previous!.Value);
        var q = new Queue<int>([1, 2, 3]);
        q.Enqueue(4);
        Console.WriteLine($"{q.Dequeue()} {q.Peek()} {q.Count} {J(q)}");
        var st = new Stack<string>(["a", "b"]);
        st.Push("c");
        Console.WriteLine($"{st.Pop()} {st.TryPeek(out string? top)} {top} {J(st)}");
        var pq = new PriorityQueue<string, int>();
        foreach (var (s, p) in new[] { ("low", 9), ("high", 1), ("mid", 5), ("high2", 0) }) pq.Enqueue(s, p);
        Console.Write(pq.EnqueueDequeue("x", 7));
        while (pq.TryDequeue(out string? s, out int p)) Console.Write($" {s}{p}");
        Console.WriteLine();
        var ba = new BitArray(10, false);
        ba[3] = ba[7] = true;
        ba.Not();
        Console.WriteLine(ba.Cast<bool>().Count(x => x) + " " + ba.And(new BitArray(10, true)).HasAllSet());
        Console.WriteLine(ba.HasAnySet());
        var il = ImmutableList.Create(1, 2, 3).Add(4).Remove(2).Insert(0, 9);
        var id = ImmutableDictionary<string, int>.Empty.Add("a", 1).SetItem("a", 2);
        var isx = ImmutableSortedSet.Create(3, 1, 2);
        var ib = ImmutableArray.CreateBuilder<int>();
        ib.Add(1);
        ib.AddRange(2, 3);
        Console.WriteLine($"{J(il)} {id["a"]} {J(isx)} {J(ib.ToImmutable())} {ImmutableStack.Create(1, 2).Peek()} " +
            $"{ImmutableQueue.Create(1, 2).Dequeue().Peek()}");
        var fd = new[] { "a", "bb", "ccc" }.ToFrozenDictionary(x => x, x => x.Length);
        var fs = Enumerable.Range(0, 100).ToFrozenSet();
        Console.WriteLine($"{fd["bb"]} {fd.ContainsKey("zz")} {fs.Contains(50)} {fs.Contains(100)}");
        var cd = new ConcurrentDictionary<int, int>();
        Parallel.For(0, 1000, i => cd.AddOrUpdate(i % 10, 1, (_, x) => x + 1));
        Console.WriteLine(cd.Values.Sum() + " " + cd.GetOrAdd(99, k => k * 2) + " " + cd.TryRemove(99, out int rem) + rem);
        var cq = new ConcurrentQueue<int>([1, 2]);
        cq.Enqueue(3);
        cq.TryDequeue(out int dq);
        var cs = new ConcurrentStack<int>([1, 2]);
        cs.TryPop(out int ps);
        var cb = new ConcurrentBag<int> { 5 };
        cb.TryTake(out int tk);
        Console.WriteLine($"{dq} {cq.Count} {ps} {tk} {cb.IsEmpty}");
        using var bc = new BlockingCollection<int>(2);
        var prod = Task.Run(() => { for (int i = 0; i < 5; i++) bc.Add(i); bc.CompleteAdding(); });
        Console.WriteLine(J(bc.GetConsumingEnumerable()));
        prod.Wait();
        var ro = new ReadOnlyCollection<int>([1, 2]);
        var rod = new ReadOnlyDictionary<string, int>(d);
        var oc = new ObservableCollection<int>();
        oc.CollectionChanged += (s, e) => Console.Write(e.Action + " ");
        oc.Add(1);
        oc[0] = 2;
        oc.Clear();
        Console.WriteLine(T(() => ((IList<int>)ro).Add(1)) + rod.Count);
        var al = new ArrayList { 1, "two", null, 3.0 };
        al.Reverse();
        var ht = new Hashtable { ["k"] = 1, [2] = "v" };
        var nvc = new NameValueCollection { { "a", "1" }, { "a", "2" } };
        var od = new OrderedDictionary<string, int> { ["z"] = 1, ["a"] = 2 };
        Console.WriteLine($"{al.Count}{al[0]} {ht["k"]}{ht[2]} {nvc["a"]} {J(od)} {od.IndexOf("a")}");
        Console.WriteLine(T(() =>
        {
            foreach (int x in l) l.Clear();
        }) + T(() =>
        {
            foreach (var x in big) big.Remove(x.Key);
        }) + StructuralComparisons.StructuralEqualityComparer.Equals(new[] { 1, 2 }, new[] { 1, 2 }) + Comparer.Default.Compare("a", "b") +
            new CaseInsensitiveComparer().Compare("A", "a"));
    }

    private static bool HasAllSet(this BitArray b, int _ = 0) { foreach (bool x in b) if (!x) return false; return true; }
}
