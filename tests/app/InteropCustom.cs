// ICustomMarshaler in every position, and what is wrong with marshalers; UnmanagedType.AsAny; the class library's own array marshalers.
// native: lib/Interop.c
// also: common/Native.cs
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;

internal class Box
{
    public string? Text;
    public override string ToString() => "box " + Text;
}

internal class BoxMarshaler : ICustomMarshaler
{
    private readonly string _cookie;
    private BoxMarshaler(string cookie) => _cookie = cookie;
    public static ICustomMarshaler GetInstance(string cookie) { Console.WriteLine($"instance '{cookie}'"); return new BoxMarshaler(cookie); }
    public void CleanUpManagedData(object o) => Console.WriteLine($"  clean managed {o} {_cookie}");
    public void CleanUpNativeData(nint p) { Console.WriteLine($"  clean native {p != 0} {_cookie}"); Marshal.FreeCoTaskMem(p); }
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) { Console.WriteLine($"  to native {o} {_cookie}"); return Marshal.StringToCoTaskMemUTF8(((Box)o).Text); }
    public object MarshalNativeToManaged(nint p) { Console.WriteLine($"  to managed {_cookie}"); return new Box { Text = Marshal.PtrToStringUTF8(p) }; }
}

internal class UpperMarshaler : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) => new UpperMarshaler();
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) => Marshal.FreeCoTaskMem(p);
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) => Marshal.StringToCoTaskMemUTF8(((string)o).ToUpperInvariant());
    public object MarshalNativeToManaged(nint p) => Marshal.PtrToStringUTF8(p)!.ToLowerInvariant();
}

internal class NotOne { }
internal class NoInstance : UpperMarshaler { }
internal class WrongInstance : ICustomMarshaler
{
    public static object GetInstance(int cookie) => new WrongInstance();
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) { }
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) => 0;
    public object MarshalNativeToManaged(nint p) => null!;
}
internal class NullInstance : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) => null!;
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) { }
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) => 0;
    public object MarshalNativeToManaged(nint p) => null!;
}
internal class ThrowingInstance : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) => throw new FormatException("from GetInstance " + cookie);
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) { }
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) => 0;
    public object MarshalNativeToManaged(nint p) => null!;
}
internal class ThrowingConversion : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) => new ThrowingConversion();
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) => Console.WriteLine("  cleaned");
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) => throw new FormatException("cannot convert");
    public object MarshalNativeToManaged(nint p) => throw new FormatException("cannot convert back");
}

[StructLayout(LayoutKind.Sequential)] internal class Point { public int X, Y; }
[StructLayout(LayoutKind.Sequential)] internal class Named { public string? Name; public int N; }

