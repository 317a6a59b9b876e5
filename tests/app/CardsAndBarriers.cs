// also: common/GcLab.cs
// An old object that is made to point to a young one, by every kind of store there is: the young one lives through collections of the
// young generations, and the old one's reference follows it.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal sealed class Box { public object? A, B; public Pair Inside; public Deep Far; public Action? Calls; public Probe? P; public Vec Array4; public Probe? Prop { get; set; } }
internal struct Deep { public long N; public (int, object?, Pair) Inner; }
[InlineArray(4)] internal struct Vec { public object? E; }
internal static class StaticsOf<T> { public static Probe? A; public static Pair P; public static Probe?[] All = []; }
internal ref struct ByRef { public ref object? Slot; }
internal sealed record Rec(object? First, object? Second);
internal sealed class Stacked { public Stacked? Next; public Probe? P; }

internal static class Program
{
    private const int Count = 48;
    private static int s_ways;
    private static object? s_static;
    private static Pair s_pair;

    private static void Way<C>(string name, Func<C> make, Action<C, Probe> store, Func<C, object?> load) where C : class
    {
        s_ways++;
        var all = new C[Count];
        var ballast = new object[Count];
        for (int i = 0; i < Count; i++) { all[i] = make(); ballast[i] = new byte[700]; } // on cards of their own
        Lab.Age(all);
        for (int i = 0; i < Count; i++) Lab.Expect(name + ": old", GC.GetGeneration(all[i]) == 2, GC.GetGeneration(all[i]));
        Fill(all, store);
        Verify(name, all, load, "before");
        for (int round = 0; round < 4; round++)
        {
            Lab.Collect(round == 2 ? 1 : 0);
            Lab.Noise(300);
            Verify(name, all, load, "round " + round);
        }
        GC.KeepAlive(ballast);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill<C>(C[] all, Action<C, Probe> store) { for (int i = 0; i < all.Length; i++) store(all[i], Young(i)); }

    [MethodImpl(MethodImplOptions.NoInlining)] private static Probe Young(int i) => new(i) { Ref = "v" + i };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Verify<C>(string name, C[] all, Func<C, object?> load, string when)
    {
        int wrong = 0;
        for (int i = 0; i < all.Length; i++)
            if (load(all[i]) is not Probe p || !p.Is(i) || p.Ref is not string s || s != "v" + i) wrong++;
        Lab.Expect($"{name}, {when}: wrong values", wrong == 0, wrong);
    }

    private static void Main()
    {
        Fields();
        Elements();
        Copies();
        Atomics();
        References();
        Library();
        Statics();
        Chains();
        Lab.Done($"{s_ways} ways to store");
    }

    private static void Fields()
    {
        Way("stfld", () => new Box(), (c, p) => c.A = p, c => c.A);
        Way("stfld, second field", () => new Box(), (c, p) => c.B = p, c => c.B);
        Way("stfld over another young one", () => new Box(), (c, p) => { c.A = new Probe(-1); c.A = p; }, c => c.A);
        Way("stfld of a struct's field", () => new Box(), (c, p) => c.Inside.Second = p, c => c.Inside.Second);
        Way("stfld of a whole struct", () => new Box(), (c, p) => c.Inside = new Pair(null, 1, p), c => c.Inside.Second);
        Way("stfld deep in structs", () => new Box(), (c, p) => c.Far.Inner.Item3.First = p, c => c.Far.Inner.Item3.First);
        Way("struct in struct copied", () => new Box(), (c, p) => c.Far.Inner.Item3 = new Pair(p, 1, null), c => c.Far.Inner.Item3.First);
        Way("tuple copied", () => new Box(), (c, p) => c.Far.Inner = (1, p, default), c => c.Far.Inner.Item2);
        Way("initobj, then store", () => new Box(), (c, p) => { c.Inside = default; c.Inside.First = p; }, c => c.Inside.First);
        Way("inline array element", () => new Box(), (c, p) => c.Array4[3] = p, c => c.Array4[3]);
        Way("auto property", () => new Box(), (c, p) => c.Prop = p, c => c.Prop);
        Way("object initialiser", () => new Box[1], (c, p) => c[0] = new Box { A = p, Inside = { First = p } }, c => c[0].Inside.First);
        Way("null-coalescing assignment", () => new Box(), (c, p) => c.A ??= p, c => c.A);
        Way("swap by tuples", () => new Box(), (c, p) => { c.A = p; (c.A, c.B) = (c.B, c.A); }, c => c.B);
        Way("null, then store", () => new Box { A = "x" }, (c, p) => { c.A = null; c.A = p; }, c => c.A);
        Way("boxed struct, unboxed by reference", () => (object)new Pair(), (c, p) => Unsafe.Unbox<Pair>(c).Second = p, c => ((Pair)c).Second);
        Way("boxed struct, interface call", () => (ISet)new Settable(), (c, p) => c.Set(p), c => c.Get());
        Way("captured variable", Captured, (c, p) => c.Item1(p), c => c.Item2());
    }

    private interface ISet { void Set(object? o); object? Get(); }
    private struct Settable : ISet { private object? _o; public void Set(object? o) => _o = o; public readonly object? Get() => _o; }
    private static Tuple<Action<Probe>, Func<object?>> Captured() { Probe? p = null; return Tuple.Create<Action<Probe>, Func<object?>>(q => p = q, () => p); }

    private static void Elements()
    {
        Way("stelem of object[]", () => new object?[40], (c, p) => c[35] = p, c => c[35]);
        Way("stelem of its own type", () => new Probe?[40], (c, p) => c[3] = p, c => c[3]);
        Way("stelem, covariant", () => (object?[])new Probe?[4], (c, p) => c[3] = p, c => c[3]);
        Way("stelem, every one", () => new object?[200], (c, p) => { for (int i = 0; i < 200; i++) c[i] = p; }, c => c[199]);
        Way("stelem in the middle of 10,000", () => new object?[10_000], (c, p) => c[7_777] = p, c => c[7_777]);
        Way("stelem in a large array", () => new object?[12_000], (c, p) => c[11_999] = p, c => c[11_999]);
        Way("two dimensions", () => new object?[4, 9], (c, p) => c[3, 8] = p, c => c[3, 8]);
        Way("two dimensions, by address", () => new object?[4, 9], (c, p) => { ref object? o = ref c[2, 2]; o = p; }, c => c[2, 2]);
        Way("struct elements", () => new Pair[20], (c, p) => c[19] = new Pair(p, 1, null), c => c[19].First);
        Way("field of a struct element", () => new Pair[20], (c, p) => c[19].Second = p, c => c[19].Second);
        Way("struct elements in two dimensions", () => new Pair[3, 3], (c, p) => c[2, 1] = new Pair(null, 1, p), c => c[2, 1].Second);
        Way("element in generic code", () => new Probe?[8], (c, p) => Put(c, 5, p), c => c[5]);
        Way("struct element in generic code", () => new (int, Probe?)[8], (c, p) => Put(c, 5, (1, p)), c => c[5].Item2);
        Way("ref to an element", () => new Probe?[8], (c, p) => { ref Probe? r = ref c[6]; r = p; }, c => c[6]);
        Way("index from the end", () => new Probe?[8], (c, p) => c[^1] = p, c => c[7]);
        Way("array of arrays", () => new object?[][] { new object?[3] }, (c, p) => c[0][2] = p, c => c[0][2]);
        Way("pinned array of structs without references beside", () => new Box { B = GC.AllocateArray<byte>(10, true) }, (c, p) => c.A = p, c => c.A);
        Way("element of an array in the pinned heap", PinnedArray, (c, p) => c[4] = p, c => c[4]);
    }

    private static object?[] PinnedArray() => GC.AllocateArray<object?>(10, pinned: true);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Put<T>(T[] all, int i, T value) => all[i] = value;

    private static unsafe void Copies()
    {
        Way("Array.Copy", () => new object?[10], (c, p) => Array.Copy(new object[] { 1, p, 2 }, 0, c, 4, 3), c => c[5]);
        Way("Array.Copy that casts", () => new Probe?[10], (c, p) => Array.Copy(new object?[] { null, p, null }, 0, c, 4, 3), c => c[5]);
        Way("Array.Copy that boxes", () => new object?[10], (c, p) => { Array.Copy(new[] { 1, 2, 3 }, 0, c, 4, 3); c[5] = p; }, c => c[5]);
        Way("Array.Copy of structs", () => new Pair[10], (c, p) => Array.Copy(new Pair[] { default, new(p, 1, null) }, 0, c, 4, 2), c => c[5].First);
        Way("Array.Copy over itself, up", () => new object?[10], (c, p) => { c[0] = p; Array.Copy(c, 0, c, 1, 9); }, c => c[1]);
        Way("Array.Copy over itself, down", () => new object?[10], (c, p) => { c[9] = p; Array.Copy(c, 1, c, 0, 9); c[9] = null; }, c => c[8]);
        Way("Array.Copy of 9,000", () => new object?[9_000], (c, p) => { var s = new object[9_000]; s[8_000] = p; Array.Copy(s, c, 9_000); }, c => c[8_000]);
        Way("ConstrainedCopy", () => new object?[10], (c, p) => Array.ConstrainedCopy(new object[] { p }, 0, c, 9, 1), c => c[9]);
        Way("CopyTo", () => new object?[10], (c, p) => new object[] { p, p }.CopyTo(c, 7), c => c[8]);
        Way("Span.CopyTo", () => new object?[10], (c, p) => new object?[] { p, null }.AsSpan().CopyTo(c.AsSpan(3)), c => c[3]);
        Way("Span.CopyTo of structs", () => new Pair[10], (c, p) => new Pair[] { new(null, 1, p) }.AsSpan().CopyTo(c.AsSpan(3)), c => c[3].Second);
        Way("Span.Fill", () => new object?[10], (c, p) => c.AsSpan(2, 6).Fill(p), c => c[7]);
        Way("Span element", () => new object?[10], (c, p) => { Span<object?> s = c; s[8] = p; }, c => c[8]);
        Way("Span.Reverse", () => new object?[10], (c, p) => { c[0] = p; c.AsSpan().Reverse(); }, c => c[9]);
        Way("Array.Reverse", () => new Probe?[10], (c, p) => { c[1] = p; Array.Reverse(c); }, c => c[8]);
        Way("Array.Fill", () => new Probe?[10], (c, p) => Array.Fill(c, p), c => c[9]);
        Way("Array.Resize", () => new Holding { All = new object?[3] }, (c, p) => { c.All[2] = p; Array.Resize(ref c.All, 30); }, c => c.All[2]);
        Way("struct copied by pointer", () => new Pair[2], (c, p) => Unsafe.Write(Unsafe.AsPointer(ref c[1]), new Pair(p, 1, null)), c => c[1].First);
        Way("struct copied by reference", () => new Pair[2], (c, p) => { var s = new Pair(p, 1, null); Unsafe.As<Pair, Pair>(ref c[1]) = s; }, c => c[1].First);
        Way("cpobj of generic", () => new Pair[2], (c, p) => { var s = new Pair(p, 1, null); Assign(ref c[1], ref s); }, c => c[1].First);
        Way("MemberwiseClone kept in old", () => new Box[1], (c, p) => c[0] = Clone(new Box { A = p }), c => c[0].A);
        Way("Clone of an array", () => new object?[1], (c, p) => c[0] = new object[] { p, p }.Clone(), c => ((object[])c[0]!)[1]);
        Way("with-expression", () => new Rec[1], (c, p) => c[0] = new Rec(1, 2) with { Second = p }, c => c[0].Second);
        Way("params array", () => new object?[1], (c, p) => c[0] = Collect(1, p, "x"), c => ((object[])c[0]!)[1]);
        Way("collection expression", () => new object?[1], (c, p) => { List<object> l = [1, p]; c[0] = l; }, c => ((List<object>)c[0]!)[1]);
        Way("Buffer.BlockCopy beside", () => new Box { B = new int[50] }, (c, p) => { Buffer.BlockCopy(new int[50], 0, (int[])c.B!, 0, 200); c.A = p; }, c => c.A);
    }

    private sealed class Holding { public object?[] All = []; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Assign<T>(ref T to, ref T from) => to = from;
    private static Box Clone(Box b) => (Box)typeof(object).GetMethod("MemberwiseClone", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.Invoke(b, null)!;
    private static object[] Collect(params object[] all) => all;

    private static void Atomics()
    {
        Way("Interlocked.Exchange of object", () => new Box(), (c, p) => Interlocked.Exchange(ref c.A, p), c => c.A);
        Way("Interlocked.Exchange of T", () => new Box(), (c, p) => Interlocked.Exchange(ref c.P, p), c => c.P);
        Way("Interlocked.Exchange of an element", () => new Probe?[9], (c, p) => Interlocked.Exchange(ref c[7], p), c => c[7]);
        Way("Interlocked.CompareExchange of object", () => new Box(), (c, p) => Interlocked.CompareExchange(ref c.A, p, null), c => c.A);
        Way("Interlocked.CompareExchange of T", () => new Box(), (c, p) => Interlocked.CompareExchange(ref c.P, p, null), c => c.P);
        Way("Interlocked.CompareExchange that fails first", () => new Box { A = "a" }, (c, p) => { Interlocked.CompareExchange(ref c.A, p, "b" + p.Id); Interlocked.CompareExchange(ref c.A, p, c.A); }, c => c.A);
        Way("Volatile.Write", () => new Box(), (c, p) => Volatile.Write(ref c.P, p), c => Volatile.Read(ref c.P));
        Way("LazyInitializer", () => new Box(), (c, p) => LazyInitializer.EnsureInitialized(ref c.P, () => p), c => c.P);
        Way("lock-free stack", () => new Box(), (c, p) => { for (int i = 0; i < 3; i++) Push(c, i == 0 ? p : new Probe(-1)); }, c => ((Stacked)c.A!).Next!.Next!.P);
    }

    private static void Push(Box c, Probe p)
    {
        var s = new Stacked { P = p };
        do s.Next = (Stacked?)Volatile.Read(ref c.A);
        while (Interlocked.CompareExchange(ref c.A, s, s.Next) != s.Next);
    }

    private static unsafe void References()
    {
        Way("ref parameter", () => new Box(), (c, p) => Set(ref c.A, p), c => c.A);
        Way("out parameter", () => new Box(), (c, p) => Give(out c.A, p), c => c.A);
        Way("ref return", () => new Box(), (c, p) => Of(c) = p, c => c.B);
        Way("ref field", () => new Box(), (c, p) => { var r = new ByRef { Slot = ref c.B }; r.Slot = p; }, c => c.B);
        Way("ref reassigned", () => new Box(), (c, p) => { ref object? r = ref c.A; r = "x"; r = ref c.B; r = p; }, c => c.B);
        Way("conditional ref", () => new Box(), (c, p) => (p.Id >= 0 ? ref c.A : ref c.B) = p, c => c.A);
        Way("Unsafe.As", () => new Box(), (c, p) => Unsafe.As<object?, Probe>(ref c.A) = p, c => c.A);
        Way("Unsafe.Add", () => new object?[9], (c, p) => Unsafe.Add(ref c[0], 8) = p, c => c[8]);
        Way("Unsafe.AsRef of a pointer", () => new object?[9], (c, p) => { fixed (void* a = &Unsafe.As<object?, byte>(ref c[2])) Unsafe.AsRef<object?>(a) = p; }, c => c[2]);
        Way("MemoryMarshal.GetArrayDataReference", () => new object?[9], (c, p) => MemoryMarshal.GetArrayDataReference(c) = p, c => c[0]);
        Way("typed reference", () => new Box(), (c, p) => { TypedReference t = __makeref(c.A); __refvalue(t, object?) = p; }, c => c.A);
        Way("ref to a generic", () => new Box(), (c, p) => Generic(ref c.P, p), c => c.P);
        Way("delegate by reference", () => new Box(), (c, p) => new ByRefAction(Set)(ref c.A, p), c => c.A);
        Way("function pointer by reference", () => new Box(), (c, p) => { delegate*<ref object?, object?, void> f = &Set; f(ref c.A, p); }, c => c.A);
    }

    private delegate void ByRefAction(ref object? a, object? p);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Set(ref object? a, object? p) => a = p;
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Give(out object? a, object? p) => a = p;
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref object? Of(Box c) => ref c.B;
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Generic<T>(ref T a, T p) => a = p;

    private static void Library()
    {
        var field = typeof(Box).GetField("A")!;
        var nested = typeof(Box).GetField("Inside")!;
        var property = typeof(Box).GetProperty("Prop")!;
        Way("FieldInfo.SetValue", () => new Box(), (c, p) => field.SetValue(c, p), c => c.A);
        Way("FieldInfo.SetValue of a struct", () => new Box(), (c, p) => nested.SetValue(c, new Pair(null, 1, p)), c => c.Inside.Second);
        Way("PropertyInfo.SetValue", () => new Box(), (c, p) => property.SetValue(c, p), c => c.Prop);
        Way("Array.SetValue", () => new object?[9], (c, p) => c.SetValue(p, 8), c => c[8]);
        Way("Array.SetValue of a struct", () => new Pair[9], (c, p) => c.SetValue(new Pair(p, 1, null), 8), c => c[8].First);
        Way("Array.SetValue in two dimensions", () => new object?[3, 3], (c, p) => c.SetValue(p, 2, 2), c => c[2, 2]);
        Way("List.Add", () => new List<object>(2), (c, p) => { for (int i = 0; i < 7; i++) c.Add(p); }, c => c[6]);
        Way("List.Insert", () => new List<object> { 1, 2, 3 }, (c, p) => c.Insert(1, p), c => c[1]);
        Way("List.Sort", () => new List<Probe>(4), (c, p) => { c.Add(new Probe(1000)); c.Add(p); c.Sort((a, b) => a.Id - b.Id); }, c => c[0]);
        Way("Dictionary", () => new Dictionary<int, object>(), (c, p) => { for (int i = 0; i < 9; i++) c[i] = p; }, c => c[8]);
        Way("Dictionary key", () => new Dictionary<Probe, int>(), (c, p) => c[p] = 1, c => c.Keys.First());
        Way("Queue", () => new Queue<object>(), (c, p) => { c.Enqueue(1); c.Enqueue(p); c.Dequeue(); }, c => c.Peek());
        Way("LinkedList", () => new LinkedList<object>(), (c, p) => { c.AddLast(1); c.AddLast(p); }, c => c.Last!.Value);
        Way("SortedDictionary", () => new SortedDictionary<int, object>(), (c, p) => { for (int i = 0; i < 9; i++) c[i * 5 % 9] = p; }, c => c[8]);
        Way("ConcurrentQueue", () => new System.Collections.Concurrent.ConcurrentQueue<object>(), (c, p) => c.Enqueue(p), c => c.TryPeek(out object? o) ? o : null);
        Way("Delegate.Combine", () => new Box(), (c, p) => { Fetch f = p.Self; c.A = (Fetch)Nothing + f; }, c => ((Fetch)c.A!)());
        Way("delegate closed over", () => new Box(), (c, p) => c.A = (Fetch)p.Self, c => ((Fetch)c.A!)());
        Way("strong handle in old", () => new Box(), (c, p) => c.A = GCHandle.Alloc(p), c => ((GCHandle)c.A!).Target);
        Way("weak reference retargeted", () => new Tuple<WeakReference<Probe>, List<Probe>>(new(null!), []), (c, p) => { c.Item1.SetTarget(p); c.Item2.Add(p); }, c => c.Item1.TryGetTarget(out Probe? p) ? p : null);
        Way("weak table", () => new Tuple<ConditionalWeakTable<object, object>, object>([], new()), (c, p) => c.Item1.Add(c.Item2, p), c => c.Item1.TryGetValue(c.Item2, out object? p) ? p : null);
        Way("thread local", () => new ThreadLocal<object?>(), (c, p) => c.Value = p, c => c.Value);
        Way("string builder's object", () => new Box { B = new System.Text.StringBuilder() }, (c, p) => { ((System.Text.StringBuilder)c.B!).Append('x', 100 + p.Id); c.A = p; }, c => c.B!.ToString()!.Length == 100 + ((Probe)c.A!).Id ? c.A : null);
        Way("Activator and constructor", () => new object?[1], (c, p) => c[0] = Activator.CreateInstance(typeof(Rec), p, 2), c => ((Rec)c[0]!).First);
        Way("result of a task", () => new TaskCompletionSource<Probe>(), (c, p) => c.SetResult(p), c => c.Task.Result);
    }

    private delegate object? Fetch();
    private static object? Self(this Probe p) => p;
    private static object? Nothing() => null;

    private static void Statics()
    {
        Way("static field", () => new object(), (_, p) => { if (p.Id == Count - 1) s_static = p; s_last = p; }, _ => null, Count - 1, () => s_static);
        Way("field of a static struct", () => new object(), (_, p) => s_pair.First = p, _ => null, Count - 1, () => s_pair.First);
        Way("whole static struct", () => new object(), (_, p) => s_pair = new Pair(null, 1, p), _ => null, Count - 1, () => s_pair.Second);
        Way("static of a generic", () => new object(), (_, p) => StaticsOf<string>.A = p, _ => null, Count - 1, () => StaticsOf<string>.A);
        Way("static struct of a generic", () => new object(), (_, p) => StaticsOf<object>.P.Second = p, _ => null, Count - 1, () => StaticsOf<object>.P.Second);
    }

    private static Probe? s_last;

    private static void Way(string name, Func<object> make, Action<object, Probe> store, Func<object, object?> _, int id, Func<object?> load)
    {
        s_ways++;
        object[] all = [.. Enumerable.Range(0, Count).Select(_ => make())];
        Lab.Age(all);
        Fill(all, store);
        for (int round = 0; round < 4; round++)
        {
            Lab.Collect(round == 2 ? 1 : 0);
            Lab.Noise(300);
            Lab.Expect($"{name}, round {round}", load() is Probe p && p.Is(id) && p.Ref is string s && s == "v" + id);
        }
    }

    // Old to young to younger: a chain that grows by one object between collections.
    private static void Chains()
    {
        var head = new Probe(0);
        Lab.Age(head);
        for (int i = 1; i < 60; i++)
        {
            Append(head, i);
            if (i % 3 == 0) Lab.Collect(i % 2);
            Lab.Noise(50);
        }
        int n = 0;
        for (Probe? p = head; p != null; p = (Probe?)p.Ref) Lab.Expect("chain", p.Is(n++));
        Lab.Expect("length of the chain", n == 60, n);
        // An old object's reference is cleared and set again while its target ages.
        var box = new Box();
        Lab.Age(box);
        for (int i = 0; i < 30; i++)
        {
            Flip(box, i);
            Lab.Collect(i % 5 == 0 ? 1 : 0);
            Lab.Noise(50);
            Lab.Expect("flip", ((Probe)(i % 2 == 0 ? box.A : box.B)!).Is(i));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Append(Probe head, int i) { Probe p = head; while (p.Ref is Probe next) p = next; p.Ref = new Probe(i); }
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Flip(Box box, int i) { (box.A, box.B) = i % 2 == 0 ? (new Probe(i), null) : ((object?)null, new Probe(i)); }
}
