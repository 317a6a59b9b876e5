// Loads of the heap itself: objects and arrays of all shapes, copies, pins.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using static Soak;

/// Binary trees: short-lived ones, and a ring of long-lived ones of which parts are replaced.
sealed class Trees
{
    sealed class Node
    {
        public Node Left, Right;
        public long Key;
        public static Node Make(int depth, long key) =>
            depth == 0 ? new Node { Key = key } : new Node { Key = key, Left = Make(depth - 1, key * 3 + 1), Right = Make(depth - 1, key * 5 + 2) };
        public int Verify(long key)
        {
            Check(Key == key, "trees: a node's key");
            return 1 + (Left == null ? 0 : Left.Verify(key * 3 + 1) + Right.Verify(key * 5 + 2));
        }
    }

    readonly Node[] ring = new Node[64];

    public void Step(Random r)
    {
        int depth = r.Next(14);
        Check(Node.Make(depth, 7).Verify(7) == (2 << depth) - 1, "trees: count");
        int at = r.Next(ring.Length);
        if (ring[at] != null) ring[at].Verify(at);
        ring[at] = Node.Make(r.Next(13), at);
        Node n = ring[r.Next(ring.Length)];
        while (n?.Left != null && r.Next(4) != 0)                      // an old parent takes a young child
        {
            if (r.Next(3) == 0) n.Left = Node.Make(Depth(n) - 1, n.Key * 3 + 1);
            n = n.Right;
        }
    }

    static int Depth(Node n)
    {
        int d = 0;
        for (; n.Left != null; n = n.Left) d++;
        return d;
    }
}

/// Small nodes wired at random, replaced at random.
sealed class Graph
{
    sealed class Node { public Node A, B; public object Tag; public int Key, Stamp; }

    readonly Node[] all = new Node[60000];

    static Node Make(int key) => new() { Key = key, Stamp = key * 31 + 5, Tag = (key & 15) == 0 ? key : null };

    static void Verify(Node n)
    {
        if (n == null) return;
        Check(n.Stamp == n.Key * 31 + 5, "graph: stamp");
        if (n.Tag != null) Check((int)n.Tag == n.Key, "graph: boxed tag");
    }

    public void Step(Random r)
    {
        for (int i = 0; i < 2000; i++)
        {
            int at = r.Next(all.Length);
            Node gone = all[at], made = Make(r.Next());
            Verify(gone);
            made.A = all[r.Next(all.Length)];
            all[at] = made;
            if (gone != null) gone.A = gone.B = null;
            Node other = all[r.Next(all.Length)];
            if (other != null) { Verify(other.A); Verify(other.B); other.B = made; }
        }
    }
}

/// Arrays of every element kind and size.
sealed class Arrays
{
    struct Pair { public string Name; public int Value; public object Twin; }

    readonly Array[] kept = new Array[3000];
    readonly int[] seeds = new int[3000];

    static Array Make(int seed)
    {
        int n = (seed & 63) == 0 ? seed % 9000 : seed % 60;
        switch ((seed >> 8) % 8)
        {
        case 0: { var a = new byte[n]; for (int i = 0; i < n; i++) a[i] = (byte)(seed + i); return a; }
        case 1: { var a = new int[n]; for (int i = 0; i < n; i++) a[i] = seed + i; return a; }
        case 2: { var a = new double[n]; for (int i = 0; i < n; i++) a[i] = seed + i; return a; }
        case 3: { var a = new string[n]; for (int i = 0; i < n; i++) a[i] = (i & 7) == 0 ? (seed + i).ToString() : ""; return a; }
        case 4: { var a = new object[n]; for (int i = 0; i < n; i++) a[i] = (i & 3) == 0 ? seed + i : a; return a; }
        case 5: { var a = new Pair[n]; for (int i = 0; i < n; i++) a[i] = new Pair { Name = "n", Value = seed + i, Twin = (i & 3) == 0 ? new int[] { seed } : a }; return a; }
        case 6: { var a = new int[n % 30, 5]; for (int i = 0; i < a.Length; i++) a[i / 5, i % 5] = seed + i; return a; }
        default: { var a = new int[n % 40][]; for (int i = 0; i < a.Length; i++) a[i] = new[] { seed, i }; return a; }
        }
    }

