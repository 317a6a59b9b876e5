// Strings given to native code and taken from it in every encoding: by value, by reference, returned, in StringBuilder.
// native: lib/Interop.c
// also: common/Native.cs
using System.Runtime.InteropServices;
using System.Text;
using static Native;

internal static class Program
{
    [DllImport(Lib)] private static extern int str_in(string? s);
    [DllImport(Lib, EntryPoint = "str_in", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)] private static extern int str_in_strict(string? s);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int str_in_lp([MarshalAs(UnmanagedType.LPStr)] string? s);
    [DllImport(Lib, EntryPoint = "str_in", CharSet = CharSet.Unicode)] private static extern int str_in_utf8([MarshalAs(UnmanagedType.LPUTF8Str)] string? s);
    [DllImport(Lib, EntryPoint = "str_in", CharSet = CharSet.Auto)] private static extern int auto_in(string? s);
    [DllImport(Lib, EntryPoint = "str_in", CharSet = CharSet.None)] private static extern int none_in(string? s);
    [DllImport(Lib, CharSet = CharSet.Unicode)] private static extern int wstr_in(string? s);
    [DllImport(Lib, EntryPoint = "wstr_in")] private static extern int wstr_in_lp([MarshalAs(UnmanagedType.LPWStr)] string? s);
    [DllImport(Lib, EntryPoint = "wstr_in")] private static extern int tstr_in([MarshalAs(UnmanagedType.LPTStr)] string? s);
    [DllImport(Lib, EntryPoint = "wstr_in", CharSet = CharSet.Unicode)] private static extern int wtstr_in([MarshalAs(UnmanagedType.LPTStr)] string? s);
    [DllImport(Lib)] private static extern int bstr_in([MarshalAs(UnmanagedType.BStr)] string? s);
    [DllImport(Lib, EntryPoint = "bstr_in")] private static extern int tbstr_in([MarshalAs(UnmanagedType.TBStr)] string? s);
    [DllImport(Lib, EntryPoint = "bstr_in")] private static extern int abstr_in([MarshalAs(UnmanagedType.AnsiBStr)] string? s);
    [DllImport(Lib)] private static extern int str_bytes(string? s, int n);

    [DllImport(Lib)] private static extern string? str_out(string? s);
    [DllImport(Lib, EntryPoint = "str_out")] [return: MarshalAs(UnmanagedType.LPUTF8Str)] private static extern string? utf8_out([MarshalAs(UnmanagedType.LPUTF8Str)] string? s);
    [DllImport(Lib)] [return: MarshalAs(UnmanagedType.LPWStr)] private static extern string? wstr_out(string? s);
    [DllImport(Lib)] [return: MarshalAs(UnmanagedType.BStr)] private static extern string? bstr_out(string? s);
    [DllImport(Lib)] [return: MarshalAs(UnmanagedType.AnsiBStr)] private static extern string? abstr_out(string? s);
    [DllImport(Lib)] [return: MarshalAs(UnmanagedType.BStr)] private static extern string? bstr_odd();
    [DllImport(Lib)] private static extern string str_broken();
    [DllImport(Lib, CharSet = CharSet.Unicode)] private static extern string wstr_broken();

    [DllImport(Lib)] private static extern void str_ref(ref string? s);
    [DllImport(Lib)] private static extern void str_ref_same(ref string? s);
    [DllImport(Lib, EntryPoint = "str_ref_same")] private static extern void str_ref_in(in string? s);
    [DllImport(Lib)] private static extern void str_ref_null(ref string? s);
    [DllImport(Lib)] private static extern void str_ref_out(out string? s);
    [DllImport(Lib)] private static extern void str_ref_in_place(ref string? s);
    [DllImport(Lib, EntryPoint = "str_ref")] private static extern void utf8_ref([MarshalAs(UnmanagedType.LPUTF8Str)] ref string? s);
    [DllImport(Lib, CharSet = CharSet.Unicode)] private static extern void wstr_ref(ref string? s);
    [DllImport(Lib, CharSet = CharSet.Unicode)] private static extern void wstr_ref_out(out string? s);
    [DllImport(Lib)] private static extern void bstr_ref([MarshalAs(UnmanagedType.BStr)] ref string? s);
    [DllImport(Lib)] private static extern void wstr_write([MarshalAs(UnmanagedType.LPWStr)] string s);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int str_by_value_out([Out] string s);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int str_in_out([In, Out] string s);
    [DllImport(Lib)] private static extern int str_two(string a, [MarshalAs(UnmanagedType.LPWStr)] string b, [MarshalAs(UnmanagedType.LPUTF8Str)] string c);

