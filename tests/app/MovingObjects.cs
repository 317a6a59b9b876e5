// also: common/GcLab.cs
// Objects move when the heap is compacted and nothing notices: identity, hash codes, locks, dictionaries by reference, weak references, frames.
// What is pinned (fixed, handle, pinned heap, large, frozen) stays where it is while the rest around it moves.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static unsafe class Program
{
    private const int Count = 1000;

    // Objects with garbage between them, as numbers and as references.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Probe[] Scatter(int count)
    {
        var all = new Probe[count];
        for (int i = 0; i < count; i++)
        {
            all[i] = new Probe(i);
            Lab.Noise(3);
        }
        return all;
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static nint[] Where(object[] all) => Array.ConvertAll(all, Lab.Address);
    private static int Moved(nint[] before, object[] all) { int n = 0; for (int i = 0; i < all.Length; i++) if (Lab.Address(all[i]) != before[i]) n++; return n; }

    private static void Unpinned()
    {
        Probe[] all = Scatter(Count);
        nint[] before = Where(all);
        Lab.Collect();
        Lab.Expect("of 1000 objects moved", Moved(before, all), Count / 2, Count);
        for (int i = 0; i < Count; i++) Lab.Expect("object after the move", all[i].Is(i));
        Lab.Age(all[0]);
        // Old objects too, once there are gaps between them.
        for (int i = 0; i < Count; i++) if (i % 5 != 0) all[i] = null!;
        Probe[] rest = all.Where(p => p != null).ToArray();
        Lab.Collect();
        for (int i = 0; i < rest.Length; i++) Lab.Expect("old object", rest[i].Is(5 * i));
    }

    private static void Pinned()
    {
        var handles = new GCHandle[100];
        var addresses = new nint[100];
        var between = new Probe[100];
        for (int i = 0; i < 100; i++)
        {
            var a = new int[5];
            a[3] = i;
            handles[i] = GCHandle.Alloc(a, GCHandleType.Pinned);
            addresses[i] = handles[i].AddrOfPinnedObject();
            Lab.Noise(20);
            between[i] = new Probe(i);
            Lab.Noise(20);
        }
        nint[] before = Where(between);
        for (int round = 0; round < 4; round++)
        {
            Lab.Collect(round == 1 ? 0 : 2);
            Lab.Noise(2000);
            for (int i = 0; i < 100; i++)
                Lab.Expect("pinned by handle", handles[i].AddrOfPinnedObject() == addresses[i] && ((int[])handles[i].Target!)[3] == i && ((int*)addresses[i])[3] == i);
        }
        Lab.Expect("of 100 objects between pinned ones moved", Moved(before, between), 40, 100);
        for (int i = 0; i < 100; i++) { Lab.Expect("between", between[i].Is(i)); handles[i].Free(); }
    }

    private static void Fixed()
    {
        byte[] a = new byte[100], b = new byte[100];
        string s = new('s', 20);
        fixed (byte* pa = a, pb = &b[50])
        fixed (char* ps = s)
        {
            nint at = (nint)pa, bt = (nint)pb, st = (nint)ps;
            for (int i = 0; i < 5; i++)
            {
                Lab.Noise(1000);
                Lab.Collect(i % 3);
                pa[i] = (byte)i;
                pb[i] = (byte)(i + 1);
                fixed (byte* qa = a) Lab.Expect("fixed array", (nint)qa == at && a[i] == i);
                fixed (byte* qb = &b[50]) Lab.Expect("fixed element", (nint)qb == bt && b[50 + i] == i + 1);
                fixed (char* qs = s) Lab.Expect("fixed string", (nint)qs == st && qs[3] == 's');
            }
        }
    }

    private static void PinnedHeap()
    {
        byte[] bytes = GC.AllocateArray<byte>(1000, pinned: true);
        long[] longs = GC.AllocateUninitializedArray<long>(300, pinned: true);
        var many = new byte[200][];
        for (int i = 0; i < many.Length; i++) { many[i] = GC.AllocateArray<byte>(64, pinned: true); many[i][5] = (byte)i; }
        nint pb = Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0), pl = Marshal.UnsafeAddrOfPinnedArrayElement(longs, 0);
        nint[] before = Where(many);
        Lab.Expect("pinned heap is in generation 2", GC.GetGeneration(bytes) == 2);
        for (int i = 0; i < 10; i++)
        {
            if (i == 5) for (int k = 0; k < many.Length; k += 2) many[k] = many[k + 1];
            if (i == 5) before = Where(many);
            Lab.Noise(500);
            Lab.Collect();
            ((byte*)pb)[i] = (byte)i;
            ((long*)pl)[i] = i;
            Lab.Expect("pinned heap", bytes[i] == i && longs[i] == i && Moved(before, many) == 0);
        }
        for (int k = 1; k < many.Length; k += 2) Lab.Expect("small pinned array", many[k][5] == k);
    }

    private static void Unmoved()
    {
        string literal = "a literal of this program";
        object type = typeof(Program);
        var large = new byte[100_000];
        nint l = Lab.Address(large), s = Lab.Address(literal), t = Lab.Address(type);
        for (int i = 0; i < 3; i++) { Lab.Noise(1000); Lab.Collect(0); Lab.Collect(); }
        Lab.Expect("large object stays by default", Lab.Address(large) == l);
        Lab.Expect("literal stays", Lab.Address(literal) == s);
        Lab.Expect("type object stays", Lab.Address(type) == t && ReferenceEquals(type, typeof(Program)));
    }

    private static void HashCodes()
    {
        Probe[] all = Scatter(Count);
        int[] hashes = Array.ConvertAll(all, RuntimeHelpers.GetHashCode);
        var byReference = new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        var weak = new WeakReference<Probe>[Count];
        var table = new ConditionalWeakTable<Probe, object>();
        for (int i = 0; i < Count; i++) { byReference[all[i]] = i; weak[i] = new(all[i]); if (i % 4 == 0) table.Add(all[i], "v" + i); }
        nint[] before = Where(all);
        for (int round = 0; round < 4; round++)
        {
            Lab.Noise(1000);
            Lab.Collect(round == 0 ? 0 : round == 1 ? 1 : 2);
            for (int i = 0; i < Count; i++)
            {
                Lab.Expect("hash code", RuntimeHelpers.GetHashCode(all[i]) == hashes[i]);
                Lab.Expect("dictionary by reference", byReference.TryGetValue(all[i], out int n) && n == i);
                Lab.Expect("weak reference follows", weak[i].TryGetTarget(out Probe? p) && ReferenceEquals(p, all[i]));
                if (i % 4 == 0) Lab.Expect("weak table", table.TryGetValue(all[i], out object? v) && (string)v == "v" + i);
            }
        }
        Lab.Expect("of 1000 hashed objects moved", Moved(before, all), Count / 2, Count);
        Lab.Expect("different hash codes", hashes.Distinct().Count() > Count * 99 / 100, hashes.Distinct().Count());
    }

    private static void Locks()
    {
        Probe[] all = Scatter(200);
        int[] hashes = new int[200];
        nint[] before = Where(all);
        int inside = 0, entered = 0;
        bool[] taken = new bool[200];
        for (int i = 0; i < 200; i++)
        {
            if (i % 3 == 0) hashes[i] = RuntimeHelpers.GetHashCode(all[i]);
            Monitor.Enter(all[i], ref taken[i]);
            if (i % 2 == 0) Monitor.Enter(all[i]);
            if (i % 3 == 1) hashes[i] = RuntimeHelpers.GetHashCode(all[i]); // lock and hash together need a sync block
        }
        var waiting = new Thread[4];
        for (int k = 0; k < 4; k++)
        {
            int n = k;
            waiting[k] = new Thread(() => { for (int i = n; i < 200; i += 40) { Interlocked.Increment(ref entered); lock (all[i]) inside++; } });
            waiting[k].Start();
        }
        while (Volatile.Read(ref entered) < 4) Thread.Yield();
        for (int round = 0; round < 4; round++) { Lab.Noise(1000); Lab.Collect(round == 0 ? 0 : 2); }
        Lab.Expect("nobody got in", inside == 0, inside);
        Lab.Expect("of 200 locked objects moved", Moved(before, all), 100, 200);
        for (int i = 0; i < 200; i++)
        {
            Lab.Expect("lock still held", Monitor.IsEntered(all[i]));
            if (i % 2 == 0) Monitor.Exit(all[i]);
            Monitor.Exit(all[i]);
            Lab.Expect("lock let go", i % 40 < 4 || !Monitor.IsEntered(all[i]));
            if (i % 3 == 0) Lab.Expect("hash of a locked object", hashes[i] == RuntimeHelpers.GetHashCode(all[i]));
            if (i % 3 == 1) Lab.Expect("hash taken under lock", hashes[i] == RuntimeHelpers.GetHashCode(all[i]));
        }
        foreach (Thread t in waiting) t.Join();
        Lab.Expect("all got in", inside == 20, inside);
    }

    // Pulse and Wait while the object moves.
    private static void Waiting()
    {
        object gate = Scatter(3)[1];
        nint at = Lab.Address(gate);
        int woken = 0;
        bool go = false;
        var t = new Thread(() => { lock (gate) { while (!go) Monitor.Wait(gate); woken++; } });
        t.Start();
        while ((t.ThreadState & ThreadState.WaitSleepJoin) == 0) Thread.Yield();
        for (int i = 0; i < 3; i++) { Lab.Noise(1000); Lab.Collect(); }
        lock (gate) { go = true; Monitor.PulseAll(gate); }
        t.Join();
        Lab.Expect("woken after the move", woken == 1);
        _ = at;
    }

    private static int Sum(ReadOnlySpan<int> s, ref int last, Span<object> names)
    {
        int sum = 0;
        for (int i = 0; i < s.Length; i++)
        {
            if (i % 100 == 50) { Lab.Noise(200); Lab.Collect(i % 3); }
            sum += s[i];
            names[i % names.Length] = "n" + i;
            last = sum;
        }
        return sum;
    }

    // Interior pointers in frames that are in use while what they point into moves.
    private static void Frames()
    {
        Lab.Noise(1000);
        int[] numbers = Enumerable.Range(0, 1000).ToArray();
        object[] names = new object[10];
        int[] last = new int[3];
        nint before = Lab.Address(numbers);
        Lab.Expect("sum over a moving span", Sum(numbers, ref last[1], names) == 499_500 && last[1] == 499_500 && (string)names[9] == "n999");
        Lab.Expect("the array under the span moved", Lab.Address(numbers) != before);
    }

    private static void Main()
    {
        Unpinned();
        Pinned();
        Fixed();
        PinnedHeap();
        Unmoved();
        HashCodes();
        Locks();
        Waiting();
        Frames();
        Lab.Done("moving objects");
    }
}