    static void Verify(Array array, int seed)
    {
        switch (array)
        {
        case byte[] a: for (int i = 0; i < a.Length; i++) Check(a[i] == (byte)(seed + i), "arrays: byte"); break;
        case int[] a: for (int i = 0; i < a.Length; i++) Check(a[i] == seed + i, "arrays: int"); break;
        case double[] a: for (int i = 0; i < a.Length; i++) Check(a[i] == seed + i, "arrays: double"); break;
        case string[] a: for (int i = 0; i < a.Length; i++) Check(a[i] == ((i & 7) == 0 ? (seed + i).ToString() : ""), "arrays: string"); break;
        case int[,] a: for (int i = 0; i < a.Length; i++) Check(a[i / 5, i % 5] == seed + i, "arrays: two dimensions"); break;
        case int[][] a: for (int i = 0; i < a.Length; i++) Check(a[i][0] == seed && a[i][1] == i, "arrays: jagged"); break;
        case Pair[] a:
            for (int i = 0; i < a.Length; i++)
                Check(a[i].Value == seed + i && a[i].Name == "n" && ((i & 3) == 0 ? ((int[])a[i].Twin)[0] == seed : a[i].Twin == a), "arrays: struct");
            break;
        case object[] a: for (int i = 0; i < a.Length; i++) Check((i & 3) == 0 ? (int)a[i] == seed + i : a[i] == a, "arrays: object"); break;
        }
    }

    public void Step(Random r)
    {
        for (int i = 0; i < 100; i++)
        {
            int at = r.Next(kept.Length);
            if (kept[at] != null) Verify(kept[at], seeds[at]);
            seeds[at] = r.Next();
            kept[at] = Make(seeds[at]);
        }
    }
}

/// The large-object space: bytes, and references to young objects.
sealed class Large
{
    sealed class Cell { public int Value; }

    readonly byte[][] bytes = new byte[100][];
    readonly Cell[][] cells = new Cell[20][];

    public void Step(Random r)
    {
        int at = r.Next(bytes.Length), n = r.Next(20) == 0 ? r.Next(4 << 20) + 90000 : r.Next(110000) + 90000;
        byte[] old = bytes[at], made = new byte[n];
        if (old != null) for (int i = 0; i < old.Length; i += 1000) Check(old[i] == (byte)(old.Length + i), "large: byte");
        for (int i = 0; i < n; i += 1000) made[i] = (byte)(n + i);
        bytes[at] = made;
        at = r.Next(cells.Length);
        if (cells[at] == null || r.Next(30) == 0) cells[at] = new Cell[12000 + r.Next(20000)];
        Cell[] row = cells[at];
        for (int i = 0; i < 500; i++)
        {
            int k = r.Next(row.Length);
            if (row[k] != null) Check(row[k].Value == (row.Length ^ k), "large: cell");
            row[k] = new Cell { Value = row.Length ^ k };
        }
    }
}

/// Bulk copies, struct copies, exchanges and volatile stores of references between old and young.
sealed class Copies
{
    sealed class Box { public int Key, Twice; public Box(int key) { Key = key; Twice = key * 2; } }
    struct Three { public Box A; public long Between; public Box B; public Box C; }
    sealed class Holder { public Three T; public Box Single; public volatile Box Last; }

    readonly Box[] from = new Box[4000], to = new Box[4000];
    readonly Three[] threes = new Three[500];
    readonly Holder[] holders = new Holder[500];

    static void Verify(Box b) { if (b != null) Check(b.Twice == b.Key * 2, "copies: box"); }

