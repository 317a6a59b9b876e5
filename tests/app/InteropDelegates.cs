// Delegates both ways: given to native code with every kind of parameter and result, made over native functions, on threads of native code,
// nested, multicast; identity, refusals.
// native: lib/Interop.c
// also: common/Native.cs
using System.Runtime.InteropServices;
using System.Text;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;

internal struct Inner { public byte B; public int N; }

[StructLayout(LayoutKind.Sequential)]
internal struct Full
{
    public int I;
    public string? S;
    [M(U.LPWStr)] public string? W;
    [M(U.ByValTStr, SizeConst = 8)] public string? Fixed;
    [M(U.ByValArray, SizeConst = 4)] public short[]? Wide;
    [M(U.ByValArray, SizeConst = 3)] public short[]? Numbers;
    [M(U.ByValArray, SizeConst = 2)] public bool[]? Flags;
    public Inner In;
    public double D;
    public Int? Fn;
    [M(U.ByValArray, SizeConst = 2)] public Inner[]? Inners;
    public override readonly string ToString() => $"{I} {Text(S)} {Text(W)} {Text(Fixed)} {Text(Wide)} {Text(Numbers)} {Text(Flags)} {In.B} {In.N} {D}";
}

[StructLayout(LayoutKind.Sequential)]
internal class FullClass
{
    public int I;
    public string? S;
    [M(U.LPWStr)] public string? W;
    [M(U.ByValTStr, SizeConst = 8)] public string? Fixed;
    [M(U.ByValArray, SizeConst = 4)] public short[]? Wide;
    [M(U.ByValArray, SizeConst = 3)] public short[]? Numbers;
    [M(U.ByValArray, SizeConst = 2)] public bool[]? Flags;
    public Inner In;
    public double D;
    public Int? Fn;
    [M(U.ByValArray, SizeConst = 2)] public Inner[]? Inners;
    public override string ToString() => $"{I} {Text(S)} {Text(W)} {Text(Fixed)} {Text(Wide)} {Text(Numbers)} {Text(Flags)} {In.B} {In.N} {D}";
}

internal delegate int Int(int x);
internal delegate int OtherInt(int x);
internal delegate string? Str(string? s);
[return: M(U.LPWStr)] internal delegate string? WStr([M(U.LPWStr)] string? s);
[UnmanagedFunctionPointer(CallingConvention.Cdecl, CharSet = CharSet.Unicode)] internal delegate string? WStr2(string? s);
[return: M(U.BStr)] internal delegate string? BStr([M(U.BStr)] string? s);
internal delegate void StrRef(ref string? a, out string? b);
internal delegate bool Bools(bool a, [M(U.U1)] bool b, ref bool c, [M(U.I1)] out bool d);
internal delegate char Chars(char a, [M(U.U2)] char b, ref char c);
internal delegate int ArrayIn([M(U.LPArray, SizeParamIndex = 1)] int[] a, int n);
internal delegate int ArrayInOut([In, Out, M(U.LPArray, SizeParamIndex = 1)] int[] a, int n);
internal delegate int ArrayConst([M(U.LPArray, SizeConst = 2)] int[] a, int n);
internal delegate int ArrayDefault(int[] a, int n);
internal delegate int BoolArray([In, Out, M(U.LPArray, SizeConst = 3)] bool[] a);
internal delegate int Strings([In, Out, M(U.LPArray, SizeParamIndex = 1)] string[] a, int n);
internal delegate void Builder(StringBuilder b);
internal delegate void TakesFull(Full f);
internal delegate void FullRef(ref Full f);
internal delegate void FullIn(in Full f);
internal delegate void TakesClass(FullClass? f);
internal delegate void TakesClassInOut([In, Out] FullClass? f);
internal delegate Full MakesFull(int x);
internal delegate FullClass? MakesClass(int x);
internal delegate Int? FnFn(Int f);
internal delegate decimal Decimals(decimal a, ref decimal b);
internal delegate DateTime Dates(DateTime a, ref DateTime b);
internal delegate Guid Guids(Guid a, ref Guid b);
internal delegate double Many(double a, float b, long c, int d, int e, int f, int g, int h, int i, double j);
internal delegate void Nothing();
internal delegate T Generic<T>(T x);
internal delegate nint Raw(nint x);
internal delegate object TakesObject(object o);
internal delegate void TakesSafe(Microsoft.Win32.SafeHandles.SafeFileHandle h);
internal delegate Microsoft.Win32.SafeHandles.SafeFileHandle MakesSafe();
internal sealed class Critical() : CriticalHandle(0) { public override bool IsInvalid => false; protected override bool ReleaseHandle() => true; }
internal delegate Critical MakesCritical();
internal delegate void BuilderOut([Out] StringBuilder b);

