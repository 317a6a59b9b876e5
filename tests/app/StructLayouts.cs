// Sizes and field offsets of structs: sequential, packed, explicit, nested, with references, generic, empty.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal struct Empty { }
internal struct Mixed { public byte A; public long B; public short C; public int D; public byte E; }
[StructLayout(LayoutKind.Sequential, Pack = 1)] internal struct Packed1 { public byte A; public long B; public short C; }
[StructLayout(LayoutKind.Sequential, Pack = 2)] internal struct Packed2 { public byte A; public int B; public double C; }
[StructLayout(LayoutKind.Sequential, Size = 40)] internal struct Sized { public int A; }

[StructLayout(LayoutKind.Explicit)]
internal struct Union
{
    [FieldOffset(0)] public int I;
    [FieldOffset(0)] public float F;
    [FieldOffset(2)] public ushort Hi;
    [FieldOffset(4)] public byte Tail;
}

[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct ExplicitRef
{
    [FieldOffset(0)] public object? O;
    [FieldOffset(8)] public long L;
    [FieldOffset(8)] public double D;
}

[StructLayout(LayoutKind.Auto)] internal struct Auto { public byte A; public long B; public byte C; public int D; }
internal struct WithRef { public byte A; public object? R; public int B; public string? S; }
internal struct Outer { public byte A; public Mixed M; public byte B; public Packed1 P; public Empty E; }
internal struct Pair<T, U> { public T First; public U Second; }
internal unsafe struct FixedBuffer { public int N; public fixed short Data[7]; public byte End; }
internal struct Wide { public decimal M; public Guid G; public byte B; public Int128 I; }
[StructLayout(LayoutKind.Sequential)] internal class SeqClass { public byte A; public int B; public long C; }
internal class Parent { public byte P1; public long P2; public object? P3; }
internal class Child : Parent { public byte C1; public int C2; public string? C3; public double C4; }

internal static class Program
{
    private static void Size<T>() => Console.WriteLine($"{typeof(T).Name} {Unsafe.SizeOf<T>()} " +
        $"{RuntimeHelpers.IsReferenceOrContainsReferences<T>()}");
    private static long Off<T, F>(ref T s, ref F f) => Unsafe.ByteOffset(ref Unsafe.As<T, byte>(ref s), ref Unsafe.As<F, byte>(ref f));

    private static unsafe void Main()
    {
        Size<Empty>(); Size<Mixed>(); Size<Packed1>(); Size<Packed2>(); Size<Sized>(); Size<Union>(); Size<ExplicitRef>(); Size<Auto>();
        Size<WithRef>();
        Size<Outer>();
        Size<Pair<byte, long>>();
        Size<Pair<byte, byte>>();
        Size<Pair<object, byte>>();
        Size<Pair<Pair<byte, short>, int>>();
        Size<FixedBuffer>();
        Size<Wide>();
        Size<(byte, int, byte)>();
        Size<int?>();
        Size<long?>();
        Size<bool?>();
        Size<DateTime>();
        Size<Int128>();
        Size<Half>();

        Mixed m = default;
        Console.WriteLine($"Mixed {Off(ref m, ref m.A)} {Off(ref m, ref m.B)} {Off(ref m, ref m.C)} {Off(ref m, ref m.D)} " +
            $"{Off(ref m, ref m.E)}");
        Packed1 p1 = default;
        Console.WriteLine($"Packed1 {Off(ref p1, ref p1.B)} {Off(ref p1, ref p1.C)}");
        Packed2 p2 = default;
        Console.WriteLine($"Packed2 {Off(ref p2, ref p2.B)} {Off(ref p2, ref p2.C)}");
        Outer o = default;
        Console.WriteLine($"Outer {Off(ref o, ref o.M)} {Off(ref o, ref o.B)} {Off(ref o, ref o.P)} {Off(ref o, ref o.E)}");
        FixedBuffer fb = default;
        Console.WriteLine($"FixedBuffer {Off(ref fb, ref fb.Data[0])} {Off(ref fb, ref fb.End)} {sizeof(FixedBuffer)}");
        fb.Data[6] = -3; fb.End = 9;
        Console.WriteLine($"{fb.Data[6]} {fb.End} {fb.Data[0]}");

        Union u = default;
        u.F = 1.0f;
        Console.WriteLine($"{u.I:x} {u.Hi:x}");
        u.Hi = 0x4000; u.Tail = 7;
        Console.WriteLine($"{u.F} {u.Tail}");
        ExplicitRef er = new() { O = "text", D = 2.0 };
        Console.WriteLine($"{er.O} {er.L:x}");
        ExplicitRef copy = er; er.O = null;
        Console.WriteLine($"{copy.O} {er.O == null}");

        Console.WriteLine($"{Marshal.SizeOf<Packed1>()} {Marshal.SizeOf<Packed2>()} {Marshal.SizeOf<Sized>()} " +
            $"{Marshal.SizeOf<SeqClass>()} {Marshal.OffsetOf<SeqClass>("C")}");
        var c = new Child { P1 = 1, P2 = 2, P3 = "p", C1 = 3, C2 = 4, C3 = "c", C4 = 5 };
        Console.WriteLine($"{c.P1} {c.P2} {c.P3} {c.C1} {c.C2} {c.C3} {c.C4}");
        Pair<string, Pair<int, object>> nested = new() { First = "f", Second = new() { First = 4, Second = "s" } };
        var arr = new Pair<string, Pair<int, object>>[3];
        arr[2] = nested; arr[1] = arr[2]; arr[1].Second.First = 5;
        Console.WriteLine($"{arr[2].Second.First} {arr[1].Second.First} {arr[1].Second.Second} {arr[0].First == null}");
        Console.WriteLine($"{sizeof(nint)} {sizeof(char)} {sizeof(decimal)} {sizeof(bool)}");
    }
}
