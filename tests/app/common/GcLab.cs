// What the tests of memory management share.  Objects that are to die are made in methods of their own, as unoptimised code keeps its locals
// to the end of the method, and native frames may keep single objects by accident: so a test lets many die and counts, or asks again.
using System.Runtime.CompilerServices;

internal sealed class Probe(int id)
{
    public readonly int Id = id;
    public object? Ref;
    public readonly long Check = ~(id * 1000003L);
    public bool Intact => Check == ~(Id * 1000003L);
    public bool Is(int id) => Id == id && Intact;
}

internal struct Pair(object? first, long number, object? second)
{
    public object? First = first;
    public long Number = number;
    public object? Second = second;
}

internal static class Lab
{
    public static int Failures;
    private static object? s_noise;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Collect(int generation = 2)
    {
        Scrub(24);
        GC.Collect(generation, GCCollectionMode.Forced, true, generation == 2);
    }

    // Overwrites the stack below the caller, where dead frames left references.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Scrub(int depth)
    {
        Span<long> words = stackalloc long[32];
        words.Fill(depth);
        return depth == 0 ? 0 : Scrub(depth - 1) + (int)words[depth % 32];
    }

    // Allocates in the young generation, so that memory freed by mistake is written over.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Noise(int count = 500)
    {
        for (int i = 0; i < count; i++)
        {
            var block = new long[i % 13 + 1];
            Array.Fill(block, 0x7B7B7B7B7B7B7B7B);
            s_noise = block;
        }
    }

    public static int Alive(WeakReference[] weak)
    {
        int alive = 0;
        foreach (WeakReference w in weak) if (w.IsAlive) alive++;
        return alive;
    }

    // True when, by now or after some more collections, at most `left` of them live.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool Die(WeakReference[] weak, int left = 0)
    {
        for (int i = 0; i < 5; i++)
        {
            Scrub(40 + 7 * i);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (Alive(weak) <= left) return true;
            Noise(50);
        }
        return false;
    }

    // The address of the object, as a number that keeps nothing alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static nint Address(object o) => Unsafe.As<object, nint>(ref o);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Age(object o)
    {
        for (int i = 0; i < 4 && !IsOld(o); i++) GC.Collect();
        Expect("is in generation 2", IsOld(o), GC.GetGeneration(o));
    }

    // With all its elements, if it is an array of objects.
    private static bool IsOld(object? o) => o is null || GC.GetGeneration(o) == 2 && (o is not object?[] all || all.Length > 1000 || Array.TrueForAll(all, IsOld));

    public static void Expect(string what, bool ok, object? seen = null)
    {
        if (ok) return;
        Failures++;
        Console.WriteLine($"FAILED {what}: {seen}");
    }

    public static void Expect(string what, long value, long low, long high) => Expect($"{what} in {low}..{high}", value >= low && value <= high, value);

    public static void Done(string title)
    {
        if (Failures == 0) Console.WriteLine(title + ": OK");
    }
}

// A hundred objects of which a test holds one by the means that it shows.
internal sealed class Batch
{
    public const int Kept = 37, Size = 100;
    private readonly WeakReference[] _weak = new WeakReference[Size];
    private int _during = -1;
    private bool _held;
    public bool Held => _held;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public Probe Make()
    {
        Probe? kept = null;
        for (int i = 0; i < Size; i++)
        {
            var p = new Probe(i);
            _weak[i] = new WeakReference(p);
            if (i == Kept) kept = p;
        }
        return kept!;
    }

    // For objects of other types: what Make gives is inside `o`, and o is what is held.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public T Watch<T>(T o) where T : class
    {
        _weak[Kept] = new WeakReference(o);
        return o;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void During()
    {
        Lab.Collect(0);
        Lab.Noise();
        Lab.Collect();
        Lab.Noise();
        _during = Lab.Alive(_weak);
        _held = _weak[Kept].IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Use(Probe? p) => Lab.Expect("value after collections", p != null && p.Is(Kept), p?.Id);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void After(string name, bool held = true)
    {
        string others = _during - (_held ? 1 : 0) <= 3 ? "others died" : $"{_during} of {Size} live";
        string gone = Lab.Die([_weak[Kept]]) ? "let go" : "still held";
        Console.WriteLine($"{name}: {(_held ? "held" : "not held")}, {others}, {gone}");
    }
}
