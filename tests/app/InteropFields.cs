// Fields of every kind in native memory and back: strings in all encodings, arrays in place of each element, enums, handles, pointers,
// nested classes, generics, fixed buffers, derived and padded layouts; sizes and the bytes themselves.
// native: lib/Interop.c
// also: common/Native.cs
using System.Reflection;
using System.Runtime.InteropServices;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;

internal enum Small : byte { A = 1, B = 200 }
[Flags] internal enum Wide : long { X = 1L << 40 }
internal struct Point { public int X; public short Y; }
internal struct Mixed { public bool B; public char C; }
internal struct Chars { [M(U.ByValArray, SizeConst = 3)] public char[]? A; [M(U.ByValArray, SizeConst = 2, ArraySubType = U.U1)] public char[]? C; }
[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)] internal struct WideArray { [M(U.ByValTStr, SizeConst = 4)] public string? S; public char C; public string? T; }
internal struct Bools { [M(U.ByValArray, SizeConst = 3)] public bool[]? A; [M(U.ByValArray, SizeConst = 3, ArraySubType = U.U1)] public bool[]? B; [M(U.I1)] public bool C; public bool D; }
internal struct Texts { [M(U.ByValArray, SizeConst = 2)] public string?[]? A; [M(U.ByValArray, SizeConst = 2, ArraySubType = U.LPWStr)] public string?[]? B; }
internal struct Strings { [M(U.LPStr)] public string? A; [M(U.LPWStr)] public string? B; [M(U.LPUTF8Str)] public string? C; [M(U.LPTStr)] public string? D; [M(U.BStr)] public string? E; [M(U.AnsiBStr)] public string? F; [M(U.TBStr)] public string? G; }
internal struct Structs { [M(U.ByValArray, SizeConst = 2)] public Point[]? A; [M(U.ByValArray, SizeConst = 2)] public Mixed[]? B; [M(U.ByValArray, SizeConst = 2)] public Small[]? C; [M(U.ByValArray, SizeConst = 1)] public Guid[]? D; [M(U.ByValArray, SizeConst = 1)] public decimal[]? E; }
internal struct Numbers { public sbyte A; public ushort B; public nint C; public Small D; public Wide E; public float F; public Half G; public Int128 H; public DateTime I; public decimal J; [M(U.Currency)] public decimal K; public Guid L; public TimeSpan N; public DateOnly O; }
internal unsafe struct Buffers { public fixed byte A[5]; public fixed char B[3]; public fixed long C[2]; public fixed bool D[2]; }
internal unsafe struct BuffersAndText { public fixed char B[3]; public string? S; }
internal unsafe struct Pointers { public int* A; public void* B; public delegate* unmanaged<int> C; public nuint D; public GCHandle E; }
internal struct Nested { public byte A; public Point B; public Mixed C; public byte D; }
[StructLayout(LayoutKind.Sequential, Pack = 1)] internal struct Packed { public byte A; public Point B; public Mixed C; public string? S; public double D; }
[StructLayout(LayoutKind.Sequential, Pack = 4)] internal struct Packed4 { public byte A; public long B; public string? S; public bool C; }
[StructLayout(LayoutKind.Explicit)] internal struct Overlay { [FieldOffset(0)] public int A; [FieldOffset(2)] public short B; [FieldOffset(8)] public string? S; [FieldOffset(16)] public bool C; [FieldOffset(17)] public byte D; }
[StructLayout(LayoutKind.Sequential)] internal class Base { public byte A; public string? S; }
[StructLayout(LayoutKind.Sequential)] internal class Derived : Base { public byte B; public bool C; }
[StructLayout(LayoutKind.Sequential)] internal class More : Derived { public byte D; public double E; }
internal struct HasClass { public byte A; public Base? B; public byte C; [M(U.Struct)] public Base? D; }
internal struct Gen<T> { public T A; public T B; }
internal struct HasGeneric { public Gen<bool> A; public Gen<string> B; public int? C; public (byte, int) D; public KeyValuePair<byte, bool> E; }
internal delegate int Fn(int x);
internal struct HasDelegate { public Fn? A; [M(U.FunctionPtr)] public Fn? B; }
internal struct Empty { }
internal struct HasEmpty { public Empty A; public byte B; public Empty C; }
[System.Runtime.CompilerServices.InlineArray(3)] internal struct ThreeBools { public bool E; }
[System.Runtime.CompilerServices.InlineArray(2)] internal struct TwoTexts { public string E; }
internal struct HasInline { public byte A; public ThreeBools B; }
internal struct Statics { public static string S = "static"; public const int K = 3; public int A; [NonSerialized] public byte B; }
internal record struct Rec(int A, bool B, string? C);
internal readonly struct ReadOnly { public readonly bool A; public readonly int B; public ReadOnly(bool a, int b) { A = a; B = b; } }
internal ref struct Ref { public int A; }

internal static unsafe class Program
{
    private static string Bytes(nint p, int n, HashSet<int> hidden) => string.Concat(Enumerable.Range(0, n).Select(i => hidden.Contains(i) ? ".." : Marshal.ReadByte(p, i).ToString("x2")));

