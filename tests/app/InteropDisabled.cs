// DisableRuntimeMarshalling: values go as they are, all else is refused.
// native: lib/Interop.c
// also: common/Native.cs
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Native;
[assembly: DisableRuntimeMarshalling]

internal struct Flags { public bool A; public char B; public byte C; }
internal struct Text { public string? S; }
[StructLayout(LayoutKind.Auto)] internal struct Auto { public byte A; public int B; }
internal struct Generic<T> { public T X; }
[StructLayout(LayoutKind.Sequential)] internal class Layout { public int X; }
internal enum E : short { A = 5 }
internal delegate bool Bool(bool b);
internal delegate int TakesText(string s);
internal delegate int Int(int x);

internal static class Refused
{
    private const string N = "nothing";
    [DllImport(Lib, EntryPoint = N)] private static extern int A1(string s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A2(ref int s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A3(int[] s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A4(object s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A5(Layout s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A6(Text s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A7(Auto s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A8(Int128 s);
    [DllImport(Lib, EntryPoint = N)] private static extern int A9(Int s);
    [DllImport(Lib, EntryPoint = N)] private static extern string B1();
    [DllImport(Lib, EntryPoint = N)] private static extern Text B2();
    [DllImport(Lib, EntryPoint = N, SetLastError = true)] private static extern int B3();
    [DllImport(Lib, EntryPoint = N, PreserveSig = false)] private static extern void B4();
    [DllImport(Lib, EntryPoint = N)] private static extern int B5([MarshalAs(UnmanagedType.I8)] int x);
    [DllImport(Lib, EntryPoint = N)] private static extern int B6(Generic<int> x);
    [DllImport(Lib, EntryPoint = N)] private static extern int B7(int? x);
    [DllImport(Lib, EntryPoint = N)] private static extern int B8(DateTime x);
    [DllImport(Lib, EntryPoint = N)] private static extern int B9(decimal x);
    [DllImport(Lib, EntryPoint = N)] private static extern int C1(GCHandle x);
    [DllImport(Lib, EntryPoint = N)] private static extern int C2(Generic<string> x);
    [DllImport(Lib, EntryPoint = N)] private static extern int C3(HandleRef x);
    [DllImport(Lib, EntryPoint = N)] private static extern int C4(TimeSpan x);
    [DllImport(Lib, EntryPoint = N)] private static extern int C5([MarshalAs(UnmanagedType.LPStr)] string x);
}

internal static unsafe class Program
{
    [DllImport(Lib, EntryPoint = "byte_in")] private static extern int bool_in(bool b);
    [DllImport(Lib, EntryPoint = "byte_in")] private static extern int bool_as([MarshalAs(UnmanagedType.Bool)] bool b);
    [DllImport(Lib, EntryPoint = "short_in")] private static extern int char_in(char c);
    [DllImport(Lib, EntryPoint = "junk_above")] private static extern bool bool_out(ulong x);
    [DllImport(Lib, EntryPoint = "junk_above")] private static extern char char_out(ulong x);
    [DllImport(Lib, EntryPoint = "short_in")] private static extern int enum_in(E e);
    [DllImport(Lib, EntryPoint = "junk_above")] private static extern Flags flags_back(Flags f);
    [DllImport(Lib, EntryPoint = "int_ref")] private static extern void int_ptr(int* p);
    [DllImport(Lib)] private static extern int call_int(delegate* unmanaged<int, int> f, int x);
    [UnmanagedCallersOnly] private static int Plus(int x) => x + 1;

    private static void Main()
    {
        P("bool", () => bool_in(true) + bool_in(false));
        P("bool as", () => bool_as(true));
        P("char", () => char_in('\u20ac'));
        P("bool out", () => $"{bool_out(256)} {bool_out(1)} {bool_out(0x100)}");
        P("char out", () => (int)char_out(0x12345));
        P("enum", () => enum_in(E.A));
        P("flags", () => { Flags f = flags_back(new() { A = true, B = 'x', C = 3 }); return $"{f.A} {f.B} {f.C} {sizeof(Flags)}"; });
        P("pointer", () => { int x = 3; int_ptr(&x); return x; });
        P("callers only", () => call_int(&Plus, 3));
        P("size", () => Marshal.SizeOf<Flags>());
        Bool b = x => !x;
        P("delegate", () => ((delegate* unmanaged<bool, bool>)Marshal.GetFunctionPointerForDelegate(b))(true));
        P("delegate back", () => Marshal.GetDelegateForFunctionPointer<Bool>(NativeLibrary.GetExport(NativeLibrary.Load(Lib, typeof(Program).Assembly, null), "junk_above"))(true));
        P("delegate refused", () => Marshal.GetDelegateForFunctionPointer<TakesText>(NativeLibrary.GetExport(NativeLibrary.Load(Lib, typeof(Program).Assembly, null), "str_in")) == null);
        P("pointer text", () => ((delegate* unmanaged<string, int>)NativeLibrary.GetExport(NativeLibrary.Load(Lib, typeof(Program).Assembly, null), "str_in"))("t"));
        CallAll(typeof(Refused));
        GC.KeepAlive(b);
    }
}