    public void Step(Random r)
    {
        for (int i = 0; i < 200; i++) from[r.Next(from.Length)] = new Box(r.Next());
        int n = r.Next(from.Length / 2), a = r.Next(from.Length - n), b = r.Next(to.Length - n);
        Array.Copy(from, a, to, b, n);
        for (int i = 0; i < n; i += 7) { Check(from[a + i] == to[b + i], "copies: Array.Copy"); Verify(to[b + i]); }
        Array.Copy(to, 0, to, r.Next(to.Length / 2), to.Length / 2);
        from.AsSpan(a, n).CopyTo(to);
        if (r.Next(20) == 0) Array.Clear(to, b, n);
        for (int i = 0; i < 200; i++)
        {
            int k = r.Next(threes.Length), h = r.Next(holders.Length);
            var key = new Box(k);
            threes[k] = new Three { A = key, Between = k, B = key, C = new Box(k + 1) };
            Holder holder = holders[h] ??= new Holder();
            holder.T = threes[k];
            Three copy = holder.T;
            Check(copy.A == copy.B && copy.A.Key == copy.Between && copy.C.Key == copy.Between + 1, "copies: struct");
            Box old = holder.Single;
            Box seen = Interlocked.CompareExchange(ref holder.Single, new Box(i), old);
            Check(seen == old, "copies: CompareExchange");
            Verify(Interlocked.Exchange(ref holder.Single, new Box(-i)));
            holder.Last = holder.Single;
            Verify(holders[r.Next(holders.Length)]?.Last);
            int t = r.Next(threes.Length);
            Three three = threes[t];
            if (three.A != null) Check(three.A.Key == t && three.C.Key == t + 1 && three.Between == t, "copies: old struct");
        }
    }
}

/// Pinned handles, fixed, the pinned-object space; the address must hold while everything around moves.
sealed unsafe class Pins
{
    struct Pin { public GCHandle Handle; public IntPtr Address; public int Length; }

    readonly Pin[] pins = new Pin[400];
    readonly byte[][] pinnedSpace = new byte[200][];
    readonly IntPtr[] pinnedAt = new IntPtr[200];

    public void Step(Random r)
    {
        for (int i = 0; i < 50; i++)
        {
            int at = r.Next(pins.Length);
            Pin p = pins[at];
            if (p.Length != 0)
            {
                byte* b = (byte*)p.Address;
                for (int k = 0; k < p.Length; k++) Check(b[k] == (byte)(p.Length * 7 + k), "pins: content at the address");
                var target = (byte[])p.Handle.Target;
                Check(target.Length == p.Length && p.Handle.AddrOfPinnedObject() == p.Address, "pins: address");
                p.Handle.Free();
            }
            int n = r.Next(300) + 1;
            var a = new byte[n];
            for (int k = 0; k < n; k++) a[k] = (byte)(n * 7 + k);
            var handle = GCHandle.Alloc(a, GCHandleType.Pinned);
            pins[at] = new Pin { Handle = handle, Address = handle.AddrOfPinnedObject(), Length = n };
        }
        int s = r.Next(pinnedSpace.Length);
        if (pinnedSpace[s] != null)
        {
            fixed (byte* b = pinnedSpace[s]) Check((IntPtr)b == pinnedAt[s] && b[0] == (byte)s, "pins: pinned space");
        }
        pinnedSpace[s] = GC.AllocateArray<byte>(r.Next(30) == 0 ? 100000 : r.Next(2000) + 1, pinned: true);
        pinnedSpace[s][0] = (byte)s;
        pinnedAt[s] = (IntPtr)Unsafe.AsPointer(ref pinnedSpace[s][0]);
        var young = new int[100];
        fixed (int* f = young)
        {
            for (int i = 0; i < 100; i++) f[i] = i;
            var garbage = new List<string>();
            for (int i = 0; i < 200; i++) garbage.Add(i.ToString());
            for (int i = 0; i < 100; i++) Check(f[i] == i, "pins: fixed");
            Check(garbage[150] == "150", "pins: list");
        }
        for (int i = 0; i < 100; i++) Check(young[i] == i, "pins: after fixed");
    }
}
