// Object's own methods and RuntimeHelpers: identity and hash codes, MemberwiseClone, GetType, uninitialised objects,
// execution stack, array initialisation, switches, default comparers.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal sealed class Cl
{
    public int A = 1;
    public int[] Arr = [1, 2];
    public string? S;
    public Cl Clone() => (Cl)MemberwiseClone();
    public Cl? Self;
}

internal struct St { public int A; public object Copy() => MemberwiseClone(); }
internal abstract class Shape { public override string ToString() => base.ToString() + "!"; }
internal sealed class Circle : Shape;

internal class Eq
{
    public int V;
    public override bool Equals(object? o) => o is Eq e && e.V == V;
    public override int GetHashCode() => V;
    public static bool operator ==(Eq? a, Eq? b) => Equals(a, b);
    public static bool operator !=(Eq? a, Eq? b) => !Equals(a, b);
}

internal static class Program
{
    private static int Depth(int n) => RuntimeHelpers.TryEnsureSufficientExecutionStack() && n < 1000 ? Depth(n + 1) : n;
    private static bool Same<T>(T a, T b) => EqualityComparer<T>.Default.Equals(a, b);
    private static int Cmp<T>(T a, T b) => Comparer<T>.Default.Compare(a, b);

    private static void Main()
    {
        var a = new Cl();
        Cl b = a.Clone();
        b.A = 5;
        b.Arr[0] = 9;
        a.Self = a;
        Console.WriteLine($"{a.A} {a.Arr[0]} {ReferenceEquals(a.Arr, b.Arr)} {ReferenceEquals(a, b)} {b.Self == null} " +
            $"{((St)new St { A = 4 }.Copy()).A} {((int[])new[] { 1, 2 }.Clone())[1]}");
        object o = new();
        int h = o.GetHashCode();
        var keep = new List<object>();
        for (int i = 0; i < 20000; i++) keep.Add(new byte[20]);
        GC.Collect();
        Console.WriteLine($"{h == o.GetHashCode()} {RuntimeHelpers.GetHashCode(o) == h} {RuntimeHelpers.GetHashCode(null)} " +
            $"{keep.Select(x => x.GetHashCode()).Distinct().Count() > 19000}");
        Console.WriteLine($"{o} {new Circle()} {typeof(Circle)} {new Eq { V = 1 } == new Eq { V = 1 }} {new Eq() != null} " +
            $"{Equals(null, null)} {Equals("a", null)} {new Eq { V = 3 }.Equals(new Eq { V = 3 })} " +
            $"{new HashSet<Eq> { new() { V = 1 }, new() { V = 1 } }.Count}");
        var un = (Cl)RuntimeHelpers.GetUninitializedObject(typeof(Cl));
        Console.WriteLine(un.A + " " + (un.Arr == null));
        Console.WriteLine(Depth(0));
        RuntimeHelpers.PrepareMethod(typeof(Program).GetMethod("Depth", System.Reflection.BindingFlags.NonPublic |
            System.Reflection.BindingFlags.Static)!.MethodHandle);
        Console.WriteLine(RuntimeHelpers.IsReferenceOrContainsReferences<(int, string)>() + " " + RuntimeHelpers.GetSubArray([1, 2, 3], 1..)
            .Length + " " + RuntimeHelpers.Equals(1, 1) + RuntimeHelpers.SizeOf(typeof(Guid).TypeHandle));
        ReadOnlySpan<int> data = [100, 200, 300];
        int[] big = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        double[] ds = [1.5, 2.5, 3.5];
        char[] cs = ['a', 'b', 'c', 'd'];
        Console.WriteLine(data[1] + big[9] + ds[2] + cs[3]);
        Console.WriteLine($"{Same("a", "a")} {Same<object>(1, 1)} {Same(1.0, double.NaN)} {Same<int?>(null, null)} " +
            $"{Same(DayOfWeek.Friday, DayOfWeek.Friday)} {Same(new Eq { V = 2 }, new Eq { V = 2 })} {Same((byte)1, (byte)1)} " +
            $"{Same((1, "x"), (1, "x"))} {Cmp(1, 2)} {Cmp("b", "a")} {Cmp<int?>(null, 1)} {Cmp(double.NaN, 1)} " +
            $"{Cmp(DateTime.MinValue, DateTime.MaxValue)} {Cmp(DayOfWeek.Monday, DayOfWeek.Sunday)} {Cmp(true, false)}");
        Console.WriteLine(HashCode.Combine(1) == HashCode.Combine(1));
        ref byte r = ref MemoryMarshal.GetArrayDataReference(new byte[] { 7 });
        Console.WriteLine(r);
        Console.WriteLine(Unsafe.As<string>((object)"as") + Unsafe.SizeOf<decimal>() +
            Unsafe.AreSame(ref big[0], ref MemoryMarshal.GetArrayDataReference(big)) + Unsafe.Add(ref big[0], 3) +
            Unsafe.BitCast<float, int>(1f) + Unsafe.IsNullRef(ref Unsafe.NullRef<int>()));
        RuntimeHelpers.EnsureSufficientExecutionStack();
        object boxed = RuntimeHelpers.GetObjectValue(5)!;
        Console.WriteLine(boxed);
        Console.WriteLine(string.IsInterned("literal") != null);
        GC.KeepAlive(keep);
    }
}