internal static unsafe class Program
{
    [DllImport(Lib)] private static extern int call_int(Int? f, int x);
    [DllImport(Lib)] private static extern void keep(Int f);
    [DllImport(Lib)] private static extern int call_kept(int x);
    [DllImport(Lib)] private static extern Int get_kept();
    [DllImport(Lib, EntryPoint = "get_kept")] private static extern OtherInt get_kept_other();
    [DllImport(Lib)] private static extern Int get_twice();
    [DllImport(Lib, EntryPoint = "get_twice")] private static extern nint twice_address();
    [DllImport(Lib)] private static extern nint call_str(Str f);
    [DllImport(Lib)] private static extern void call_wstr(WStr f);
    [DllImport(Lib, EntryPoint = "call_wstr")] private static extern void call_wstr2(WStr2 f);
    [DllImport(Lib)] private static extern void call_bstr(BStr f);
    [DllImport(Lib)] private static extern void call_str_ref(StrRef f);
    [DllImport(Lib)] private static extern void call_bools(Bools f);
    [DllImport(Lib)] private static extern void call_chars(Chars f);
    [DllImport(Lib)] private static extern void call_array(ArrayIn f);
    [DllImport(Lib, EntryPoint = "call_array")] private static extern void call_array_inout(ArrayInOut f);
    [DllImport(Lib, EntryPoint = "call_array")] private static extern void call_array_const(ArrayConst f);
    [DllImport(Lib, EntryPoint = "call_array")] private static extern void call_array_default(ArrayDefault f);
    [DllImport(Lib)] private static extern void call_bool_array(BoolArray f);
    [DllImport(Lib)] private static extern void call_strings(Strings f);
    [DllImport(Lib)] private static extern void call_builder(Builder f);
    [DllImport(Lib)] private static extern void call_full(TakesFull f);
    [DllImport(Lib)] private static extern void call_full_ref(FullRef f);
    [DllImport(Lib, EntryPoint = "call_full_ref")] private static extern void call_full_in(FullIn f);
    [DllImport(Lib)] private static extern void call_class(TakesClass f);
    [DllImport(Lib, EntryPoint = "call_class")] private static extern void call_class_inout(TakesClassInOut f);
    [DllImport(Lib)] private static extern void call_class_null(TakesClass f);
    [DllImport(Lib)] private static extern void call_full_return(MakesFull f);
    [DllImport(Lib)] private static extern void call_class_return(MakesClass f);
    [DllImport(Lib)] private static extern void call_fn(FnFn f);
    [DllImport(Lib)] private static extern void call_decimal(Decimals f);
    [DllImport(Lib)] private static extern void call_date(Dates f);
    [DllImport(Lib)] private static extern void call_guid(Guids f);
    [DllImport(Lib)] private static extern void call_double(Many f);
    [DllImport(Lib)] private static extern void call_void(Nothing f);
    [DllImport(Lib)] private static extern int call_on_thread(Int f, int x);
    [DllImport(Lib, EntryPoint = "call_int")] private static extern int call_generic(Generic<int> f, int x);
    [DllImport(Lib, EntryPoint = "call_int")] private static extern int call_abstract(Delegate f, int x);
    [DllImport(Lib, EntryPoint = "call_int")] private static extern int call_multicast(MulticastDelegate f, int x);
    [DllImport(Lib)] private static extern int nested(Int f, int depth);
    [DllImport(Lib)] private static extern int str_in(string s);

