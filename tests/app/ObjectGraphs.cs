// also: common/GcLab.cs
// Graphs of objects of all shapes that change at random while the program collects at random; beside them a model in plain numbers says what
// each object holds and what it points to.  Every walk over a graph must agree with the model, and one number must be one object.
// Arguments: threads, steps, seed.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal enum Kind { Node, Array, Struct, Matrix, List, Text, Closure, Jagged, Structs, Large, Dictionary, Pinned, Inline, Count }

internal sealed class GraphNode(ulong seed)
{
    public ulong Before = seed;
    public object? A;
    public long Middle = (long)(seed * 3);
    public object? B, C;
    public ulong After = ~seed;
}

internal struct Entry { public long Mark; public object? A, B; public (int, object?) C; }
[InlineArray(3)] internal struct Slots { public object? E; }
internal sealed class Inline(ulong seed) { public Slots S; public ulong Seed = seed; }
internal sealed class Closed(ulong seed) { public object? A, B, C; public ulong Seed() => seed; }

// What the model knows of one object.
internal sealed class Model
{
    public Kind Kind;
    public ulong Seed;
    public readonly int[] Kids = [-1, -1, -1];
    public bool Used;
}

internal static class Program
{
    private static int s_threads = 1;
    private static readonly object?[] s_shared = new object?[64];

