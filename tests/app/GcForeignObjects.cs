// Objects that a program lays out in memory of its own and registers: the heap refers to them, no collection moves or ages them, and what
// knows objects by address (locks, hash codes, handles, tables) takes them as any other.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal sealed class Leaf { public long Number; public Leaf? Next; }

internal static unsafe class Program
{
    private const int Count = 50;

    private static object? Call(string method, params object[] arguments)
        => typeof(GC).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, arguments);

    private static void Main()
    {
        nint table = typeof(Leaf).TypeHandle.Value;
        int size = *(int*)(table + 4);
        var memory = (byte*)NativeMemory.AllocZeroed((nuint)(8 + Count * size));
        for (int i = 0; i < Count; i++) *(nint*)(memory + 8 + i * size) = table;
        object segment = Call("_RegisterFrozenSegment", (nint)memory, (nint)(8 + Count * size))!;
        var held = new Leaf[Count];
        for (int i = 0; i < Count; i++)
        {
            byte* p = memory + 8 + i * size;
            held[i] = Unsafe.Read<Leaf>(&p);
            held[i].Number = i * i;
        }
        var names = new ConditionalWeakTable<Leaf, string>();
        var dictionary = new Dictionary<Leaf, int>(ReferenceEqualityComparer.Instance as IEqualityComparer<Leaf>);
        var weak = new List<WeakReference>();
        foreach (Leaf l in held)
        {
            names.Add(l, l.Number.ToString());
            dictionary[l] = (int)l.Number;
            weak.Add(new WeakReference(l));
        }
        var young = new Leaf { Next = held[7] };
        for (int i = 0; i < 4; i++)
        {
            lock (held[i]) GC.Collect(i % 3);
            GC.Collect(2, GCCollectionMode.Forced, true, true);
        }
        int good = 0;
        for (int i = 0; i < Count; i++)
            if (held[i].Number == i * i && names.TryGetValue(held[i], out string? s) && s == held[i].Number.ToString()
                && dictionary[held[i]] == i * i && ReferenceEquals(weak[i].Target, held[i])) good++;
        Console.WriteLine($"{good} of {Count} whole, {young.Next!.Number}, generation beyond the last: {GC.GetGeneration(held[0]) > GC.MaxGeneration}");
        Call("_UnregisterFrozenSegment", segment);
        Console.WriteLine("done");
    }
}
