// stress: loose
// also: common/Stack.cs
// ConditionalWeakTable: entries live as long as their keys; values that refer to keys; finalisers; many entries; a table that dies.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using static Stack;

class Key
{
    public int Id;
}

class Value
{
    public static int Finalised;
    public object Ref;
    public int Id;
    ~Value() => Interlocked.Increment(ref Finalised);
}

class FinalKey
{
    public static string Seen;
    public static FinalKey Back;
    public ConditionalWeakTable<object, string> Table;
    ~FinalKey()
    {
        Seen = Table.TryGetValue(this, out var s) ? s : "nothing";
        Back = this;
    }
}

static class Program
{
    static object kept;

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Do(Action a)
    {
        a();
        ClearStack();
    }

    static void Basics()
    {
        var table = new ConditionalWeakTable<Key, Value>();
        var a = new Key { Id = 1 };
        Do(() =>
        {
            table.Add(a, new Value { Id = 1, Ref = a });
            var b = new Key { Id = 2 };
            table.Add(b, new Value { Id = 2, Ref = b });
            Console.WriteLine(table.Count());
            try { table.Add(a, new Value()); }
            catch (ArgumentException e) { Console.WriteLine(e.GetType().Name); }
        });
        Collect();
        Collect();
        Console.WriteLine($"{table.Count()} {table.TryGetValue(a, out var v)} {v.Id} {v.Ref == a}");
        v = null;
        Do(() => table.AddOrUpdate(a, new Value { Id = 3 }));
        Collect(0);
        Console.WriteLine(table.GetValue(a, k => new Value { Id = 4 }).Id);
        Console.WriteLine(table.TryAdd(a, new Value()));
        Console.WriteLine($"{table.Remove(a)} {table.Remove(a)} {table.TryGetValue(a, out _)}");
        Console.WriteLine(table.GetOrCreateValue(a).Id);
        Console.WriteLine(table.GetOrAdd(a, new Value { Id = 6 }).Id);
        table.Clear();
        Console.WriteLine(table.Count());
        GC.KeepAlive(a);
    }

    static void Many()
    {
        var table = new ConditionalWeakTable<Key, Value>();
        var keys = new Key[100000];
        Value.Finalised = 0;
        Do(() =>
        {
            for (int i = 0; i < keys.Length; i++)
            {
                keys[i] = new Key { Id = i };
                table.Add(keys[i], new Value { Id = i, Ref = keys[i] });
            }
        });
        GC.Collect(0);
        GC.Collect(1);
        Console.WriteLine($"all there {Enumerable.Range(0, keys.Length).All(i => table.TryGetValue(keys[i], out var v) && v.Id == i && v.Ref == keys[i])}");
        Do(() => { for (int i = 0; i < keys.Length; i++) if (i % 4 != 0) keys[i] = null; });
        Collect();
        Console.WriteLine($"left {table.Count()}, finalised {Value.Finalised}");
        Console.WriteLine($"right {keys.Where(k => k != null).All(k => table.TryGetValue(k, out var v) && v.Id == k.Id)}");
        /* New entries take the places of dead ones. */
        Do(() => { for (int i = 0; i < keys.Length; i++) if (keys[i] == null) table.Add(keys[i] = new Key { Id = i }, new Value { Id = -i }); });
        Collect(1);
        Console.WriteLine($"{table.Count()} {keys.All(k => table.TryGetValue(k, out var v) && Math.Abs(v.Id) == k.Id)}");
        Array.Clear(keys);
        table = null;
        Collect();
        Collect();
        Collect();
        Console.WriteLine($"finalised {Value.Finalised}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static int Length(ConditionalWeakTable<object, object> table)
    {
        int n = 0;
        for (object k = kept; table.TryGetValue(k, out var next); n++)
            k = next is object[] a ? a[0] : next;
        return n;
    }

    /* The value of each key is the next key. */
    static void Chain()
    {
        var table = new ConditionalWeakTable<object, object>();
        Do(() =>
        {
            object k = kept = new();
            for (int i = 0; i < 500; i++)
            {
                object next = new();
                table.Add(k, i % 3 == 0 ? new object[] { next } : next);
                k = next;
            }
        });
        Collect(0);
        Collect();
        Console.WriteLine($"chain {Length(table)}");
        kept = null;
        Collect();
        Collect();
        Console.WriteLine($"chain {table.Count()}");
    }

    /* A key that its finaliser brings back finds its value still there. */
    static void Finalisers()
    {
        var table = new ConditionalWeakTable<object, string>();
        Do(() => { var k = new FinalKey { Table = table }; table.Add(k, new string('v', 3)); });
        Collect();
        Console.WriteLine($"{FinalKey.Seen}; back {FinalKey.Back != null}; {(table.TryGetValue(FinalKey.Back, out var s) ? s : "none")}");
        FinalKey.Back = null;
        Collect();
        Console.WriteLine(table.Count());
    }

    /* Values of one table are keys of another. */
    static void TwoTables()
    {
        var one = new ConditionalWeakTable<object, object>();
        var two = new ConditionalWeakTable<object, object>();
        Do(() =>
        {
            object k = kept = new();
            for (int i = 0; i < 200; i++)
            {
                object m = new(), n = new();
                one.Add(k, m);
                two.Add(m, n);
                k = n;
            }
        });
        Collect();
        Console.WriteLine($"{one.Count()} {two.Count()}");
        kept = null;
        Collect();
        Console.WriteLine($"{one.Count()} {two.Count()}");
    }

    static void Threads()
    {
        var table = new ConditionalWeakTable<Key, Value>();
        int wrong = 0;
        Parallel.For(0, 8, w =>
        {
            var mine = new Key[500];
            for (int i = 0; i < 20000; i++)
            {
                int k = i * 7 % mine.Length;
                if (mine[k] != null && (!table.TryGetValue(mine[k], out var v) || v.Id != mine[k].Id))
                    Interlocked.Increment(ref wrong);
                mine[k] = new Key { Id = w << 20 | i };
                table.Add(mine[k], new Value { Id = w << 20 | i });
                if (i % 5000 == 0)
                    GC.Collect(i / 5000 % 2);
            }
        });
        Console.WriteLine($"wrong {wrong}");
        Collect();
        Collect();
        Console.WriteLine($"left {table.Count() < 8 * 500 + 100}");
    }

    static void Main()
    {
        Basics();
        Many();
        Chain();
        Finalisers();
        TwoTables();
        Threads();
    }
}
