// Loads of lifetimes: finalisation, weak references, exceptions, tasks, timers, monitors, threads, text, code, collections, contexts.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.ConstrainedExecution;
using System.Runtime.Loader;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using static Soak;

/// Finalisers that run once, that resurrect and register again, and critical ones.
sealed class Finals
{
    sealed class Back
    {
        public int Key, Lives;
        public int[] Data;
        ~Back()
        {
            Check(Data[3] == Key, "finals: data of a resurrected object");
            if (Lives-- > 0) back.Enqueue(this);
            else Interlocked.Increment(ref gone);
        }
    }
    sealed class Once { public int Key = 5; ~Once() { Check(Key == 5, "finals: once"); Interlocked.Increment(ref once); } }
    sealed class Critical : CriticalFinalizerObject { public Once Partner; ~Critical() { Check(Partner == null || Partner.Key == 5, "finals: critical"); } }

    static readonly ConcurrentQueue<Back> back = new();
    static int gone, once;
    int made;

    public void Step(Random r)
    {
        for (int i = 0; i < 50; i++, made++)
        {
            new Back { Key = made, Lives = r.Next(3), Data = new[] { 0, 1, 2, made } };
            var o = new Once();
            if (r.Next(4) == 0) new Critical { Partner = o };
            if (r.Next(8) == 0) GC.SuppressFinalize(o);
        }
        while (back.TryDequeue(out Back b))
        {
            Check(b.Data[3] == b.Key, "finals: data outside");
            GC.ReRegisterForFinalize(b);
        }
        if (made - Volatile.Read(ref gone) > 200000) GC.WaitForPendingFinalizers();
        Thread.Yield();
    }
}

/// Weak references of both kinds, ConditionalWeakTable, DependentHandle.
sealed class Weak
{
    sealed class Key { public int Id; }
    sealed class Value { public int Id; public Key Back; }

    readonly WeakReference<Key>[] weak = new WeakReference<Key>[5000];
    readonly WeakReference[] tracked = new WeakReference[500];
    readonly Key[] strong = new Key[500];
    readonly ConditionalWeakTable<Key, Value> table = new();
    readonly DependentHandle[] dependent = new DependentHandle[500];
    int next;

    public void Step(Random r)
    {
        for (int i = 0; i < 100; i++)
        {
            var k = new Key { Id = ++next };
            table.Add(k, new Value { Id = next, Back = k });
            int at = r.Next(weak.Length);
            if (weak[at] != null && weak[at].TryGetTarget(out Key old))
            {
                Check(table.TryGetValue(old, out Value v), "weak: a live key has lost its value");
                Check(v.Id == old.Id && v.Back == old, "weak: value");
            }
            weak[at] = new WeakReference<Key>(k);
            int keep = r.Next(strong.Length);
            if (strong[keep] != null)
            {
                Check(table.TryGetValue(strong[keep], out Value v) && v.Id == strong[keep].Id, "weak: strong key");
                var (target, dep) = dependent[keep].TargetAndDependent;
                Check(target == strong[keep] && ((Value)dep).Id == strong[keep].Id, "weak: dependent handle");
                Check(((Key)tracked[keep].Target)?.Id == strong[keep].Id, "weak: tracked");
                dependent[keep].Dispose();
            }
            strong[keep] = k;
            dependent[keep] = new DependentHandle(k, new Value { Id = k.Id, Back = k });
            tracked[keep] = new WeakReference(k, true);
        }
        if (r.Next(200) == 0)
        {
            int n = 0;
            foreach (KeyValuePair<Key, Value> p in table) { Check(p.Key.Id == p.Value.Id, "weak: pair"); n++; }
            Check(n >= 1, "weak: the table is empty");
        }
    }
}

/// Exceptions through filters and finally blocks, with objects that only frames hold.
sealed class Throws
{
    sealed class Odd : Exception { public readonly int[] Pair; public Odd(int n) : base("odd " + n) { Pair = new[] { n, n + 1 }; } }