    [DllImport(Lib)] private static extern void str_upper(StringBuilder? s, int n);
    [DllImport(Lib, EntryPoint = "str_upper")] private static extern void str_upper_in([In] StringBuilder s, int n);
    [DllImport(Lib, EntryPoint = "str_upper")] private static extern void str_upper_inout([In, Out] StringBuilder s, int n);
    [DllImport(Lib, EntryPoint = "str_upper")] private static extern void str_upper_out([Out] StringBuilder s, int n);
    [DllImport(Lib, EntryPoint = "str_upper")] private static extern void str_upper8([MarshalAs(UnmanagedType.LPUTF8Str)] StringBuilder s, int n);
    [DllImport(Lib, CharSet = CharSet.Unicode)] private static extern void wstr_upper(StringBuilder? s, int n);
    [DllImport(Lib, EntryPoint = "wstr_upper")] private static extern void wstr_upper_lp([MarshalAs(UnmanagedType.LPWStr)] StringBuilder s, int n);
    [DllImport(Lib, EntryPoint = "wstr_upper", CharSet = CharSet.Unicode)] private static extern void wstr_upper_out([Out] StringBuilder? s, int n);
    [DllImport(Lib, EntryPoint = "wstr_upper")] private static extern void tstr_upper([MarshalAs(UnmanagedType.LPTStr)] StringBuilder s, int n);
    [DllImport(Lib)] private static extern void str_fill(StringBuilder s, int n, int c);
    [DllImport(Lib, CharSet = CharSet.Unicode)] private static extern void wstr_fill(StringBuilder s, int n, int c);
    [DllImport(Lib)] private static extern void str_put(StringBuilder s, string from);
    [DllImport(Lib, EntryPoint = "str_ref_same")] private static extern void builder_ref(ref StringBuilder s);
    [DllImport(Lib, EntryPoint = "str_out")] private static extern StringBuilder? builder_return(string? s);
    [DllImport(Lib, EntryPoint = "wstr_out")] [return: MarshalAs(UnmanagedType.LPWStr)] private static extern StringBuilder? wbuilder_return(string? s);

    private static readonly string?[] s_texts = [null, "", "a", "h\u00e9llo", "\u65e5\u672c\u8a9e", "\ud83d\ude00!", "em\0bedded", "x\ud800y", new string('z', 300)];

    private static object? With(string? s, Action<StringBuilder> f, int capacity = 16)
    {
        var b = new StringBuilder(s, capacity);
        f(b);
        return b.ToString() + "/" + b.Capacity + "/" + b.Length;
    }

    private static void Main()
    {
        foreach (string? s in s_texts)
        {
            P("ansi", () => str_in(s));
            P("strict", () => str_in_strict(s));
            P("lpstr", () => str_in_lp(s));
            P("utf8", () => str_in_utf8(s));
            P("none", () => none_in(s));
            P("unicode", () => wstr_in(s));
            P("lpwstr", () => wstr_in_lp(s));
            P("lptstr", () => tstr_in(s));
            P("wtstr", () => wtstr_in(s));
            P("bstr", () => bstr_in(s));
            P("tbstr", () => tbstr_in(s));
            P("ansibstr", () => abstr_in(s));
            P("back", () => str_out(s));
            P("back utf8", () => utf8_out(s));
            P("ref", () => { string? x = s; str_ref(ref x); return x; });
            P("ref same", () => { string? x = s; str_ref_same(ref x); return x; });
            P("ref in", () => { string? x = s; str_ref_in(in x); return x; });
            P("ref null", () => { string? x = s; str_ref_null(ref x); return x; });
            P("ref in place", () => { string? x = s; str_ref_in_place(ref x); return x; });
            P("out", () => { string? x = s; str_ref_out(out x); return x; });
            P("utf8 ref", () => { string? x = s; utf8_ref(ref x); return x; });
            P("wide ref", () => { string? x = s; wstr_ref(ref x); return x; });
            P("wide out", () => { string? x = s; wstr_ref_out(out x); return x; });
            P("bstr ref", () => { string? x = s; bstr_ref(ref x); return x; });
        }
        P("bytes", () => str_bytes("em\0bedded", 11));
        P("auto", () => auto_in("ab"));
        P("wide back", () => wstr_out("wide") + wstr_out(null));
        P("bstr back", () => bstr_out("bstr") + bstr_out(null));
        P("ansi bstr back", () => abstr_out("abstr") + abstr_out(null));
        P("odd bstr", () => { string s = bstr_odd()!; bstr_in(s); return s; });
        P("broken", () => str_broken());
        P("broken wide", () => wstr_broken());
        string pinned = new string('p', 3);
        wstr_write(pinned);
        P("written in place", () => pinned);
        P("by value out", () => str_by_value_out("x"));
        P("by value in out", () => str_in_out("x"));
        P("several", () => str_two("a", "b", "c\u00e9"));

        P("builder", () => With("abc", b => str_upper(b, 10)));
        P("builder non ascii", () => With("\u00e9\u00e9a", b => str_upper(b, 10)));
        P("builder grows not", () => With("abcdef", b => str_upper(b, 3), 6));
        P("builder null", () => { str_upper(null, 1); return null; });
        P("builder in", () => With("abc", b => str_upper_in(b, 10)));
        P("builder inout", () => With("abc", b => str_upper_inout(b, 10)));
        P("builder out", () => With("abc", b => str_upper_out(b, 10)));
        P("builder utf8", () => With("abc\u00e9", b => str_upper8(b, 10)));
        P("wbuilder", () => With("abc\u00e9", b => wstr_upper(b, 10)));
        P("wbuilder null", () => { wstr_upper(null, 1); return null; });
        P("wbuilder lp", () => With("abc", b => wstr_upper_lp(b, 10)));
        P("wbuilder out null", () => { wstr_upper_out(null, 10); return null; });
        P("tbuilder", () => With("abc", b => tstr_upper(b, 10)));
        P("fill", () => With("", b => str_fill(b, 16, 'x')));
        P("fill 1", () => With("", b => str_fill(b, 17, 'x')));
        P("wide fill", () => With("", b => wstr_fill(b, 16, 'x')));
        P("put", () => With("", b => str_put(b, "n\u00e9\u00e9")));
        P("many chunks", () => { var b = new StringBuilder("a", 1); for (int i = 0; i < 100; i++) b.Append("chunk "); str_upper(b, 6); return b.ToString()[..20]; });
        P("builder ref", () => { var b = new StringBuilder("x"); builder_ref(ref b); return b; });
        P("builder return", () => builder_return("abc"));
        P("wbuilder return", () => wbuilder_return("abc"));
    }
}