    // Words that hold addresses differ from run to run.
    private static HashSet<int> Addresses(Type t, nint p)
    {
        var r = new HashSet<int>();
        for (int i = 0; i + 8 <= Marshal.SizeOf(t); i++)
            if ((ulong)Marshal.ReadInt64(p, i) >> 40 is > 0x40 and < 0x80 || t == typeof(HasDelegate)) for (int k = 0; k < 8; k++) r.Add(i + k);
        return r;
    }

    private static string Show(object? o, int depth = 0) => o switch
    {
        null => "null",
        string or Array or Enum => Text(o),
        Delegate => "delegate",
        ValueType when o.GetType().IsPrimitive || depth > 3 || o is Guid or decimal or DateTime or TimeSpan or Int128 or Half => Text(o),
        _ => "{" + string.Join(" ", o.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Where(f => !f.FieldType.IsPointer && !f.FieldType.IsFunctionPointer)
            .Select(f => Show(f.GetValue(o), depth + 1))) + "}",
    };

    private static void Try<T>(T value) where T : notnull
    {
        Type t = typeof(T);
        P(t.Name + " size", () => t.IsGenericType ? "generic" : Marshal.SizeOf(t));
        nint p = Marshal.AllocHGlobal(512);
        new Span<byte>((void*)p, 512).Clear();
        P("  out", () => { Marshal.StructureToPtr(value, p, false); return t.IsGenericType ? "" : Bytes(p, Marshal.SizeOf(t), Addresses(t, p)); });
        P("  back", () => Show(Marshal.PtrToStructure<T>(p)));
        P("  again", () => { Marshal.StructureToPtr(value, p, true); return Show(Marshal.PtrToStructure<T>(p)); });
        P("  destroyed", () => { Marshal.DestroyStructure<T>(p); return t.IsGenericType ? "" : Bytes(p, Marshal.SizeOf(t), []); });
        foreach (FieldInfo f in t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            P("  at " + f.Name, () => Marshal.OffsetOf(t, f.Name));
        Marshal.FreeHGlobal(p);
    }

    private static void Main()
    {
        Try(new Point { X = 1, Y = 2 });
        Try(new Mixed { B = true, C = '\u00e9' });
        Try(new Chars { A = ['a', 'b', 'c'], C = ['g', 'h'] });
        Try(new WideArray { S = "text", C = 'x', T = "t" });
        Try(new Bools { A = [true, false, true], B = [true, true, false], C = true, D = true });
        Try(new Texts { A = ["a", null], B = ["w\u00e9", "x"] });
        Try(new Strings { A = "a\u00e9", B = "b\u00e9", C = "c\u00e9", D = "d", E = "e\0e", F = "f", G = "g" });
        Try(default(Strings));
        Try(new Structs { A = [new() { X = 1 }, new() { Y = 2 }], B = [new() { B = true }, new() { C = 'c' }], C = [Small.A, Small.B], D = [new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)], E = [1.5m] });
        Try(new Numbers { A = -1, B = 2, C = 3, D = Small.B, E = Wide.X, F = 1.5f, G = (Half)2, H = 5, I = new DateTime(2000, 1, 1), J = 1.25m, K = 2.5m, L = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), N = TimeSpan.FromTicks(7), O = new DateOnly(1, 1, 5) });
        var b = new Buffers();
        b.A[4] = 5; b.B[2] = 'z'; b.C[1] = 9; b.D[1] = true;
        Try(b);
        var bt = new BuffersAndText { S = "text" };
        bt.B[2] = 'y';
        Try(bt);
        Try(new Pointers { A = (int*)8, D = 7 });
        Try(new Nested { A = 1, B = new() { X = 2, Y = 3 }, C = new() { B = true, C = 'n' }, D = 4 });
        Try(new Packed { A = 1, B = new() { X = 2 }, C = new() { B = true }, S = "packed", D = 1.5 });
        Try(new Packed4 { A = 1, B = 2, S = "four", C = true });
        Try(new Overlay { A = 0x12345678, S = "over", C = true, D = 3 });
        Try(new Base { A = 1, S = "base" });
        Try(new Derived { A = 1, S = "base", B = 2, C = true });
        Try(new More { A = 1, S = "base", B = 2, C = true, D = 3, E = 4.5 });
        Try(new HasClass { A = 1, B = new() { A = 2, S = "inner" }, C = 3 });
        Try(new HasGeneric { A = new() { A = true }, B = new() { B = "g" }, C = 5, D = (1, 2), E = new(3, true) });
        Try(new Gen<int> { A = 1, B = 2 });
        Try(new HasDelegate { A = x => x });
        Try(new HasEmpty { B = 3 });
        var i = new HasInline { A = 1 };
        i.B[1] = true;
        Try(i);
        Try(new ThreeBools());
        Try(new TwoTexts());
        Try(new Statics { A = 1, B = 2 });
        Try(new Rec(1, true, "rec"));
        Try(new ReadOnly(true, 5));
        Try(5);
        Try('c');
        Try(true);
        Try(1.5m);
        Try((nint)3);
        Try(DayOfWeek.Friday);
        Try(new DateTime(2000, 1, 1));
        Try(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
        Try("text");
        Try(new object());
    }
}