    static int depth;

    [MethodImpl(MethodImplOptions.NoInlining)]
    static int Down(int n, int key)
    {
        var local = new[] { key, n };
        try
        {
            if (n == 0) throw new Odd(key);
            return Down(n - 1, key) + 1;
        }
        finally
        {
            Check(local[0] == key && local[1] == n, "throws: local in finally");
            if ((n & 3) == 0) local = new int[50];
            depth++;
        }
    }

    public void Step(Random r)
    {
        for (int i = 0; i < 20; i++)
        {
            int key = r.Next();
            string text = "k" + key;
            try { Down(r.Next(20), key); Check(false, "throws: came back"); }
            catch (Odd e) when (e.Pair[0] == key && text.Length > 1)
            {
                Check(e.Pair[1] == key + 1 && text == "k" + key && e.StackTrace.Contains("Down"), "throws: caught");
            }
            try { ((object)text).GetHashCode(); object o = text; Check((int)o == 0, ""); }
            catch (InvalidCastException) { }
            try { int[] none = null; Check(none[i] == 0, ""); }
            catch (NullReferenceException e) { Check(e.Message.Length > 5, "throws: null"); }
            try { try { throw new Odd(1); } catch (Odd e) { throw new InvalidOperationException("outer", e); } }
            catch (InvalidOperationException e) { Check(((Odd)e.InnerException).Pair[1] == 2, "throws: inner"); }
        }
    }
}

/// Tasks, async methods, parallel loops.
sealed class Tasks
{
    static async Task<int> Deep(int n, int key)
    {
        var data = new[] { key };
        if (n == 0) { await Task.Yield(); return key; }
        int below = await Deep(n - 1, key);
        Check(data[0] == key && below == key, "tasks: async local");
        return below;
    }

    public void Step(Random r)
    {
        var list = new List<Task<int>>();
        for (int i = 0; i < 20; i++)
        {
            int key = r.Next();
            list.Add(Task.Run(() => Deep(key & 15, key)));
            list.Add(Task.Factory.StartNew(o => ((int[])o)[0], new[] { key }));
            Check(list[^2].Id != list[^1].Id, "tasks: id");
        }
        Task.WaitAll(list.ToArray());
        for (int i = 0; i < list.Count; i += 2) Check(list[i].Result == list[i + 1].Result, "tasks: result");
        var sums = new ConcurrentBag<long>();
        Parallel.For(0, 50, i => sums.Add(Enumerable.Range(0, i).Select(x => (long)x).Sum()));
        Check(sums.Sum() == 19600, "tasks: parallel");
        try { Task.Run(() => throw new InvalidOperationException("t")).Wait(); Check(false, "tasks: no exception"); }
        catch (AggregateException e) { Check(e.InnerException.Message == "t", "tasks: exception"); }
    }
}

/// Timers that fire while their targets are only held by them; cancellation by time.
sealed class Timers
{
    sealed class Tick { public int Count, Key; public Timer Timer; }
    readonly Queue<Tick> queue = new();

    public void Step(Random r)
    {
        for (int i = 0; i < 10; i++)
        {
            var t = new Tick { Key = i };
            t.Timer = new Timer(o => Interlocked.Increment(ref ((Tick)o).Count), t, r.Next(5), r.Next(2) == 0 ? 3 : -1);
            queue.Enqueue(t);
        }
        using var source = new CancellationTokenSource(r.Next(1, 5));
        try { Task.Delay(200000, source.Token).Wait(); Check(false, "timers: not cancelled"); }
        catch (AggregateException e) { Check(e.InnerException is TaskCanceledException, "timers: cancelled"); }
        while (queue.Count > 100)
        {
            Tick t = queue.Dequeue();
            Check(t.Key < 10, "timers: key");
            t.Timer.Dispose();
        }
    }
}

