// Marshalling that needs stubs: string arrays, arrays of structs with strings, in and out, custom marshalers, callbacks
// with strings and structs, bool and char kinds, HandleRef, SafeHandle results, nested structs.
using System.Runtime.InteropServices;
using System.Text;

[StructLayout(LayoutKind.Sequential)] internal struct Inner { public short A; public short B; }

[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Ansi)]
internal struct Outer
{
    public Inner In;
    [MarshalAs(UnmanagedType.LPUTF8Str)] public string? Name;
    [MarshalAs(UnmanagedType.ByValArray, SizeConst = 2)] public Inner[] Arr;
    public bool Flag;
    public char C;
}

[StructLayout(LayoutKind.Sequential)] internal struct WithString { [MarshalAs(UnmanagedType.LPStr)] public string S; public int N; }
[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int StrCmp([MarshalAs(UnmanagedType.LPStr)] string a, [MarshalAs(UnmanagedType.LPStr)] string b);
[UnmanagedFunctionPointer(CallingConvention.Cdecl)] internal delegate int PtrCmp(ref nint a, ref nint b);
[UnmanagedFunctionPointer(CallingConvention.Cdecl)] internal delegate Inner StructFn(Inner a, ref Outer o, bool flag, double d);
[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate void ArrFn([MarshalAs(UnmanagedType.LPArray, SizeParamIndex = 1)] int[] a, int n, StringBuilder s);

internal sealed class Upper : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) { Console.WriteLine("cookie " + cookie); return new Upper(); }
    public nint MarshalManagedToNative(object o) => Marshal.StringToCoTaskMemUTF8(((string)o).ToUpperInvariant());
    public object MarshalNativeToManaged(nint p) => "from native " + Marshal.PtrToStringUTF8(p);
    public void CleanUpNativeData(nint p) => Marshal.FreeCoTaskMem(p);
    public void CleanUpManagedData(object o) { }
    public int GetNativeDataSize() => -1;
}

internal static unsafe class Program
{
    [DllImport("libc")]
    private static extern nint strlen([MarshalAs(UnmanagedType.CustomMarshaler, MarshalTypeRef = typeof(Upper),
        MarshalCookie = "ck")] string s);

    [DllImport("libc", EntryPoint = "toupper")] private static extern char ToUpper(char c);
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint CopyOut([Out] byte[] dst, nint src, nint n);
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint CopyStruct(out Outer dst, nint src, nint n);
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint CopyNames(nint[] dst, string[] src, nint n);
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint CopyRecs(byte[] dst, [In] WithString[] src, nint n);
    [DllImport("libc", EntryPoint = "strcpy")] private static extern nint StrCpy(StringBuilder d, string s);
    [DllImport("libc", EntryPoint = "strdup")] [return: MarshalAs(UnmanagedType.LPStr)] private static extern string StrDup(string s);
    [DllImport("libc", EntryPoint = "atoi")] private static extern int AtoiWide([MarshalAs(UnmanagedType.LPUTF8Str)] string s);
    [DllImport("libc", EntryPoint = "memchr")] private static extern nint MemChr(HandleRef h, int c, nint n);
    [DllImport("libc", EntryPoint = "qsort")] private static extern void Sort(nint[] a, nint n, nint size, PtrCmp c);
    [DllImport("libc", EntryPoint = "abs")] [return: MarshalAs(UnmanagedType.Bool)] private static extern bool AbsBool(int i);
    [DllImport("libc", EntryPoint = "labs")] private static extern DayOfWeek AbsEnum(DayOfWeek d);
    [DllImport("libc", EntryPoint = "memset")] private static extern SafeMem Memset(nint p, int c, nint n);

    private sealed class SafeMem : SafeHandle
    {
        public SafeMem() : base(0, false) { }
        public override bool IsInvalid => handle == 0;
        protected override bool ReleaseHandle() => true;
    }

