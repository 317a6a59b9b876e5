// P/Invoke with marshalling: strings, structs, arrays, callbacks, out and ref, SetLastError, StringBuilder, bool,
// LibraryImport, NativeLibrary resolvers, Marshal, delegates from pointers.
// compile: generators
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

[StructLayout(LayoutKind.Sequential)] internal struct Div { public int Quot, Rem; }
[StructLayout(LayoutKind.Sequential)] internal struct LDiv { public long Quot, Rem; }

[StructLayout(LayoutKind.Sequential)]
internal struct Tm
{
    public int Sec, Min, Hour, Mday, Mon, Year, Wday, Yday, Isdst;
    public long Off;
    public nint Zone;
}

[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Ansi)]
internal struct Marsh
{
    public int A;
    [MarshalAs(UnmanagedType.LPStr)] public string? S;
    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 8)] public string Fixed;
    [MarshalAs(UnmanagedType.ByValArray, SizeConst = 3)] public short[] Arr;
    [MarshalAs(UnmanagedType.U1)] public bool B;
    public double D;
}

[StructLayout(LayoutKind.Sequential)] internal sealed class Cls { public int X; public long Y; }
internal delegate int Cmp(in int a, in int b);
internal delegate int Plain(int a, nint b);
[UnmanagedFunctionPointer(CallingConvention.Cdecl, CharSet = CharSet.Ansi)] internal delegate nint StrFn(string s);