/// Monitors with waiting threads, thin and inflated locks, hash codes that outlive a move.
sealed class Monitors
{
    sealed class Thing { public int Hash, Owner; }

    readonly Thing[] things = new Thing[2000];
    readonly Queue<int[]> queue = new();
    Thread other;
    long put, got;

    void Consume()
    {
        while (!Stop)
            lock (queue)
            {
                while (queue.Count == 0 && !Stop) Monitor.Wait(queue, 100);
                while (queue.TryDequeue(out int[] a)) { Check(a[0] == a[1], "monitors: item"); got++; }
                Monitor.PulseAll(queue);
            }
    }

    public void Step(Random r)
    {
        if (other == null) (other = new Thread(Consume) { IsBackground = true }).Start();
        for (int i = 0; i < 100; i++)
        {
            int at = r.Next(things.Length);
            Thing t = things[at];
            if (t != null)
            {
                Check(RuntimeHelpers.GetHashCode(t) == t.Hash, "monitors: hash code");
                lock (t) Check(t.Owner == at, "monitors: owner");
                if (r.Next(3) == 0) continue;
            }
            t = new Thing { Owner = at };
            if (r.Next(2) == 0) lock (t) t.Hash = RuntimeHelpers.GetHashCode(t);       // lock and hash at once
            else t.Hash = RuntimeHelpers.GetHashCode(t);
            things[at] = t;
        }
        lock (queue)
        {
            while (queue.Count > 500 && !Stop) Monitor.Wait(queue, 100);
            for (int i = 0; i < 100; i++) { int k = r.Next(); queue.Enqueue(new[] { k, k }); put++; }
            Monitor.PulseAll(queue);
            Check(put - got == queue.Count, "monitors: count");
        }
    }
}

/// Threads that come and go, with statics of their own.
sealed class Threads
{
    [ThreadStatic] static int[] mine;
    [ThreadStatic] static string text;
    static readonly ThreadLocal<List<int>> local = new(() => new List<int>());
    static readonly AsyncLocal<string> flow = new();

    public void Step(Random r)
    {
        int ended = 0;
        var list = new List<Thread>();
        for (int i = 0; i < 4; i++)
        {
            int key = r.Next();
            flow.Value = key.ToString();
            var t = new Thread(() =>
            {
                Check(mine == null && text == null, "threads: statics of a new thread");
                mine = new[] { key };
                text = key.ToString();
                local.Value.Add(key);
                for (int k = 0; k < 300; k++) local.Value.Add(new string('x', k & 31).Length);
                Check(mine[0] == key && text == key.ToString() && local.Value[0] == key && local.Value.Count == 301, "threads: statics");
                Check(flow.Value == text, "threads: async local");
                Interlocked.Increment(ref ended);
            });
            t.Start();
            list.Add(t);
        }
        foreach (Thread t in list) t.Join();
        Check(ended == 4, "threads: ended");
    }
}

/// Strings, boxes, dictionaries, queries.
sealed class Text
{
    readonly Dictionary<string, object> map = new();
    readonly Queue<string> order = new();

    public void Step(Random r)
    {
        for (int i = 0; i < 200; i++)
        {
            int n = r.Next(1 << 20);
            string key = "key" + n;
            if (map.TryGetValue(key, out object old)) Check(old is string s ? s == "value " + n : (int)old == n, "text: value");
            else order.Enqueue(key);
            map[key] = (n & 1) == 0 ? n : "value " + n;
            if (order.Count > 20000) Check(map.Remove(order.Dequeue()), "text: lost key");
        }
        var b = new StringBuilder();
        for (int i = 0; i < 300; i++) b.Append(i).Append(',');
        Check(b.ToString().Split(',').Where(x => x.Length > 0).Select(int.Parse).Sum() == 44850, "text: split");
        Check(string.Concat(Enumerable.Repeat("ab", r.Next(100))).Replace("ab", "c").All(c => c == 'c'), "text: replace");
        Check(string.Join(",", map.Keys.Take(50).OrderBy(x => x, StringComparer.Ordinal).Select(x => x.Length)).Length > 0, "text: order");
    }
}

