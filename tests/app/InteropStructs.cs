// Structs and classes with layout: by value in every class of the calling convention, returned, by reference, through callbacks; nested
// and fixed fields, unions, packing, strings, arrays in place, delegates.
// native: lib/Interop.c
// also: common/Native.cs common/Full.cs
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;

internal struct S1 { public byte A; }
internal struct S3 { public byte A, B, C; }
internal struct SI { public int A; }
internal struct SF { public float A; }
internal struct SD { public double A; }
internal struct SFF { public float A, B; }
internal struct SFI { public float A; public int B; }
internal struct SFFF { public float A, B, C; }
internal struct SFFFF { public float A, B, C, D; }
internal struct SDD { public double A, B; }
internal struct SDI { public double A; public int B; }
internal struct SID { public int A; public double B; }
internal struct SII { public int A, B; }
internal struct SLL { public long A, B; }
internal struct SLF { public long A; public float B; }
internal struct SFFI { public float A, B; public int C; }
internal struct S17 { public long A, B; public byte C; }
internal struct SDDD { public double A, B, C; }
internal struct SLLLL { public long A, B, C, D; }
internal struct SNest { public Inner A; public float F; }
internal struct SArr { [M(U.ByValArray, SizeConst = 3)] public int[]? A; }
internal unsafe struct SFixed { public fixed int A[3]; }
internal struct SText { public string? S; public int N; }
internal struct SBools { public bool A; [M(U.U1)] public bool B; [M(U.U2)] public char C; public bool D; }
internal struct SChars { public char A; [M(U.I2)] public char B; public char C; }
[StructLayout(LayoutKind.Sequential, Pack = 1)] internal struct SPack { public byte A; public int B; public byte C; }
[StructLayout(LayoutKind.Sequential, Pack = 1)] internal struct SPackBool { public byte A; public bool B; public byte C; }
[StructLayout(LayoutKind.Sequential, Pack = 1)] internal struct SPackWide { public bool A; public byte B; public long C; public byte D; }
[StructLayout(LayoutKind.Explicit)] internal struct UnionBoth { [FieldOffset(0)] public int I; [FieldOffset(0)] public float F; [FieldOffset(0)] public double D; }
[StructLayout(LayoutKind.Explicit)] internal struct UnionArray { [FieldOffset(8)] public int I; [FieldOffset(0), M(U.ByValArray, SizeConst = 3)] public float[]? A; }
internal struct Dated { public DateTime D; }
internal struct EmptyStruct { }
[StructLayout(LayoutKind.Sequential, Size = 24)] internal struct Sized { public int A; }
[StructLayout(LayoutKind.Sequential, Pack = 2)] internal struct Packed2 { public byte A; public long B; public bool C; }
[StructLayout(LayoutKind.Explicit, Size = 20)] internal struct ExplicitText { [FieldOffset(0)] public int A; [FieldOffset(8)] public string? S; [FieldOffset(4)] public int B; }
[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)] internal struct WideChars { public char A; [M(U.ByValTStr, SizeConst = 3)] public string? S; public string? T; }
[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Auto)] internal struct AutoChars { public char A; public string? S; }
[StructLayout(LayoutKind.Sequential)] internal class Base { public int A; }
[StructLayout(LayoutKind.Sequential)] internal class Derived : Base { public byte B; public string? S; }
[StructLayout(LayoutKind.Sequential)] internal class Blit { public int A; public int B; }
[System.Runtime.CompilerServices.InlineArray(3)] internal struct Three { public int E; }
internal struct Wide64 { public byte A; public Vector64<byte> V; }
internal struct Wide128 { public byte A; public Vector128<byte> V; }
internal struct Wide256 { public string? A; public Vector256<byte> V; public int B; }
internal struct Wide512 { public string? A; public Vector512<byte> V; public int B; }
internal struct WideInside { public string? A; public Wide256 V; public int B; }
[StructLayout(LayoutKind.Sequential, Pack = 8)] internal struct WidePacked { public byte A; public Vector256<byte> V; public int B; }
[StructLayout(LayoutKind.Sequential)] internal class WideClass { public byte A; public Vector256<byte> V; public string? B; }
internal struct HasTypeHandle { public int A; public RuntimeTypeHandle V; }
internal struct HasMethodHandle { public int A; public RuntimeMethodHandle V; }
internal struct HasFieldHandle { public int A; public RuntimeFieldHandle V; }
internal struct HasThree { public byte A; public Three B; }
internal static unsafe class Program
{
    [DllImport(Lib)] private static extern S1 back_S1(S1 s);
    [DllImport(Lib)] private static extern S3 back_S3(S3 s);
    [DllImport(Lib)] private static extern SI back_SI(SI s);
    [DllImport(Lib)] private static extern SF back_SF(SF s);
    [DllImport(Lib)] private static extern SD back_SD(SD s);
    [DllImport(Lib)] private static extern SFF back_SFF(SFF s);
    [DllImport(Lib)] private static extern SFI back_SFI(SFI s);
    [DllImport(Lib)] private static extern SFFF back_SFFF(SFFF s);
    [DllImport(Lib)] private static extern SFFFF back_SFFFF(SFFFF s);
    [DllImport(Lib)] private static extern SDD back_SDD(SDD s);
    [DllImport(Lib)] private static extern SDI back_SDI(SDI s);
    [DllImport(Lib)] private static extern SID back_SID(SID s);
    [DllImport(Lib)] private static extern SII back_SII(SII s);
    [DllImport(Lib)] private static extern SLL back_SLL(SLL s);
    [DllImport(Lib)] private static extern SLF back_SLF(SLF s);
    [DllImport(Lib)] private static extern SFFI back_SFFI(SFFI s);
    [DllImport(Lib)] private static extern S17 back_S17(S17 s);
    [DllImport(Lib)] private static extern SDDD back_SDDD(SDDD s);
    [DllImport(Lib)] private static extern SLLLL back_SLLLL(SLLLL s);
    [DllImport(Lib)] private static extern SNest back_SNest(SNest s);
    [DllImport(Lib)] private static extern SArr back_SArr(SArr s);
    [DllImport(Lib, EntryPoint = "back_SArr")] private static extern SFixed back_SFixed(SFixed s);
    [DllImport(Lib)] private static extern SBools back_SBools(SBools s);
    [DllImport(Lib)] private static extern SChars back_SChars(SChars s);
    [DllImport(Lib)] private static extern SPack back_SPack(SPack s);
    [DllImport(Lib)] private static extern SPackBool back_SPackBool(SPackBool s);
    [DllImport(Lib)] private static extern SPackWide back_SPackWide(SPackWide s);
    [DllImport(Lib)] private static extern SPackWide many_SPackWide(int a, double d, SPackWide s, long b, float f, SPackWide t);
    [DllImport(Lib)] private static extern SPackWide call_SPackWide(BackSPackWide f, SPackWide s);
    [DllImport(Lib)] private static extern SPackBool many_SPackBool(int a, double d, SPackBool s, long b, float f, SPackBool t);
    [DllImport(Lib)] private static extern UnionBoth back_UnionBoth(UnionBoth s);
    [DllImport(Lib, EntryPoint = "double_in")] private static extern Dated dated(Dated d);
    [DllImport(Lib, EntryPoint = "back_SFFI")] private static extern UnionArray back_UnionArray(UnionArray d);
    [DllImport(Lib)] private static extern S3 many_S3(int a, double d, S3 s, long b, float f, S3 t);
    [DllImport(Lib)] private static extern SFI many_SFI(int a, double d, SFI s, long b, float f, SFI t);
    [DllImport(Lib)] private static extern SFFF many_SFFF(int a, double d, SFFF s, long b, float f, SFFF t);
    [DllImport(Lib)] private static extern SDI many_SDI(int a, double d, SDI s, long b, float f, SDI t);
    [DllImport(Lib)] private static extern SLL many_SLL(int a, double d, SLL s, long b, float f, SLL t);
    [DllImport(Lib)] private static extern S17 many_S17(int a, double d, S17 s, long b, float f, S17 t);
    [DllImport(Lib)] private static extern SBools many_SBools(int a, double d, SBools s, long b, float f, SBools t);
    [DllImport(Lib)] private static extern SArr many_SArr(int a, double d, SArr s, long b, float f, SArr t);
    [DllImport(Lib)] private static extern void ref_SBools(ref SBools s);
    [DllImport(Lib)] private static extern void ref_SPack(in SPack s);
    [DllImport(Lib, EntryPoint = "ref_SPack")] private static extern void ref_HasTypeHandle(in HasTypeHandle s);
    [DllImport(Lib)] private static extern void ref_SArr(out SArr s);
    [DllImport(Lib)] private static extern void ref_SI([In] SI[] s);