internal static class Program
{
    private const string Box_ = "BoxMarshaler";
    [DllImport(Lib)] private static extern int str_in([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "in")] Box? b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int str_in_again([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "in")] Box? b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int str_in_object([M(U.CustomMarshaler, MarshalType = Box_)] object? b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int str_inout([In, Out, M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "inout")] Box? b);
    [DllImport(Lib, EntryPoint = "str_out")] [return: M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "return")] private static extern Box? str_back(string? s);
    [DllImport(Lib)] private static extern void str_ref([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "ref")] ref Box? b);
    [DllImport(Lib)] private static extern void str_ref_out([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "refout")] out Box? b);
    [DllImport(Lib, EntryPoint = "str_ref_same")] private static extern void str_ref_in([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "refin")] in Box? b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int upper([M(U.CustomMarshaler, MarshalTypeRef = typeof(UpperMarshaler))] string? b);
    [DllImport(Lib, EntryPoint = "str_out")] [return: M(U.CustomMarshaler, MarshalTypeRef = typeof(UpperMarshaler))] private static extern string? lower(string s);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int array([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler))] int[]? b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int not_one([M(U.CustomMarshaler, MarshalTypeRef = typeof(NotOne))] string b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int no_instance([M(U.CustomMarshaler, MarshalTypeRef = typeof(NoInstance))] string b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int wrong_instance([M(U.CustomMarshaler, MarshalTypeRef = typeof(WrongInstance))] string b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int null_instance([M(U.CustomMarshaler, MarshalTypeRef = typeof(NullInstance))] string b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int throwing_instance([M(U.CustomMarshaler, MarshalTypeRef = typeof(ThrowingInstance), MarshalCookie = "c")] string b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int throwing([M(U.CustomMarshaler, MarshalTypeRef = typeof(ThrowingConversion))] string b);
    [DllImport(Lib, EntryPoint = "str_out")] [return: M(U.CustomMarshaler, MarshalTypeRef = typeof(ThrowingConversion))] private static extern string throwing_back(string b);
    [DllImport(Lib, EntryPoint = "str_in")] private static extern int two([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "first")] Box b, [M(U.CustomMarshaler, MarshalTypeRef = typeof(ThrowingConversion))] string c);
    [return: M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "cb return")]
    private delegate Box? BoxCallback([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "cb")] Box? b);
    [DllImport(Lib)] private static extern nint call_str(BoxCallback f);
    private delegate void BoxRefCallback([M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "cbref")] ref Box? a, [M(U.CustomMarshaler, MarshalTypeRef = typeof(BoxMarshaler), MarshalCookie = "cbout")] out Box? b);
    [DllImport(Lib)] private static extern void call_str_ref(BoxRefCallback f);

    [DllImport(Lib, EntryPoint = "array_bytes")] private static extern void any([M(U.AsAny)] object? o, int n);
    [DllImport(Lib, EntryPoint = "array_bytes", CharSet = CharSet.Unicode)] private static extern void any_wide([M(U.AsAny)] object? o, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void any_double([In, Out, M(U.AsAny)] object o, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void any_double_out([Out, M(U.AsAny)] object o, int n);
    [DllImport(Lib, EntryPoint = "array_double")] private static extern void any_double_in([M(U.AsAny)] object o, int n);
    [DllImport(Lib, EntryPoint = "str_upper")] private static extern void any_upper([In, Out, M(U.AsAny)] object o, int n);
    [DllImport(Lib, EntryPoint = "array_set")] private static extern void any_set([In, Out, M(U.AsAny)] object o, int n);
    [DllImport(Lib, EntryPoint = "wstr_upper", CharSet = CharSet.Unicode)] private static extern void any_upper_wide([In, Out, M(U.AsAny)] object o, int n);

    private static void Main()
    {
        P("in", () => str_in(new Box { Text = "hello" }));
        P("in again", () => str_in_again(new Box { Text = "again" }));
        P("in null", () => str_in(null));
        P("object", () => str_in_object(new Box { Text = "object" }));
        P("inout", () => str_inout(new Box { Text = "io" }));
        P("inout null", () => str_inout(null));
        P("return", () => str_back("back"));
        P("return null", () => str_back(null));
        P("ref", () => { Box? b = new Box { Text = "r" }; str_ref(ref b); return b; });
        P("ref null", () => { Box? b = null; str_ref(ref b); return b; });
        P("ref out", () => { str_ref_out(out Box? b); return b; });
        P("ref in", () => { Box b = new Box { Text = "ri" }; str_ref_in(in b!); return b; });
        P("string", () => upper("abc"));
        P("string back", () => lower("ABC"));
        P("array null", () => array(null));
        P("array", () => array([1]));
        P("not one", () => not_one("x"));
        P("no instance", () => no_instance("x"));
        P("wrong instance", () => wrong_instance("x"));
        P("null instance", () => null_instance("x"));
        P("throwing instance", () => throwing_instance("x"));
        P("throwing", () => throwing("x"));
        P("throwing back", () => throwing_back("x"));
        P("two", () => two(new Box { Text = "1" }, "2"));
        P("callback", () => Marshal.PtrToStringUTF8(call_str(b => { Console.WriteLine(b); return new Box { Text = "made" }; })));
        P("callback null", () => call_str(b => null));
        P("callback ref", () => call_str_ref((ref Box? a, out Box? b) => { Console.WriteLine(a); a = new Box { Text = "a" }; b = new Box { Text = "b" }; }));

        P("any null", () => any(null, 0));
        P("any string", () => any("h\u00e9", 4));
        P("any wide string", () => any_wide("h\u00e9", 6));
        P("any bytes", () => any(new byte[] { 1, 2 }, 2));
        P("any ints", () => any(new[] { 1, 2 }, 8));
        P("any bools", () => any(new[] { true, false }, 8));
        P("any chars", () => any(new[] { 'a', 'b' }, 2));
        P("any wide chars", () => any_wide(new[] { 'a', 'b' }, 4));
        P("any doubles", () => any(new[] { 1.5, -1 }, 16));
        P("any strings", () => any(new[] { "a" }, 0));
        P("any class", () => any(new Point { X = 1, Y = 2 }, 8));
        P("any named", () => any(new Named { N = 2 }, 12));
        P("any no layout", () => any(new Box(), 0));
        P("any struct", () => any(5, 4));
        P("any builder", () => any(new StringBuilder("build"), 6));
        P("any list", () => any(new List<int>(), 0));
        P("any enum", () => any(DayOfWeek.Friday, 4));
        P("any jagged", () => any(new int[1][], 0));
        P("any rank", () => any(new int[1, 2], 8));
        P("double", () => { int[] a = [1, 2]; any_double(a, 2); return a; });
        P("double out", () => { int[] a = [1, 2]; any_double_out(a, 2); return a; });
        P("double in", () => { int[] a = [1, 2]; any_double_in(a, 2); return a; });
        P("double class", () => { Point p = new() { X = 1, Y = 2 }; any_double(p, 2); return $"{p.X} {p.Y}"; });
        P("double class in", () => { Point p = new() { X = 1, Y = 2 }; any_double_in(p, 2); return $"{p.X} {p.Y}"; });
        P("upper builder", () => { StringBuilder b = new("abc", 10); any_upper(b, 3); return b; });
        P("upper wide builder", () => { StringBuilder b = new("abc", 10); any_upper_wide(b, 3); return b; });
        P("set chars", () => { char[] c = ['a', 'b']; any_set(c, 2); return c; });
        P("set bools", () => { bool[] c = [false, true]; any_set(c, 8); return c; });
        Arrays();
    }

    private static object? Call(string type, string name, params object?[] args)
    {
        MethodInfo m = Type.GetType("System.StubHelpers." + type)!.GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
            .First(m => m.Name == name && !m.Attributes.HasFlag(MethodAttributes.PinvokeImpl));
        object? r = m.Invoke(null, args);
        return m.ReturnType == typeof(void) ? args[1] : r;
    }

    // The class library's own steps, as marshalling stubs of the reference call them.
    private static unsafe void Arrays()
    {
        nint* state = stackalloc nint[8];
        int* memory = stackalloc int[8];
        nint s = (nint)state, native = 0, home = (nint)(&native), fixed_ = (nint)memory;
        P("native array", () =>
        {
            const string A = "MngdNativeArrayMarshaler";
            Call(A, "CreateMarshaler", s, typeof(int).TypeHandle.Value, 3, false, (nint)0);
            Call(A, "ConvertSpaceToNative", s, new[] { 5, 6 }, home);
            Call(A, "ConvertContentsToNative", s, new[] { 5, 6 }, home);
            nint p = *(nint*)home;
            int sum = ((int*)p)[0] + ((int*)p)[1];
            object? other = Call(A, "ConvertContentsToManaged", s, new int[2], home);
            Call(A, "ClearNative", s, home, 2);
            return sum + " " + Text(other);
        });
        P("bools", () =>
        {
            const string A = "MngdNativeArrayMarshaler";
            Call(A, "CreateMarshaler", s, typeof(bool).TypeHandle.Value, 254, false, (nint)0);
            Call(A, "ConvertSpaceToNative", s, new[] { true, false }, home);
            Call(A, "ConvertContentsToNative", s, new[] { true, false }, home);
            nint p = *(nint*)home;
            int sum = ((int*)p)[0] * 10 + ((int*)p)[1];
            Call(A, "ClearNative", s, home, 2);
            return sum;
        });
    }
}
