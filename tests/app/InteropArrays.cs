// Arrays given to native code and made by it: numbers, bools, chars, strings, structs, ranks, sizes by parameter or constant, directions.
// native: lib/Interop.c
// also: common/Native.cs
using System.Runtime.InteropServices;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;

internal struct Pair { public string? Name; public int N; [M(U.U1)] public bool Flag; }
internal struct Point { public int X, Y; }

internal static unsafe class Program
{
    [DllImport(Lib)] private static extern long array_sum(int[]? a, int n);
    [DllImport(Lib, EntryPoint = "array_sum")] private static extern long enum_sum(DayOfWeek[] a, int n);
    [DllImport(Lib, EntryPoint = "array_sum")] private static extern long rank_sum(int[,] a, int n);
    [DllImport(Lib, EntryPoint = "array_sum")] private static extern long point_sum(Point[] a, int n);
    [DllImport(Lib, EntryPoint = "array_sum")] private static extern long safe_sum([M(U.LPArray)] int[] a, int n);
    [DllImport(Lib, EntryPoint = "array_sum")] private static extern long object_sum(int[] a, int n);
    [DllImport(Lib)] private static extern void array_double(int[] a, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void array_double_in([In] int[] a, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void array_double_out([Out] int[] a, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void offset_double(ArrayWithOffset a, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void offset_double_both([In, Out] ArrayWithOffset a, int n);
    [DllImport(Lib)] private static extern void array_bytes(byte[]? a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void char_bytes(char[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes", CharSet = CharSet.Unicode)] private static extern void wide_bytes(char[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void bool_bytes(bool[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void bool1_bytes([M(U.LPArray, ArraySubType = U.U1)] bool[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void date_bytes(DateTime[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void decimal_bytes(decimal[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void guid_bytes(Guid[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void nint_bytes(nint[] a, int n);
    [DllImport(Lib)] private static extern void array_set([Out] byte[] a, int n);
    [DllImport(Lib, EntryPoint = "array_set")] private static extern void char_set([Out] char[] a, int n);
    [DllImport(Lib, EntryPoint = "array_set")] private static extern void char_set_inout([In, Out] char[] a, int n);
    [DllImport(Lib)] private static extern void array_bools([In, Out] bool[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bools")] private static extern void array_bools_default(bool[] a, int n);
    [DllImport(Lib, EntryPoint = "array_bools")] private static extern void array_bools_out([Out] bool[] a, int n);
    [DllImport(Lib)] private static extern void array_strings(string?[]? a, int n);
    [DllImport(Lib, EntryPoint = "array_strings")] private static extern void array_utf8([M(U.LPArray, ArraySubType = U.LPUTF8Str)] string?[] a, int n);
    [DllImport(Lib, CharSet = CharSet.Unicode)] private static extern void array_wstrings(string?[] a, int n);
    [DllImport(Lib, EntryPoint = "array_wstrings")] private static extern void array_lpwstrings([M(U.LPArray, ArraySubType = U.LPWStr)] string?[] a, int n);
    [DllImport(Lib, EntryPoint = "array_wstrings")] private static extern void array_lptstrings([M(U.LPArray, ArraySubType = U.LPTStr)] string?[] a, int n);
    [DllImport(Lib, EntryPoint = "array_strings_out")] private static extern void array_strings_inout([In, Out] string?[] a, int n);
    [DllImport(Lib, EntryPoint = "array_strings_out")] private static extern void array_strings_out([Out] string?[] a, int n);
    [DllImport(Lib, EntryPoint = "array_strings_out")] private static extern void array_strings_default(string?[] a, int n);
    [DllImport(Lib)] private static extern void array_pairs([In, Out] Pair[] a, int n);
    [DllImport(Lib, EntryPoint = "array_pairs")] private static extern void array_pairs_in(Pair[] a, int n);
    [DllImport(Lib, EntryPoint = "array_pairs")] private static extern void array_pairs_out([Out] Pair[] a, int n);
    [DllImport(Lib)] private static extern void array_make([M(U.LPArray, SizeParamIndex = 1)] out int[] a, out int n);
    [DllImport(Lib, EntryPoint = "array_make")] private static extern void array_make_const([M(U.LPArray, SizeConst = 2)] out int[] a, out int n);
    [DllImport(Lib, EntryPoint = "array_make")] private static extern void array_make_both([M(U.LPArray, SizeConst = 0, SizeParamIndex = 1)] out int[] a, out int n);
    [DllImport(Lib, EntryPoint = "array_make")] private static extern void array_make_default(out int[] a, out int n);
    [DllImport(Lib)] private static extern void array_swap([M(U.LPArray, SizeParamIndex = 1)] ref int[]? a, ref int n);
    [DllImport(Lib)] private static extern void array_make_strings([M(U.LPArray, SizeParamIndex = 1)] out string[] a, out int n);
    [DllImport(Lib, EntryPoint = "same")] private static extern nint first_in(in int first);

    private static void Main()
    {
        int[] three = [1, 2, 3];
        P("sum", () => array_sum(three, 3));
        P("null", () => array_sum(null, 0));
        P("empty", () => array_sum([], 0));
        P("enum", () => enum_sum([DayOfWeek.Friday, DayOfWeek.Monday], 2));
        P("rank", () => rank_sum(new[,] { { 1, 2 }, { 3, 4 } }, 4));
        P("points", () => point_sum([new() { X = 1, Y = 2 }, new() { X = 3 }], 4));
        P("lparray", () => safe_sum(three, 3));
        P("covariant", () => object_sum((int[])(object)new uint[] { 1, 2 }, 2));
        P("double", () => { int[] a = [1, 2, 3]; array_double(a, 3); return a; });
        P("double in", () => { int[] a = [1, 2, 3]; array_double_in(a, 3); return a; });
        P("double out", () => { int[] a = [1, 2, 3]; array_double_out(a, 3); return a; });
        P("offset", () => { int[] a = [1, 2, 3]; offset_double(new ArrayWithOffset(a, 4), 2); return a; });
        P("offset byte", () => { byte[] a = [1, 2, 3, 0, 5, 0, 0, 0]; offset_double_both(new ArrayWithOffset(a, 4), 1); return a; });
        P("offset both", () => { int[] a = [1, 2, 3]; offset_double_both(new ArrayWithOffset(a, 4), 2); return a; });
        P("offset none", () => offset_double_both(default, 0));
        P("bytes", () => array_bytes([1, 2, 255], 3));
        P("bytes null", () => array_bytes(null, 3));
        P("chars", () => char_bytes(['a', '\u00e9', 'c'], 3));
        P("wide chars", () => wide_bytes(['a', '\u00e9', 'c'], 6));
        P("bools", () => bool_bytes([true, false, true], 12));
        P("bools 1", () => bool1_bytes([true, false, true], 3));
        P("dates", () => date_bytes([new DateTime(1900, 1, 1), new DateTime(1899, 12, 30)], 16));
        P("decimals", () => decimal_bytes([1.5m], 16));
        P("guids", () => guid_bytes([new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)], 16));
        P("nints", () => nint_bytes([1, -1], 16));
        P("set", () => { byte[] a = new byte[3]; array_set(a, 3); return a; });
        P("set chars", () => { char[] a = ['x', 'y', 'z']; char_set(a, 2); return a; });
        P("set chars inout", () => { char[] a = ['x', 'y', 'z']; char_set_inout(a, 2); return a; });
        P("flip", () => { bool[] a = [true, false]; array_bools(a, 2); return a; });
        P("flip default", () => { bool[] a = [true, false]; array_bools_default(a, 2); return a; });
        P("flip out", () => { bool[] a = [true, false]; array_bools_out(a, 0); return a; });
        string?[] texts = ["a", null, "\u00e9", ""];
        P("strings", () => array_strings(texts, 4));
        P("strings null", () => array_strings(null, 0));
        P("utf8", () => array_utf8(texts, 4));
        P("wide", () => array_wstrings(texts, 4));
        P("lpwstr", () => array_lpwstrings(texts, 4));
        P("lptstr", () => array_lptstrings(texts, 4));
        P("strings inout", () => { string?[] s = ["a", null, "c"]; array_strings_inout(s, 2); return s; });
        P("strings out", () => { string?[] s = ["a", null, "c"]; array_strings_out(s, 2); return s; });
        P("strings default", () => { string?[] s = ["a", null, "c"]; array_strings_default(s, 2); return s; });
        P("pairs", () => { Pair[] p = [new() { Name = "n\u00e9", N = 1, Flag = true }, new() { N = 2 }]; array_pairs(p, 2); return $"{p[0].Name} {p[0].N} {p[0].Flag} {p[1].N} {p[1].Flag}"; });
        P("pairs in", () => { Pair[] p = [new() { Name = "n", N = 1, Flag = true }]; array_pairs_in(p, 1); return p[0].N; });
        P("pairs out", () => { Pair[] p = [new() { Name = "n", N = 1, Flag = true }]; array_pairs_out(p, 1); return $"{p[0].Name ?? "null"} {p[0].N} {p[0].Flag}"; });
        P("made", () => { array_make(out int[] a, out int n); return a; });
        P("made const", () => { array_make_const(out int[] a, out int n); return a; });
        P("made both", () => { array_make_both(out int[] a, out int n); return a; });
        P("made default", () => { array_make_default(out int[] a, out int n); return a; });
        P("swap", () => { int[]? a = [4, 5]; int n = 2; array_swap(ref a, ref n); return a; });
        P("swap null", () => { int[]? a = null; int n = 0; array_swap(ref a, ref n); return a; });
        P("made strings", () => { array_make_strings(out string[] a, out int n); return a; });
        P("moved", () => { fixed (int* p = three) return first_in(in three[0]) == (nint)p; });
    }
}