/// Methods made at run time, closures, generic instantiations by reflection.
sealed class Code
{
    static readonly Type[] arguments = { typeof(int), typeof(string), typeof(object), typeof(double), typeof(DateTime), typeof(List<int>) };

    public static T[] Two<T>(T a) => new[] { a, a };

    public void Step(Random r)
    {
        int add = r.Next(1000);
        var m = new DynamicMethod("add", typeof(string), new[] { typeof(int) });
        ILGenerator il = m.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, add);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Box, typeof(int));
        il.Emit(OpCodes.Callvirt, typeof(object).GetMethod("ToString"));
        il.Emit(OpCodes.Ret);
        var f = (Func<int, string>)m.CreateDelegate(typeof(Func<int, string>));
        Check(f(5) == (add + 5).ToString(), "code: dynamic method");
        Action all = null;
        var hits = new List<int>();
        for (int i = 0; i < 20; i++) { int k = i; all += () => hits.Add(k); }
        all();
        Check(hits.Sum() == 190, "code: delegates");
        Type t = arguments[r.Next(arguments.Length)];
        object v = t == typeof(string) ? "s" : Activator.CreateInstance(t);
        var a = (Array)typeof(Code).GetMethod("Two").MakeGenericMethod(t).Invoke(null, new[] { v });
        Check(a.Length == 2 && Equals(a.GetValue(1), v), "code: generic method");
    }
}

/// Collections of every kind, as a program may ask for them.
sealed class Collects
{
    public void Step(Random r)
    {
        switch (r.Next(12))
        {
        case 0: GC.Collect(); break;
        case 1: GC.Collect(2, GCCollectionMode.Optimized, false); break;
        case 2: GC.Collect(2, GCCollectionMode.Forced, true, true); break;
        case 3:
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect();
            break;
        case 4: GC.Collect(1); break;
        case 5: GC.AddMemoryPressure(1 << 20); GC.RemoveMemoryPressure(1 << 20); break;
        case 6:
            GCLatencyMode before = GCSettings.LatencyMode;
            GCSettings.LatencyMode = r.Next(2) == 0 ? GCLatencyMode.SustainedLowLatency : GCLatencyMode.LowLatency;
            Thread.Sleep(20);
            GCSettings.LatencyMode = before;
            break;
        case 7:
            GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.Any);
            Check(info.HeapSizeBytes >= 0 && info.FragmentedBytes <= info.HeapSizeBytes && info.PauseDurations.Length > 0, "collects: figures");
            break;
        default: GC.Collect(0); break;
        }
        Thread.Sleep(r.Next(200));
    }
}

/// Collectible contexts that load this program again and run a method of it.
sealed class Unload
{
    readonly Queue<WeakReference> contexts = new();
    static byte[] image;

    public static int Inside(int n) => Enumerable.Range(0, n).Select(i => new[] { i }).Sum(a => a[0]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    static WeakReference Once(int n)
    {
        var context = new AssemblyLoadContext("soak", isCollectible: true);
        Assembly a = context.LoadFromStream(new MemoryStream(image ??= File.ReadAllBytes(typeof(Unload).Assembly.Location)));
        object sum = a.GetType("Unload").GetMethod("Inside").Invoke(null, new object[] { n });
        Check((int)sum == n * (n - 1) / 2, "unload: sum");
        context.Unload();
        return new WeakReference(context);
    }

    public void Step(Random r)
    {
        contexts.Enqueue(Once(r.Next(1000)));
        if (contexts.Count < 50) return;
        for (int i = 0; i < 10 && contexts.Peek().IsAlive; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
        Check(!contexts.Dequeue().IsAlive, "unload: a context is still there");
    }
}