    private static void Main()
    {
        Console.WriteLine(strlen("custom é")); Console.WriteLine(ToUpper('x'));
        byte[] dst = new byte[4]; int value = 0x04030201; CopyOut(dst, (nint)(&value), 4); Console.WriteLine(string.Join(",", dst));
        var o = new Outer { In = new() { A = 1, B = 2 }, Name = "né", Arr = [new() { A = 3 }, new() { B = 4 }], Flag = true, C = 'q' };
        nint source = Marshal.AllocHGlobal(Marshal.SizeOf<Outer>());
        Marshal.StructureToPtr(o, source, false);
        CopyStruct(out Outer copy, source, Marshal.SizeOf<Outer>());
        Marshal.FreeHGlobal(source);
        Console.WriteLine($"{Marshal.SizeOf<Outer>()} {copy.In.B} {copy.Name} {copy.Arr[1].B} {copy.Flag} {copy.C}");
        nint[] names = new nint[3]; CopyNames(names, ["one", "two", "three"], 24); Console.WriteLine(names.All(n => n != 0));
        byte[] recs = new byte[32];
        CopyRecs(recs, [new() { S = "r1", N = 5 }, new() { S = "r2", N = 6 }], 32);
        Console.WriteLine(recs[8] + recs[24]);
        var sb = new StringBuilder("xxxxxxxxxxxx");
        StrCpy(sb, "copied");
        Console.WriteLine(sb + " " + sb.Length);
        Console.WriteLine(StrDup("dup") + AtoiWide("77") + AbsBool(0) + AbsBool(-3) + AbsEnum((DayOfWeek)(-2)));
        byte[] hay = [1, 2, 3];
        fixed (byte* p = hay)
        {
            nint at = MemChr(new HandleRef(hay, (nint)p), 3, 3);
            Console.WriteLine(at - (nint)p);
            using SafeMem s = Memset((nint)p, 9, 2);
            Console.WriteLine(!s.IsInvalid && hay[1] == 9);
        }
        string[] words = ["pear", "fig", "apple"];
        nint[] ptrs = words.Select(Marshal.StringToHGlobalAnsi).ToArray();
        Sort(ptrs, 3, 8, (ref nint a, ref nint b) => string.CompareOrdinal(Marshal.PtrToStringAnsi(a), Marshal.PtrToStringAnsi(b)));
        Console.WriteLine(string.Join(",", ptrs.Select(p => Marshal.PtrToStringAnsi(p))));
        foreach (nint p in ptrs) Marshal.FreeHGlobal(p);
        StrCmp sc = (a, b) => a.Length - b.Length;
        var native = (delegate* unmanaged[Cdecl]<byte*, byte*, int>)Marshal.GetFunctionPointerForDelegate(sc);
        fixed (byte* a = "four\0"u8, b = "longer\0"u8) Console.WriteLine(native(a, b));
        GC.KeepAlive(sc);
        StructFn sf = (Inner i, ref Outer x, bool f, double d) =>
        {
            x.Name += "!";
            x.In.A += i.A;
            return new Inner { A = (short)(f ? d : 0), B = i.B };
        };
        StructFn round = Marshal.GetDelegateForFunctionPointer<StructFn>(Marshal.GetFunctionPointerForDelegate(sf));
        Inner res = round(new() { A = 10, B = 20 }, ref o, true, 7.9);
        Console.WriteLine($"{res.A} {res.B} {o.Name} {o.In.A}");
        ArrFn af = (arr, n, s) => Console.WriteLine("none");
        nint fp = Marshal.GetFunctionPointerForDelegate(af);
        Console.WriteLine(fp == Marshal.GetFunctionPointerForDelegate(af));
        try { Marshal.GetDelegateForFunctionPointer<Action>(fp)(); } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
        try { Marshal.GetFunctionPointerForDelegate<Func<int>>(() => 1); }
        catch (ArgumentException) { Console.WriteLine("generic delegate"); }
        try { Marshal.SizeOf<Auto>(); } catch (ArgumentException) { Console.WriteLine("auto layout"); }
        nint block = Marshal.AllocCoTaskMem(Marshal.SizeOf<WithString>());
        Marshal.StructureToPtr(new WithString { S = "deep", N = 3 }, block, false);
        Marshal.StructureToPtr(new WithString { S = "again", N = 4 }, block, true);
        Console.WriteLine(Marshal.PtrToStructure<WithString>(block).S + Marshal.PtrToStructure(block, typeof(WithString)));
        Marshal.DestroyStructure(block, typeof(WithString));
        Marshal.FreeCoTaskMem(block);
        Console.WriteLine(Marshal.UnsafeAddrOfPinnedArrayElement(hay, 0) != 0);
    }

    [StructLayout(LayoutKind.Auto)] private struct Auto { public int A; public byte B; }
}