    private delegate T Back<T>(T s, int size);
    private delegate S3 BackS3(S3 s, int size);
    private delegate SPackBool BackSPackBool(SPackBool s, int size);
    private delegate SPackWide BackSPackWide(SPackWide s, int size);
    private delegate SFI BackSFI(SFI s, int size);
    private delegate SFFF BackSFFF(SFFF s, int size);
    private delegate SDD BackSDD(SDD s, int size);
    private delegate SID BackSID(SID s, int size);
    private delegate S17 BackS17(S17 s, int size);
    private delegate SLLLL BackSLLLL(SLLLL s, int size);
    private delegate SBools BackSBools(SBools s, int size);
    private delegate SArr BackSArr(SArr s, int size);
    private delegate SText BackSText(SText s, int size);
    [DllImport(Lib)] private static extern S3 call_S3(BackS3 f, S3 s);
    [DllImport(Lib)] private static extern SPackBool call_SPackBool(BackSPackBool f, SPackBool s);
    [DllImport(Lib)] private static extern SFI call_SFI(BackSFI f, SFI s);
    [DllImport(Lib)] private static extern SFFF call_SFFF(BackSFFF f, SFFF s);
    [DllImport(Lib)] private static extern SDD call_SDD(BackSDD f, SDD s);
    [DllImport(Lib)] private static extern SID call_SID(BackSID f, SID s);
    [DllImport(Lib)] private static extern S17 call_S17(BackS17 f, S17 s);
    [DllImport(Lib)] private static extern SLLLL call_SLLLL(BackSLLLL f, SLLLL s);
    [DllImport(Lib)] private static extern SBools call_SBools(BackSBools f, SBools s);
    [DllImport(Lib)] private static extern SArr call_SArr(BackSArr f, SArr s);
    [DllImport(Lib)] private static extern SText call_SText(BackSText f, SText s);