    [DllImport(Lib, EntryPoint = "call_void")] private static extern void call_bad(TakesObject f);
    [DllImport(Lib, EntryPoint = "call_void")] private static extern void call_safe(TakesSafe f);
    [DllImport(Lib, EntryPoint = "call_void")] private static extern void call_makes_safe(MakesSafe f);
    [DllImport(Lib, EntryPoint = "call_void")] private static extern void call_makes_critical(MakesCritical f);
    [DllImport(Lib, EntryPoint = "call_builder")] private static extern void call_builder_out(BuilderOut f);
    private delegate int TakesText(string s);
    private delegate nint TextBack(string s);
    private static Int? s_kept;
    private static int Double(int x) => x * 2;
    private static int Depth(int n) => n <= 0 ? 0 : nested(Depth, n - 1);

    private static void Main()
    {
        P("int", () => call_int(x => x + 1, 4));
        P("null", () => call_int(null, 4));
        P("static", () => call_int(Double, 4));
        int total = 0;
        Int many = x => total += x;
        many += x => { total += 10 * x; return 77; };
        P("multicast", () => call_int(many, 2) + " " + total);
        P("str", () => Marshal.PtrToStringUTF8(call_str(s => { Console.WriteLine(Text(s)); return s + "\u00e9"; })));
        P("str null", () => call_str(s => null));
        P("wstr", () => call_wstr(s => s + "\u00e9"));
        P("wstr 2", () => call_wstr2(s => s + "!"));
        P("bstr", () => call_bstr(s => s + "x\0y"));
        P("str ref", () => call_str_ref((ref string? a, out string? b) => { b = "out " + a; a = "changed"; }));
        P("str ref null", () => call_str_ref((ref string? a, out string? b) => { b = null; a = null; }));
        P("bools", () => call_bools((bool a, bool b, ref bool c, out bool d) => { Console.WriteLine($"{a} {b} {c}"); c = false; d = true; return a & b; }));
        P("chars", () => call_chars((char a, char b, ref char c) => { Console.WriteLine($"{a} {(int)b} {c}"); c = 'y'; return 'r'; }));
        P("array", () => call_array((a, n) => { Console.WriteLine(Text(a)); a[0] = 9; return a.Length; }));
        P("array inout", () => call_array_inout((a, n) => { a[0] = 9; return a.Length; }));
        P("array const", () => call_array_const((a, n) => a.Length));
        P("array default", () => call_array_default((a, n) => a.Length));
        P("bool array", () => call_bool_array(a => { a[1] = true; return a.Count(x => x); }));
        P("strings", () => call_strings((a, n) => { Console.WriteLine(Text(a)); a[0] = "new"; return a.Length; }));
        P("builder", () => call_builder(b => b.Append("er").Insert(0, "re")));
        P("full", () => call_full(f => Console.WriteLine(f)));
        P("full ref", () => call_full_ref((ref Full f) => { Console.WriteLine(f); f.S = "changed"; f.I = 70; f.Fixed = "fix"; f.Flags = [true, true]; }));
        P("full in", () => call_full_in((in Full f) => Console.WriteLine(f)));
        P("class", () => call_class(f => { Console.WriteLine(f); f!.I = 70; }));
        P("class inout", () => call_class_inout(f => { Console.WriteLine(f); f!.I = 70; f.S = "changed"; }));
        P("class null", () => call_class_null(f => Console.WriteLine(f == null)));
        P("full return", () => call_full_return(x => new Full { I = x, S = "ret\u00e9", W = "w", Fixed = "f", Wide = new short[4], Numbers = [1, 2, 3], Flags = [true, false], D = 2.5, Inners = new Inner[2] }));
        P("class return", () => call_class_return(x => new FullClass { I = x, S = "ret\u00e9", W = "w", Fixed = "f", Wide = new short[4], Numbers = [1, 2, 3], Flags = [true, false], D = 2.5, Inners = new Inner[2] }));
        P("class return null", () => call_class_return(x => null));
        P("fn", () => call_fn(f => { Console.WriteLine(f(21)); return s_kept = x => f(x) + 1; }));
        P("fn same", () => call_fn(f => f));
        P("fn null", () => call_fn(f => null));
        P("decimal", () => call_decimal((decimal a, ref decimal b) => { b += a; return a * 2; }));
        P("date", () => call_date((DateTime a, ref DateTime b) => { b = b.AddDays(1); return a.AddHours(6); }));
        P("guid", () => call_guid((Guid a, ref Guid b) => { b = a; return b; }));
        P("many", () => call_double((a, b, c, d, e, f, g, h, i, j) => a + b + c + d + e + f + g + h + i + j));
        P("void", () => call_void(() => Console.WriteLine("called")));
        P("thread", () => call_on_thread(x => x + (Thread.CurrentThread.IsThreadPoolThread ? 100 : 1), 4));
        P("nested", () => Depth(10));
        P("generic", () => call_generic(x => x, 1));
        P("abstract", () => call_abstract((Int)Double, 21));
        P("multicast type", () => call_multicast((Int)Double, 21));

        Int kept = x => x - 1;
        keep(kept);
        P("kept", () => call_kept(5));
        P("same object", () => ReferenceEquals(get_kept(), kept));
        P("other type", () => get_kept_other()(5));
        P("pointer twice", () => Marshal.GetFunctionPointerForDelegate(kept) == Marshal.GetFunctionPointerForDelegate(kept));
        P("pointer of equal", () => Marshal.GetFunctionPointerForDelegate((Int)Double) == Marshal.GetFunctionPointerForDelegate(new Int(Double)));
        Int native = get_twice();
        P("native", () => native(21));
        P("native target", () => $"{native.Target == null} {native.GetInvocationList().Length}");
        P("native method", () => native.Method.Name);
        P("native pointer", () => Marshal.GetFunctionPointerForDelegate(native) == twice_address());
        P("native again", () => ReferenceEquals(native, get_twice()) + " " + native.Equals(get_twice()) + " " + (native == get_twice()));
        P("native combined", () => ((Int)(native + kept))(8));
        P("native dynamic", () => native.DynamicInvoke(4));
        P("native to native", () => call_int(native, 8));
        GC.KeepAlive(kept);

        nint lib = NativeLibrary.Load(Lib, typeof(Program).Assembly, null);
        nint strIn = NativeLibrary.GetExport(lib, "str_in");
        P("text", () => Marshal.GetDelegateForFunctionPointer<TakesText>(strIn)("t\u00e9"));
        P("by type", () => ((TakesText)Marshal.GetDelegateForFunctionPointer(strIn, typeof(TakesText)))("u"));
        P("pointer zero", () => Marshal.GetDelegateForFunctionPointer<TakesText>(0));
        P("pointer generic", () => Marshal.GetDelegateForFunctionPointer<Func<int>>(strIn));
        P("pointer generic type", () => Marshal.GetDelegateForFunctionPointer(strIn, typeof(Func<int>)));
        P("pointer no delegate", () => Marshal.GetDelegateForFunctionPointer(strIn, typeof(string)));
        P("pointer abstract", () => Marshal.GetDelegateForFunctionPointer(strIn, typeof(Delegate)));
        P("pointer null type", () => Marshal.GetDelegateForFunctionPointer(strIn, null!));
        P("delegate generic", () => Marshal.GetFunctionPointerForDelegate(new Func<int>(() => 1)));
        P("delegate null", () => Marshal.GetFunctionPointerForDelegate((Delegate)null!));
        P("bad signature", () => Marshal.GetDelegateForFunctionPointer<TakesObject>(strIn) == null);
        P("bad signature to native", () => Marshal.GetFunctionPointerForDelegate<TakesObject>(o => o) != 0);
        P("bad callback", () => call_bad(o => o));
        P("safe callback", () => call_safe(h => { }));
        P("safe callback returned", () => call_makes_safe(() => null!));
        P("critical callback returned", () => call_makes_critical(() => null!));
        P("builder out", () => call_builder_out(b => { Console.WriteLine(b.Length); b.Append("new"); }));
        Raw raw = x => x;
        P("through pointer", () => ((delegate* unmanaged<nint, nint>)Marshal.GetFunctionPointerForDelegate(raw))(9));
        P("invocation", () => ((delegate* unmanaged[Cdecl]<int, int>)twice_address())(9));
    }
}