    private static int Main(string[] args)
    {
        s_threads = int.Parse(args[0]);
        int steps = int.Parse(args[1]);
        var threads = Enumerable.Range(0, s_threads).Select(i => new Thread(() => new Graph(int.Parse(args[2]) + i, i == 0).Run(steps))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Lab.Done($"{s_threads} graphs of {(int)Kind.Count} kinds");
        return 0;
    }

    private sealed class Graph(int seed, bool collects)
    {
        private const int Roots = 40, Most = 3000;
        private readonly Random _random = new(seed);
        private readonly object?[] _roots = new object?[Roots];
        private readonly int[] _rootIds = Enumerable.Repeat(-1, Roots).ToArray();
        private readonly List<Model> _models = [];
        private readonly Stack<int> _free = new();
        private int _live;
        private bool _failed;

        public void Run(int steps)
        {
            for (int i = 0; i < steps && !_failed; i++)
            {
                Step();
                if (i % 64 == 0) Exchange(i);
                if (i % 97 == 0 && collects) CollectSomehow();
                if (i % 4000 == 3999 || _live > 2 * Most) Check();
            }
            Check();
            if (collects) { Lab.Collect(); Check(); }
        }

        private void CollectSomehow()
        {
            switch (_random.Next(12))
            {
                case 0: GC.Collect(2, GCCollectionMode.Forced, true, true); break;
                case 1: GC.Collect(2, GCCollectionMode.Forced, true, false); break;
                case 2: GC.Collect(2, GCCollectionMode.Forced, false); break;
                case 3: case 4: GC.Collect(1); break;
                default: GC.Collect(0); break;
            }
        }

        private void Step()
        {
            int root = _random.Next(Roots);
            switch (_random.Next(10))
            {
                case 0: case 1: // a new object at a root, holding what was there
                {
                    (object o, int id) = Create();
                    SetKid(o, id, _random.Next(3), _roots[root], _rootIds[root]);
                    Attach(root, o, id);
                    break;
                }
                case 2: case 3: case 4: // a new object somewhere below
                {
                    (object? at, int atId) = Wander(root);
                    if (at == null) break;
                    (object o, int id) = Create();
                    SetKid(at, atId, Place(atId), o, id);
                    break;
                }
                case 5: case 6: case 7: // an edge from here to there, maybe in a ring
                {
                    if (_random.Next(3) != 0) goto case 2;
                    (object? from, int fromId) = Wander(root);
                    (object? to, int toId) = Wander(_random.Next(Roots));
                    if (from != null) SetKid(from, fromId, Place(fromId), to, toId);
                    break;
                }
                case 8: // cut
                {
                    (object? from, int fromId) = Wander(root);
                    if (from != null && _random.Next(4) == 0) SetKid(from, fromId, _random.Next(3), null, -1);
                    break;
                }
                default:
                    if (_random.Next(60) == 0) Attach(root, null, -1);
                    else if (_random.Next(20) == 0) { (object? o, int id) = Wander(_random.Next(Roots)); Attach(root, o, id); }
                    break;
            }
        }

        // Mostly an empty place, so that graphs grow.
        private int Place(int id)
        {
            int k = _random.Next(3);
            for (int i = 0; i < 3 && _models[id].Kids[k] >= 0 && _random.Next(25) != 0; i++) k = (k + 1) % 3;
            return k;
        }

        private void Attach(int root, object? o, int id) { _roots[root] = o; _rootIds[root] = id; }

        private (object?, int) Wander(int root)
        {
            object? o = _roots[root];
            int id = _rootIds[root];
            for (int steps = _random.Next(12); steps > 0 && o != null; steps--)
            {
                int k = _random.Next(3);
                int next = _models[id].Kids[k];
                if (next < 0) break;
                o = GetKid(o, _models[id].Kind, k);
                id = next;
            }
            return (o, id);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private (object, int) Create()
        {
            int id;
            if (!_free.TryPop(out id)) { id = _models.Count; _models.Add(new Model()); }
            Model m = _models[id];
            m.Kind = (Kind)_random.Next((int)Kind.Count);
            if (m.Kind is Kind.Large or Kind.Pinned && _random.Next(20) != 0) m.Kind = Kind.Node;
            m.Seed = (ulong)_random.NextInt64() | 1;
            m.Used = true;
            Array.Fill(m.Kids, -1);
            _live++;
            ulong s = m.Seed;
            object o = m.Kind switch
            {
                Kind.Node => new GraphNode(s),
                Kind.Array => new object?[4 + s % 20],
                Kind.Struct => new Entry { Mark = (long)s },
                Kind.Matrix => new object?[2 + s % 3, 3],
                Kind.List => new List<object?> { null, null, null, s },
                Kind.Text => new string((char)('a' + s % 26), (int)(s % 70)),
                Kind.Closure => (Func<ulong>)new Closed(s).Seed,
                Kind.Jagged => new object?[][] { new object?[1 + s % 5], new object?[1 + s % 7], new object?[1] },
                Kind.Structs => new Entry[1 + s % 4],
                Kind.Large => new object?[11_000 + s % 3000],
                Kind.Dictionary => new Dictionary<ulong, object?> { [s] = "s" },
                Kind.Pinned => GC.AllocateArray<object?>(4 + (int)(s % 20), pinned: true),
                _ => new Inline(s),
            };
            if (o is object?[] a and not object?[][]) a[3] = s;
            else if (o is object?[,] x) x[1, 1] = s;
            else if (o is Entry[] e) e[^1].Mark = (long)s;
            return (o, id);
        }

        // Strings have no children: the model forgets them.
        private void SetKid(object o, int id, int k, object? kid, int kidId)
        {
            Model m = _models[id];
            if (m.Kind == Kind.Text) return;
            m.Kids[k] = kidId;
            switch (o)
            {
                case GraphNode n: if (k == 0) n.A = kid; else if (k == 1) n.B = kid; else n.C = kid; break;
                case object?[][] j: j[k][0] = kid; break;
                case object?[] a: a[k == 2 ? a.Length - 1 == 3 ? 2 : a.Length - 1 : k] = kid; break;
                case object?[,] x: x[x.GetLength(0) - 1, k] = x.GetLength(0) == 2 && k == 1 ? Swap(x, kid) : kid; break;
                case List<object?> l: l[k] = kid; break;
                case Func<ulong> f: { var c = (Closed)f.Target!; if (k == 0) c.A = kid; else if (k == 1) Volatile.Write(ref c.B, kid); else Interlocked.Exchange(ref c.C, kid); break; }
                case Entry[] e: if (k == 0) e[0].A = kid; else if (k == 1) e[^1].B = kid; else e[0].C = (k, kid); break;
                case Dictionary<ulong, object?> d: d[(ulong)k] = kid; break;
                case Inline i: i.S[k] = kid; break;
                case Entry: { ref Entry e = ref Unsafe.Unbox<Entry>(o); if (k == 0) e.A = kid; else if (k == 1) e.B = kid; else e.C = (k, kid); break; }
            }
        }

        // A matrix of two rows keeps its seed in [1, 1], where child 1 would go: that child lives in [0, 1].
        private static object? Swap(object?[,] x, object? kid) { x[0, 1] = kid; return x[1, 1]; }

        private static object? GetKid(object o, Kind kind, int k) => kind switch
        {
            Kind.Node => k == 0 ? ((GraphNode)o).A : k == 1 ? ((GraphNode)o).B : ((GraphNode)o).C,
            Kind.Array or Kind.Large or Kind.Pinned => o is object?[] a ? a[k == 2 ? a.Length - 1 == 3 ? 2 : a.Length - 1 : k] : null,
            Kind.Struct => k == 0 ? ((Entry)o).A : k == 1 ? ((Entry)o).B : ((Entry)o).C.Item2,
            Kind.Matrix => o is object?[,] x ? x.GetLength(0) == 2 && k == 1 ? x[0, 1] : x[x.GetLength(0) - 1, k] : null,
            Kind.List => ((List<object?>)o)[k],
            Kind.Closure => ((Func<ulong>)o).Target is Closed c ? k == 0 ? c.A : k == 1 ? c.B : c.C : null,
            Kind.Jagged => ((object?[][])o)[k][0],
            Kind.Structs => o is Entry[] e ? k == 0 ? e[0].A : k == 1 ? e[^1].B : e[0].C.Item2 : null,
            Kind.Dictionary => ((Dictionary<ulong, object?>)o).GetValueOrDefault((ulong)k),
            Kind.Inline => ((Inline)o).S[k],
            _ => null,
        };

        private static bool Right(object o, Model m) => m.Kind switch
        {
            Kind.Node => o is GraphNode n && n.Before == m.Seed && n.After == ~m.Seed && n.Middle == (long)(m.Seed * 3),
            Kind.Array => o is object?[] a && a.Length == 4 + (int)(m.Seed % 20) && (ulong)a[3]! == m.Seed,
            Kind.Large => o is object?[] a && a.Length == 11_000 + (int)(m.Seed % 3000) && (ulong)a[3]! == m.Seed,
            Kind.Pinned => o is object?[] a && a.Length == 4 + (int)(m.Seed % 20) && (ulong)a[3]! == m.Seed,
            Kind.Struct => o is Entry e && e.Mark == (long)m.Seed,
            Kind.Matrix => o is object?[,] x && x.GetLength(0) == 2 + (int)(m.Seed % 3) && (ulong)x[1, 1]! == m.Seed,
            Kind.List => o is List<object?> { Count: 4 } l && (ulong)l[3]! == m.Seed,
            Kind.Text => o is string s && s.Length == (int)(m.Seed % 70) && s.AsSpan().IndexOfAnyExcept((char)('a' + m.Seed % 26)) < 0,
            Kind.Closure => o is Func<ulong> f && f() == m.Seed,
            Kind.Jagged => o is object?[][] { Length: 3 } j && j[0].Length == 1 + (int)(m.Seed % 5) && j[1].Length == 1 + (int)(m.Seed % 7),
            Kind.Structs => o is Entry[] e && e.Length == 1 + (int)(m.Seed % 4) && e[^1].Mark == (long)m.Seed,
            Kind.Dictionary => o is Dictionary<ulong, object?> d && (string?)d[m.Seed] == "s",
            _ => o is Inline i && i.Seed == m.Seed,
        };

        // Walks graph and model together from all roots; ids that are not met are free again.
        private void Check()
        {
            var met = new object?[_models.Count];
            var todo = new Stack<(object?, int)>();
            for (int i = 0; i < Roots; i++) todo.Push((_roots[i], _rootIds[i]));
            int count = 0;
            while (todo.TryPop(out (object? O, int Id) at) && !_failed)
            {
                if (at.Id < 0) { Wrong(at.O == null, "an object where none should be", at.O); continue; }
                Model m = _models[at.Id];
                Wrong(at.O != null, "nothing where an object should be", m.Kind);
                if (_failed) break;
                if (met[at.Id] is { } other) { Wrong(ReferenceEquals(other, at.O), "two objects for one", m.Kind); continue; }
                met[at.Id] = at.O;
                count++;
                Wrong(m.Used && Right(at.O!, m), "contents of an object", $"{m.Kind} as {at.O!.GetType()}");
                for (int k = 0; k < 3 && !_failed; k++) todo.Push((m.Kind == Kind.Text ? null : GetKid(at.O!, m.Kind, k), m.Kind == Kind.Text ? -1 : m.Kids[k]));
            }
            for (int id = 0; id < met.Length; id++)
                if (met[id] == null && _models[id].Used) { _models[id].Used = false; _free.Push(id); }
            _live = count;
            if (count > Most) for (int i = 0; i < Roots; i += 2) Attach(i, null, -1);
        }

        private void Wrong(bool ok, string what, object? seen)
        {
            if (!ok) { _failed = true; Lab.Expect(what, false, seen); }
        }

        // Objects that say themselves whether they are right travel between the threads.
        private void Exchange(int i)
        {
            object o = (i & 64) == 0 ? new Probe(i) : new string((char)('a' + i % 26), i % 40 + 1);
            switch (Interlocked.Exchange(ref s_shared[_random.Next(s_shared.Length)], o))
            {
                case Probe p: Wrong(p.Intact, "an object from another thread", p.Id); break;
                case string s: Wrong(s.AsSpan().IndexOfAnyExcept(s[0]) < 0, "a string from another thread", s); break;
            }
        }
    }
}