    [DllImport(Lib)] private static extern int full_size();
    [DllImport(Lib)] private static extern void full_in(Full f);
    [DllImport(Lib)] private static extern void full_ref(ref Full f);
    [DllImport(Lib, EntryPoint = "full_ref")] private static extern void full_ref_in(in Full f);
    [DllImport(Lib)] private static extern void full_new_strings(ref Full f);
    [DllImport(Lib)] private static extern Full full_make();
    [DllImport(Lib, EntryPoint = "full_ref")] private static extern void class_default(FullClass? f);
    [DllImport(Lib, EntryPoint = "full_ref")] private static extern void class_in([In] FullClass f);
    [DllImport(Lib, EntryPoint = "full_ref")] private static extern void class_inout([In, Out] FullClass? f);
    [DllImport(Lib, EntryPoint = "full_ref")] private static extern void class_out([Out] FullClass f);
    [DllImport(Lib, EntryPoint = "full_pointer")] private static extern FullClass class_return();
    [DllImport(Lib, EntryPoint = "array_make")] private static extern void class_ref_out(out Blit b, out int n);
    [DllImport(Lib, EntryPoint = "array_swap")] private static extern void class_ref(ref Blit? b, ref int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void blit_class(Blit? b, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void blit_class_in([In] Blit b, int n);
    [DllImport(Lib, EntryPoint = "same")] private static extern Blit blit_return(nint p);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void derived_in(Derived d, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void base_in(Base d, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void three_in(ref HasThree d, int n);

    private static Full Make() => new()
    {
        I = 9, S = "s\u00e9", W = "w\u00e9", Fixed = "toolongforit", Wide = [new('x'), new('y'), default, default], Numbers = [1, 2, 3, 4], Flags = [true, false],
        In = new() { B = 7, N = 8 }, D = 0.5, Fn = x => x * 3, Inners = [new() { N = 1 }, new() { N = 2 }],
    };

    private static FullClass MakeClass() => new()
    {
        I = 9, S = "s\u00e9", W = "w\u00e9", Fixed = "fix", Wide = [120, 0, 0, 0], Numbers = [1, 2, 3], Flags = [true, false],
        In = new() { B = 7, N = 8 }, D = 0.5, Fn = x => x * 3, Inners = [new() { N = 1 }, new() { N = 2 }],
    };

    private static void Sizes<T>() => P("size " + typeof(T).Name, () => Marshal.SizeOf<T>() + " " + System.Runtime.CompilerServices.Unsafe.SizeOf<T>());

    private static void Main()
    {
        Sizes<S1>(); Sizes<S3>(); Sizes<SNest>(); Sizes<SArr>(); Sizes<SFixed>(); Sizes<SBools>(); Sizes<SChars>(); Sizes<SPack>(); Sizes<UnionBoth>(); Sizes<EmptyStruct>();
        Sizes<Sized>(); Sizes<Packed2>(); Sizes<ExplicitText>(); Sizes<WideChars>(); Sizes<AutoChars>(); Sizes<Derived>(); Sizes<Blit>(); Sizes<HasThree>(); Sizes<Full>();
        P("S1", () => back_S1(new() { A = 1 }).A);
        P("S3", () => back_S3(new() { A = 1, B = 2, C = 3 }).C);
        P("SI", () => back_SI(new() { A = -1 }).A);
        P("SF", () => back_SF(new() { A = 1.5f }).A);
        P("SD", () => back_SD(new() { A = 1.5 }).A);
        P("SFF", () => back_SFF(new() { A = 1.5f, B = 2 }).B);
        P("SFI", () => { SFI s = back_SFI(new() { A = 1.5f, B = 2 }); return s.A + s.B; });
        P("SFFF", () => { SFFF s = back_SFFF(new() { A = 1.5f, B = 2, C = 3 }); return s.A + s.B + s.C; });
        P("SFFFF", () => { SFFFF s = back_SFFFF(new() { A = 1.5f, B = 2, C = 3, D = 4 }); return s.A + s.B + s.C + s.D; });
        P("SDD", () => { SDD s = back_SDD(new() { A = 1.5f, B = 2 }); return s.A + s.B; });
        P("SDI", () => { SDI s = back_SDI(new() { A = 1.5f, B = 2 }); return s.A + s.B; });
        P("SID", () => { SID s = back_SID(new() { A = 1, B = 2.5 }); return s.A + s.B; });
        P("SII", () => { SII s = back_SII(new() { A = 1, B = 2 }); return s.A + s.B; });
        P("SLL", () => { SLL s = back_SLL(new() { A = 1, B = 2 }); return s.A + s.B; });
        P("SLF", () => { SLF s = back_SLF(new() { A = 1, B = 2.5f }); return s.A + s.B; });
        P("SFFI", () => { SFFI s = back_SFFI(new() { A = 1, B = 2.5f, C = 3 }); return s.A + s.B + s.C; });
        P("S17", () => { S17 s = back_S17(new() { A = 1, B = 2, C = 3 }); return s.A + s.B + s.C; });
        P("SDDD", () => { SDDD s = back_SDDD(new() { A = 1, B = 2, C = 3 }); return s.A + s.B + s.C; });
        P("SLLLL", () => { SLLLL s = back_SLLLL(new() { A = 1, B = 2, C = 3, D = 4 }); return s.A + s.B + s.C + s.D; });
        P("SNest", () => { SNest s = back_SNest(new() { A = new() { B = 1, N = 2 }, F = 3 }); return s.A.B + s.A.N + s.F; });
        P("SArr", () => back_SArr(new() { A = [1, 2, 3] }).A);
        P("SArr null", () => back_SArr(default).A);
        P("SArr short", () => back_SArr(new() { A = [1, 2] }).A);
        P("SArr long", () => back_SArr(new() { A = [1, 2, 3, 4] }).A);
        P("SFixed", () => { SFixed s = default; s.A[2] = 5; s = back_SFixed(s); return s.A[2]; });
        P("SBools", () => { SBools s = back_SBools(new() { A = true, B = true, C = '\u20ac', D = true }); return $"{s.A} {s.B} {(int)s.C} {s.D}"; });
        P("SChars", () => { SChars s = back_SChars(new() { A = 'a', B = '\u20ac', C = 'c' }); return $"{s.A} {(int)s.B} {s.C}"; });
        foreach (Type t in new[] { typeof(Wide64), typeof(Wide128), typeof(Wide256), typeof(Wide512), typeof(WideInside), typeof(WidePacked), typeof(WideClass), typeof(HasTypeHandle), typeof(HasMethodHandle), typeof(HasFieldHandle) })
            P("size " + t, () => Marshal.SizeOf(t) + " " + Marshal.OffsetOf(t, "A") + " " + Marshal.OffsetOf(t, "V"));
        P("wide", () =>
        {
            nint p = Marshal.AllocHGlobal(256);
            Marshal.StructureToPtr(new WideInside { A = "a", V = new() { A = "b", V = Vector256.Create((byte)7), B = 8 }, B = 9 }, p, false);
            WideInside w = Marshal.PtrToStructure<WideInside>(p);
            Marshal.DestroyStructure<WideInside>(p);
            Marshal.FreeHGlobal(p);
            return w.A + w.V.A + w.V.V + w.V.B + w.B;
        });
        P("type handle", () => ref_HasTypeHandle(default));
        P("SPack", () => { SPack s = back_SPack(new() { A = 1, B = 2, C = 3 }); return s.A + s.B + s.C; });
        P("union", () => { UnionBoth u = back_UnionBoth(new() { D = 1.5 }); return u.D; });
        P("date field", () => dated(new() { D = new DateTime(1900, 1, 1) }).D.ToString("s"));
        P("union of array", () => { UnionArray u = back_UnionArray(new() { A = [1, 2, 3] }); return $"{u.A![0]} {u.A[1]}"; });
        P("many S3", () => many_S3(1, 2.5, new() { A = 1 }, 3, 4.5f, new() { C = 9 }).C);
        P("many SFI", () => many_SFI(1, 2.5, new() { A = 1 }, 3, 4.5f, new() { B = 9 }).B);
        P("many SFFF", () => many_SFFF(1, 2.5, new() { A = 1 }, 3, 4.5f, new() { C = 9 }).C);
        P("many SDI", () => many_SDI(1, 2.5, new() { A = 1 }, 3, 4.5f, new() { B = 9 }).B);
        P("many SLL", () => many_SLL(1, 2.5, new() { A = 1 }, 3, 4.5f, new() { B = 9 }).B);
        P("many S17", () => many_S17(1, 2.5, new() { A = 1 }, 3, 4.5f, new() { C = 9 }).C);
        P("many SBools", () => many_SBools(1, 2.5, new() { A = true }, 3, 4.5f, new() { D = true }).D);
        P("many SArr", () => many_SArr(1, 2.5, new() { A = [1, 2, 3] }, 3, 4.5f, new() { A = [4, 5, 6] }).A);
        P("ref SBools", () => { SBools s = new() { A = true, B = true }; ref_SBools(ref s); return $"{s.A} {s.B}"; });
        P("SPackBool", () => { SPackBool s = back_SPackBool(new() { A = 1, B = true, C = 3 }); return s.A + " " + s.B + " " + s.C; });
        P("many SPackBool", () => { SPackBool s = many_SPackBool(1, 2, new() { A = 3, B = true, C = 4 }, 5, 6, new() { A = 7, C = 8 }); return s.A + " " + s.B + " " + s.C; });
        P("call SPackBool", () => { SPackBool s = call_SPackBool((x, n) => new() { A = x.C, B = !x.B, C = (byte)n }, new() { A = 1, B = true, C = 3 }); return s.A + " " + s.B + " " + s.C; });
        P("SPackWide", () => { SPackWide s = back_SPackWide(new() { A = true, B = 2, C = 3, D = 4 }); return s.A + " " + s.B + " " + s.C + " " + s.D; });
        P("many SPackWide", () => { SPackWide s = many_SPackWide(1, 2, new() { A = true, C = 4 }, 5, 6, new() { B = 7, C = 8, D = 9 }); return s.A + " " + s.B + " " + s.C + " " + s.D; });
        P("call SPackWide", () => { SPackWide s = call_SPackWide((x, n) => new() { A = !x.A, B = x.D, C = n, D = x.B }, new() { A = true, B = 2, C = 3, D = 4 }); return s.A + " " + s.B + " " + s.C + " " + s.D; });
        P("in SPack", () => ref_SPack(new() { A = 1, B = 2, C = 3 }));
        P("out SArr", () => { ref_SArr(out SArr s); return s.A; });
        P("call S3", () => call_S3((s, n) => new() { A = s.C, B = (byte)n, C = s.A }, new() { A = 1, B = 2, C = 3 }).A);
        P("call SFI", () => call_SFI((s, n) => new() { A = s.B, B = n }, new() { A = 1, B = 2 }).A);
        P("call SFFF", () => call_SFFF((s, n) => new() { A = s.C, B = n }, new() { A = 1, B = 2, C = 3 }).A);
        P("call SDD", () => call_SDD((s, n) => new() { A = s.B, B = n }, new() { A = 1, B = 2 }).A);
        P("call SID", () => call_SID((s, n) => new() { A = (int)s.B, B = n }, new() { A = 1, B = 2 }).A);
        P("call S17", () => call_S17((s, n) => new() { A = s.B, B = n }, new() { A = 1, B = 2 }).A);
        P("call SLLLL", () => call_SLLLL((s, n) => new() { A = s.D, B = n }, new() { A = 1, D = 2 }).A);
        P("call SBools", () => call_SBools((s, n) => new() { A = s.D, D = s.A }, new() { D = true }).A);
        P("call SArr", () => call_SArr((s, n) => new() { A = [s.A![2], s.A[1], n] }, new() { A = [1, 2, 3] }).A);
        P("call SText", () => { SText t = call_SText((s, n) => new() { S = s.S + "\u00e9", N = s.N + 1 }, new() { S = "t\u00e9", N = 4 }); return t.S + t.N; });

        P("full size", () => full_size() - Marshal.SizeOf<Full>());
        P("full", () => full_in(Make()));
        P("full empty", () => full_in(default));
        P("full ref", () => { Full f = Make(); full_ref(ref f); return f; });
        P("full ref in", () => { Full f = Make(); full_ref_in(in f); return f; });
        P("full strings", () => { Full f = Make(); full_new_strings(ref f); return f; });
        P("full made", () => full_make());
        P("class", () => { FullClass f = MakeClass(); class_default(f); return f; });
        P("class null", () => class_default(null));
        P("class in", () => { FullClass f = MakeClass(); class_in(f); return f; });
        P("class inout", () => { FullClass f = MakeClass(); class_inout(f); return f; });
        P("class inout null", () => class_inout(null));
        P("class out", () => { FullClass f = MakeClass(); class_out(f); return f; });
        P("class return", () => class_return());
        P("class ref out", () => { class_ref_out(out Blit b, out int n); return $"{b.A} {b.B} {n}"; });
        P("class ref", () => { Blit? b = new() { A = 4, B = 5 }; Blit old = b; int n = 2; class_ref(ref b, ref n); return $"{b!.A} {b.B} {n} {ReferenceEquals(b, old)} {old.A}"; });
        P("class ref null", () => { Blit? b = null; int n = 0; class_ref(ref b, ref n); return $"{b!.A} {b.B} {n}"; });
        P("blit class", () => { Blit b = new() { A = 4, B = 5 }; blit_class(b, 2); return $"{b.A} {b.B}"; });
        P("blit class null", () => blit_class(null, 0));
        P("blit class in", () => { Blit b = new() { A = 4, B = 5 }; blit_class_in(b, 2); return $"{b.A} {b.B}"; });
        P("blit return", () => { nint p = Marshal.AllocCoTaskMem(8); Marshal.WriteInt32(p, 12); Marshal.WriteInt32(p, 4, 13); Blit b = blit_return(p); return $"{b.A} {b.B}"; });
        P("derived", () => derived_in(new Derived { A = 1, B = 2 }, 16));
        P("derived as base", () => base_in(new Derived { A = 1, B = 2, S = "s" }, 4));
        P("inline array", () => { HasThree t = default; t.A = 1; t.B[2] = 3; three_in(ref t, 16); return t.B[2]; });

        nint mem = Marshal.AllocHGlobal(512);
        new Span<byte>((void*)mem, 512).Clear();
        P("to ptr", () => { Marshal.StructureToPtr(Make(), mem, false); return Marshal.PtrToStructure<Full>(mem); });
        P("to ptr again", () => { Marshal.StructureToPtr(Make(), mem, true); Marshal.DestroyStructure<Full>(mem); return Marshal.PtrToStructure<Full>(mem); });
        P("class to ptr", () => { Marshal.StructureToPtr(MakeClass(), mem, false); return Marshal.PtrToStructure<FullClass>(mem); });
        P("class from ptr", () => { var c = new FullClass(); Marshal.PtrToStructure(mem, c); return c; });
        P("into struct", () => Marshal.PtrToStructure(mem, (object)default(Full)));
        P("wide", () => { Marshal.StructureToPtr(new WideChars { A = '\u20ac', S = "abcd", T = "t" }, mem, false); WideChars w = Marshal.PtrToStructure<WideChars>(mem); return Text(w.A) + Text(w.S) + Text(w.T); });
        P("explicit", () => { Marshal.StructureToPtr(new ExplicitText { A = 1, B = 2, S = "x" }, mem, false); ExplicitText e = Marshal.PtrToStructure<ExplicitText>(mem); return $"{e.A}{e.B}{e.S}"; });
        P("packed", () => { Marshal.StructureToPtr(new Packed2 { A = 1, B = 2, C = true }, mem, false); return Marshal.ReadInt32(mem, 10); });
        foreach (string n in new[] { "I", "S", "W", "Fixed", "Wide", "Numbers", "Flags", "In", "D", "Fn", "Inners" })
            P("offset " + n, () => Marshal.OffsetOf<Full>(n));
        P("zero", () => Marshal.PtrToStructure<Full>(0));
        P("zero class", () => Marshal.PtrToStructure<FullClass>(0));
        P("null", () => Marshal.StructureToPtr<object>(null!, mem, false));
    }
}