internal static unsafe partial class Program
{
    [DllImport("libc")] private static extern nint strlen(string s);
    [DllImport("libc", EntryPoint = "strlen", CharSet = CharSet.Unicode)] private static extern nint WideLen(string s);
    [DllImport("libc")] private static extern int abs(int x);
    [DllImport("libc")] private static extern Div div(int a, int b);
    [DllImport("libc")] private static extern LDiv ldiv(long a, long b);
    [DllImport("libm.so.6")] private static extern double frexp(double v, out int exp);
    [DllImport("libm.so.6")] private static extern float ldexpf(float v, int e);
    [DllImport("libc")] private static extern void qsort([In, Out] int[] a, nint n, nint size, Cmp c);
    [DllImport("libc", SetLastError = true)] private static extern int close(int fd);
    [DllImport("libc")] private static extern nint getenv(string s);
    [DllImport("libc")] private static extern int snprintf(StringBuilder b, nint n, string f);
    [DllImport("libc")] private static extern nint gmtime_r(in long t, out Tm tm);
    [DllImport("libc")] private static extern nint memcpy(byte[] d, byte[] s, nint n);
    [DllImport("libc")] private static extern byte* strchr(byte* s, int c);
    [DllImport("libc")] private static extern int toupper(char c);
    [DllImport("libc")] private static extern nint memset(ref Marsh0 m, int c, nint n);
    [DllImport("libc")] private static extern int atoi([MarshalAs(UnmanagedType.LPUTF8Str)] string? s);
    [DllImport("libc", EntryPoint = "isalpha")] private static extern bool IsAlpha(int c);
    [DllImport("libc", PreserveSig = true)] private static extern uint getpid();
    [DllImport("libc")] private static extern long strtol(string s, nint end, int b);
    [DllImport("libc", EntryPoint = "memcmp")] private static extern int Compare(Cls a, Cls b, nint n);
    [DllImport("fake-lib-name")] private static extern int labs(int x);
    [DllImport("libc", EntryPoint = "lfind")] private static extern int* Find(in int key, int[] b, ref nint n, nint size, nint cmp);
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)] private static partial nint strnlen(string s, nint n);

    [LibraryImport("libc", EntryPoint = "strerror", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalUsing0]
    private static partial nint StrError(int e);

    [LibraryImport("libc", SetLastError = true)] [return: MarshalAs(UnmanagedType.Bool)] private static partial bool dup(int fd);
    [LibraryImport("libc", EntryPoint = "qsort")]
    private static partial void Sort(Span<long> data, nint n, nint s, delegate* unmanaged<long*, long*, int> c);
    [SuppressGCTransition, DllImport("libc", EntryPoint = "abs")] private static extern int FastAbs(int x);
    private struct Marsh0 { public int A, B; }
    [AttributeUsage(AttributeTargets.ReturnValue)] private sealed class MarshalUsing0Attribute : Attribute { }
    [UnmanagedCallersOnly] private static int Desc(long* a, long* b) => b->CompareTo(*a);
    private static string T(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        Console.WriteLine($"{strlen("hello é")} {WideLen("a")} {abs(-5)} {div(17, 5).Quot}{div(17, 5).Rem} {ldiv(-17, 5).Rem} " +
            $"{frexp(10, out int e)} {e} {ldexpf(1.5f, 4)} {toupper('q')} {atoi("42x")} {IsAlpha('a')} {IsAlpha('1')} " +
            $"{getpid() == Environment.ProcessId} {strtol("ff", 0, 16)} {FastAbs(-9)}");
        int[] a = [3, 1, 2];
        int calls = 0;
        qsort(a, 3, 4, (in int x, in int y) => { calls++; return x - y; });
        Console.WriteLine(string.Join("", a) + (calls > 0));
        Console.WriteLine(close(-1) + " " + Marshal.GetLastWin32Error() + " " + Marshal.GetLastPInvokeError() + " " + dup(-1) +
            Marshal.GetLastPInvokeErrorMessage());
        var sb = new StringBuilder(64);
        Console.WriteLine(snprintf(sb, 64, "formatted") + sb.ToString());
        gmtime_r(86400L * 365, out Tm tm);
        Console.WriteLine($"{tm.Year} {tm.Mday} {tm.Wday}");
        byte[] d = new byte[4];
        memcpy(d, [1, 2, 3, 4], 3);
        Console.WriteLine(string.Join("", d));
        fixed (byte* p = "find me\0"u8) Console.WriteLine(strchr(p, 'm') - p);
        Marsh0 m0 = default;
        memset(ref m0, 1, 8);
        Console.WriteLine(m0.B);
        Console.WriteLine(Compare(new Cls { X = 1, Y = 2 }, new Cls { X = 1, Y = 2 }, 16) + T(() => labs(1)) + strnlen("abcdef", 3) +
            Marshal.PtrToStringUTF8(StrError(2)) + Marshal.PtrToStringAnsi(getenv("LANG")));
        Span<long> ls = [1, 3, 2];
        Sort(ls, 3, 8, &Desc);
        Console.WriteLine(string.Join("", ls.ToArray()));
        NativeLibrary.SetDllImportResolver(typeof(Program).Assembly, (n, asm, path) => n == "resolved-lib" ? NativeLibrary.Load("libm.so.6")
            : 0);
        Console.WriteLine(Resolved(4) + T(() => NativeLibrary.Load("nope")) + NativeLibrary.TryLoad("libc.so.6", out nint lib) +
            (NativeLibrary.GetExport(lib, "puts") != 0) + T(() => NativeLibrary.GetExport(lib, "nope")));
        var ms = new Marsh { A = 7, S = "ansi", Fixed = "fix", Arr = [1, 2, 3], B = true, D = 2.5 };
        nint mem = Marshal.AllocHGlobal(Marshal.SizeOf<Marsh>());
        Marshal.StructureToPtr(ms, mem, false);
        Console.WriteLine($"{Marshal.SizeOf<Marsh>()} {Marshal.ReadInt32(mem)} {Marshal.PtrToStringAnsi(Marshal.ReadIntPtr(mem, 8))} " +
            $"{Marshal.PtrToStringAnsi(mem + 16)} {Marshal.ReadInt16(mem, 26)} {Marshal.OffsetOf<Marsh>("D")}");
        Marsh back = Marshal.PtrToStructure<Marsh>(mem);
        Console.WriteLine($"{back.S}{back.Fixed}{back.Arr[2]}{back.B}{back.D}");
        Marshal.DestroyStructure<Marsh>(mem);
        Marshal.FreeHGlobal(mem);
        Plain pl = (x, y) => x + (int)y;
        nint fp = Marshal.GetFunctionPointerForDelegate(pl);
        Console.WriteLine(((delegate* unmanaged<int, nint, int>)fp)(3, 4) + " " +
            ReferenceEquals(Marshal.GetDelegateForFunctionPointer<Plain>(fp), pl));
        StrFn sl = Marshal.GetDelegateForFunctionPointer<StrFn>(NativeLibrary.GetExport(lib, "strlen"));
        Console.WriteLine(sl("delegate"));
        GC.KeepAlive(pl);
        nint u = Marshal.StringToCoTaskMemUTF8("utf é");
        Console.WriteLine(Marshal.PtrToStringUTF8(u) + Marshal.ReadByte(u, 4));
        Marshal.FreeCoTaskMem(u);
        nint bs = Marshal.StringToHGlobalUni("uni");
        Console.WriteLine(Marshal.PtrToStringUni(bs, 2));
        Marshal.FreeHGlobal(bs);
        int[] copy = new int[3];
        fixed (int* src = a) Marshal.Copy((nint)src, copy, 0, 3);
        Console.WriteLine(copy[2]);
        using var sh = new SafeMem(16);
        bool got = false;
        sh.DangerousAddRef(ref got);
        Console.WriteLine(got + " " + sh.IsInvalid);
        sh.DangerousRelease();
        Console.WriteLine(T(() => { fixed (char* c = "x") return Marshal.SizeOf(typeof(List<int>)); }));
        Console.WriteLine(Marshal.GetHRForException(new FormatException()).ToString("X") +
            Marshal.GetExceptionForHR(unchecked((int)0x80070057))!.GetType().Name);
        int threadVal = 0;
        var th = new Thread(() => { int[] q = [2, 1]; qsort(q, 2, 4, (in int x, in int y) => { threadVal = q.Length; return x - y; }); });
        th.Start();
        th.Join();
        Console.WriteLine(threadVal);
    }

    [DllImport("resolved-lib", EntryPoint = "sqrt")] private static extern double Resolved(double x);

    private sealed class SafeMem : SafeHandle
    {
        public SafeMem(int n) : base(0, true) => SetHandle(Marshal.AllocHGlobal(n));
        public override bool IsInvalid => handle == 0;
        protected override bool ReleaseHandle() { Marshal.FreeHGlobal(handle); Console.WriteLine("released"); return true; }
    }
}
