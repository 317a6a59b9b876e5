// How native functions are called: last error, PreserveSig, names with A and W, calling conventions, SuppressGCTransition, function
// pointers, UnmanagedCallersOnly, variable arguments; cleaning up after exceptions.
// native: lib/Interop.c
// also: common/Native.cs
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;

internal delegate int Int(int x);
[UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)] internal delegate int SetsError(int x);
[UnmanagedFunctionPointer(CallingConvention.StdCall)] internal delegate int StdCallInt(int x);

internal sealed class Counted : SafeHandle
{
    public Counted(nint h) : base(0, true) => SetHandle(h);
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() { Console.WriteLine("released " + handle); return true; }
}

internal static unsafe class Program
{
    [DllImport(Lib, SetLastError = true)] private static extern int set_errno(int e);
    [DllImport(Lib, EntryPoint = "set_errno")] private static extern int set_errno_plain(int e);
    [DllImport(Lib)] private static extern int get_errno();
    [DllImport(Lib, EntryPoint = "get_errno", SetLastError = true)] private static extern int get_errno_cleared();
    [DllImport(Lib, SetLastError = true, EntryPoint = "str_in")] private static extern int str_error(string s);
    [DllImport(Lib, PreserveSig = false)] private static extern void hr(int code);
    [DllImport(Lib, PreserveSig = false)] private static extern int hr_value(int code);
    [DllImport(Lib, PreserveSig = false)] private static extern string hr_string(int code);
    [DllImport(Lib, PreserveSig = false, EntryPoint = "hr_value")] private static extern bool hr_bool(int code);
    [DllImport(Lib, PreserveSig = false, EntryPoint = "hr_value")] private static extern void hr_out(int code, out int x);
    [DllImport(Lib, PreserveSig = true, EntryPoint = "hr")] private static extern int hr_kept(int code);
    [DllImport(Lib)] private static extern int probed();
    [DllImport(Lib, EntryPoint = "probed", CharSet = CharSet.Unicode)] private static extern int probed_w();
    [DllImport(Lib, EntryPoint = "probed", ExactSpelling = true)] private static extern int probed_exact();
    [DllImport(Lib, EntryPoint = "onlyA")] private static extern int only_a_full();
    [DllImport(Lib, EntryPoint = "only")] private static extern int only_a();
    [DllImport(Lib, EntryPoint = "only", CharSet = CharSet.Unicode)] private static extern int only_w();
    [DllImport(Lib, EntryPoint = "only", CharSet = CharSet.Auto)] private static extern int only_auto();
    [DllImport(Lib, EntryPoint = "only", CharSet = CharSet.None)] private static extern int only_none();
    [DllImport(Lib, EntryPoint = "only", ExactSpelling = true)] private static extern int only_exact();
    [DllImport(Lib, EntryPoint = "#1")] private static extern int ordinal();
    [DllImport(Lib)] private static extern int not_there();
    [DllImport("no-such-library")] private static extern int no_library();
    [DllImport("no-such-library")] private static extern object bad_and_missing(object o);
    [DllImport(Lib, EntryPoint = "raw_int", CallingConvention = CallingConvention.StdCall)] private static extern int stdcall(int x);
    [DllImport(Lib, EntryPoint = "raw_int", CallingConvention = CallingConvention.ThisCall)] private static extern int thiscall(nint x);
    [DllImport(Lib, EntryPoint = "raw_int", CallingConvention = CallingConvention.FastCall)] private static extern int fastcall(int x);
    [DllImport(Lib, EntryPoint = "raw_int"), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])] private static extern int callconv(int x);
    [DllImport(Lib, EntryPoint = "raw_int"), UnmanagedCallConv(CallConvs = [typeof(CallConvSuppressGCTransition)])] private static extern int callconv_suppress(int x);
    [DllImport(Lib, EntryPoint = "raw_int"), SuppressGCTransition] private static extern int suppressed(int x);
    [DllImport(Lib, EntryPoint = "str_in"), SuppressGCTransition] private static extern int suppressed_text(string x);
    [DllImport(Lib, EntryPoint = "set_errno", SetLastError = true), SuppressGCTransition] private static extern int suppressed_error(int x);
    [DllImport(Lib, EntryPoint = "array_double"), SuppressGCTransition] private static extern void suppressed_array(int[] a, int n);
    [DllImport(Lib, EntryPoint = "both_")] private static extern int both(int n, int a, int b);
    [DllImport(Lib, EntryPoint = "both_")] private static extern int varargs(int n, __arglist);
    [DllImport(Lib)] private static extern nint get_twice();
    [DllImport(Lib)] private static extern int call_int(delegate* unmanaged<int, int> f, int x);
    [DllImport(Lib, EntryPoint = "call_int")] private static extern int call_cdecl(delegate* unmanaged[Cdecl]<int, int> f, int x);
    [DllImport(Lib)] private static extern int call_on_thread(delegate* unmanaged<int, int> f, int x);
    [DllImport(Lib, EntryPoint = "call_int")] private static extern int call_delegate(Int f, int x);
    [DllImport(Lib, EntryPoint = "handles_two")] private static extern void two(Counted a, [M(U.CustomMarshaler, MarshalType = "Throwing")] string b);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern nint handle_in(Counted a);
    [DllImport("libc", EntryPoint = "abs")] private static extern int abs(int x);
    [DllImport("libc.so.6", EntryPoint = "labs")] private static extern long labs(long x);
    [DllImport("libm", EntryPoint = "sqrt")] private static extern double sqrt(double x);

    [UnmanagedCallersOnly] private static int Plus(int x) => x + 1;
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])] private static int PlusCdecl(int x) => x + 2;
    [UnmanagedCallersOnly(EntryPoint = "named")] private static double Wide(double a, float b, long c, byte d, short e, nint f, ulong g, char_ h) => a + b + c + d + e + f + g + h.X;
    internal struct char_ { public int X; }
    private static T Static<T>(T x) => x;

    private static void Main()
    {
        P("error", () => set_errno(7) + " " + Marshal.GetLastPInvokeError() + " " + Marshal.GetLastWin32Error() + " " + Marshal.GetLastSystemError());
        P("error kept", () => { set_errno(8); set_errno_plain(9); return Marshal.GetLastPInvokeError(); });
        P("error cleared", () => { Marshal.SetLastSystemError(5); return get_errno_cleared() + " " + Marshal.GetLastPInvokeError(); });
        P("error after marshalling", () => { set_errno(3); str_error("x"); return Marshal.GetLastPInvokeError(); });
        P("error message", () => { set_errno(2); return Marshal.GetLastPInvokeErrorMessage() + "/" + Marshal.GetPInvokeErrorMessage(13) + "/" + Marshal.GetPInvokeErrorMessage(0); });
        P("error set", () => { Marshal.SetLastPInvokeError(77); return Marshal.GetLastPInvokeError(); });
        P("error of thread", () => { set_errno(4); int other = -1; var t = new Thread(() => other = Marshal.GetLastPInvokeError()); t.Start(); t.Join(); return other + " " + Marshal.GetLastPInvokeError(); });
        SetsError sets = Marshal.GetDelegateForFunctionPointer<SetsError>(NativeLibrary.GetExport(NativeLibrary.Load(Lib, typeof(Program).Assembly, null), "set_errno"));
        P("error of delegate", () => sets(6) + " " + Marshal.GetLastPInvokeError());

        P("hr ok", () => hr(0));
        P("hr false", () => hr(1));
        foreach (int code in new[] { unchecked((int)0x80004005), unchecked((int)0x80070057), unchecked((int)0x8007000e), unchecked((int)0x80004001), unchecked((int)0x80131501), unchecked((int)0x80070002),
            unchecked((int)0x80004003), unchecked((int)0x80131509), unchecked((int)0x80004002), unchecked((int)0x80070005), unchecked((int)0x800703e9), unchecked((int)0x81234567), unchecked((int)0x80131620),
            unchecked((int)0x80131515), unchecked((int)0x8000ffff), unchecked((int)0x80020012), unchecked((int)0x80131502), unchecked((int)0x8002000a) })
        {
            P($"hr {code:x}", () => hr(code));
            P("  for", () => { Exception? e = Marshal.GetExceptionForHR(code); return $"{e!.GetType()} {e.Message} {e.HResult:x} {e.InnerException == null}"; });
        }
        P("for 0", () => Marshal.GetExceptionForHR(0));
        P("throw 0", () => Marshal.ThrowExceptionForHR(0));
        P("throw", () => Marshal.ThrowExceptionForHR(unchecked((int)0x80131509), -1));
        P("hr of", () => $"{Marshal.GetHRForException(new ArgumentException()):x} {Marshal.GetHRForException(null)} {Marshal.GetHRForException(new COMException("c", 5)):x}");
        P("hr value", () => hr_value(0));
        P("hr value fails", () => hr_value(unchecked((int)0x80004005)));
        P("hr string", () => hr_string(0));
        P("hr bool", () => hr_bool(0));
        P("hr out", () => { hr_out(0, out int x); return x; });
        P("hr kept", () => hr_kept(-5));

        P("probed", () => probed());
        P("probed w", () => probed_w());
        P("probed exact", () => probed_exact());
        P("only a full", () => only_a_full());
        P("only a", () => only_a());
        P("only w", () => only_w());
        P("only auto", () => only_auto());
        P("only none", () => only_none());
        P("only exact", () => only_exact());
        P("ordinal", () => ordinal());
        P("not there", () => not_there());
        P("not there again", () => not_there());
        P("bad and missing", () => bad_and_missing(1));
        P("stdcall", () => stdcall(1));
        P("thiscall", () => thiscall(2));
        P("fastcall", () => fastcall(3));
        P("callconv", () => callconv(4) + callconv_suppress(5));
        P("suppressed", () => suppressed(6) + suppressed(7));
        P("suppressed text", () => suppressed_text("t\u00e9"));
        P("suppressed error", () => suppressed_error(7) + " " + Marshal.GetLastPInvokeError());
        P("suppressed array", () => { int[] a = [1, 2]; suppressed_array(a, 2); return a; });
        P("variadic as fixed", () => both(2, 3, 4));
        P("varargs", () => CallVarargs());
        P("libc", () => abs(-3) + labs(-4) + sqrt(16));

        delegate* unmanaged<int, int> twice = (delegate* unmanaged<int, int>)get_twice();
        P("pointer", () => ((delegate* unmanaged<int, int>)get_twice())(5));
        P("pointer cdecl", () => ((delegate* unmanaged[Cdecl]<int, int>)get_twice())(5));
        P("pointer suppress", () => ((delegate* unmanaged[SuppressGCTransition]<int, int>)get_twice())(5));
        P("pointer both", () => ((delegate* unmanaged[Cdecl, SuppressGCTransition]<int, int>)get_twice())(5));
        P("pointer stdcall", () => ((delegate* unmanaged[Stdcall]<int, int>)get_twice())(5));
        P("pointer text", () => ((delegate* unmanaged<string, int>)NativeLibrary.GetExport(NativeLibrary.Load(Lib, typeof(Program).Assembly, null), "str_in"))("text\u00e9"));
        P("pointer bool", () => ((delegate* unmanaged<bool, bool>)NativeLibrary.GetExport(NativeLibrary.Load(Lib, typeof(Program).Assembly, null), "raw_int"))(true));
        P("pointer object", () => ((delegate* unmanaged<object, int>)get_twice())("x"));
        P("pointer managed", () => ((delegate*<int, int>)&Static<int>)(5));
        P("callers only", () => call_int(&Plus, 4) + call_cdecl(&PlusCdecl, 5));
        P("callers only called", () => ((delegate* unmanaged<int, int>)&Plus)(6));
        P("callers only wide", () => ((delegate* unmanaged<double, float, long, byte, short, nint, ulong, char_, double>)&Wide)(1, 2, 3, 4, 5, 6, 7, new() { X = 8 }));
        P("callers only as delegate", () => EmittedDelegate());
        P("callers only thread", () => call_on_thread(&Plus, 6));
        P("callers only pointer", () => typeof(Program).GetMethod(nameof(Plus), BindingFlags.NonPublic | BindingFlags.Static)!.MethodHandle.GetFunctionPointer() == (nint)(delegate* unmanaged<int, int>)&Plus);
        nint str_in = NativeLibrary.GetExport(NativeLibrary.Load(Lib, typeof(Program).Assembly, null), "str_in");
        P("emitted calli", () => ((Func<nint, string?, int>)EmittedCalli(new("Calli", typeof(int), [typeof(nint), typeof(string)], typeof(Program).Module)).CreateDelegate(typeof(Func<nint, string?, int>)))(str_in, "text"));
        P("emitted calli anonymous", () => ((Func<nint, string?, int>)EmittedCalli(new("Calli", typeof(int), [typeof(nint), typeof(string)])).CreateDelegate(typeof(Func<nint, string?, int>)))(str_in, "other"));
        P("emitted calli null", () => ((Func<nint, string?, int>)EmittedCalli(new("Calli", typeof(int), [typeof(nint), typeof(string)])).CreateDelegate(typeof(Func<nint, string?, int>)))(str_in, null));
        P("emitted calli type", () => EmittedType().Invoke(null, [str_in, "of a type"]));
        P("stdcall delegate", () => Marshal.GetDelegateForFunctionPointer<StdCallInt>(get_twice())(8));
        P("prelink", () => { foreach (MethodInfo m in typeof(Program).GetMethods(BindingFlags.NonPublic | BindingFlags.Static).Where(m => m.Name is "probed" or "set_errno")) Marshal.Prelink(m); });
        P("prelink all", () => Marshal.PrelinkAll(typeof(PrelinkMe)));
        P("prelink null", () => Marshal.Prelink(null!));
        P("prelink missing", () => Marshal.Prelink(typeof(Program).GetMethod("not_there", BindingFlags.NonPublic | BindingFlags.Static)!));
        P("prelink bad", () => Marshal.Prelink(typeof(Program).GetMethod("bad_and_missing", BindingFlags.NonPublic | BindingFlags.Static)!));
        var handle = new Counted(5);
        P("throws after handle", () => two(handle, "x"));
        handle.Dispose();
        P("no library", () => { try { no_library(); return "?"; } catch (DllNotFoundException e) { return e.Message.Split('\n')[0] + e.TypeName + e.HResult; } });
        P("reflection", () => typeof(Program).GetMethod("probed", BindingFlags.NonPublic | BindingFlags.Static)!.GetCustomAttribute<DllImportAttribute>()!.Value);
        P("as delegate", () => typeof(Program).GetMethod("ten", BindingFlags.NonPublic | BindingFlags.Static) == null ? ((Func<int, int>)stdcall)(9) : 0);
    }

    private static void EmitCall(ILGenerator g)
    {
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Ldarg_0);
        g.EmitCalli(OpCodes.Calli, CallingConvention.Cdecl, typeof(int), [typeof(string)]);
        g.Emit(OpCodes.Ret);
    }
    private static DynamicMethod EmittedCalli(DynamicMethod m) { EmitCall(m.GetILGenerator()); return m; }
    private static int EmittedDelegate()
    {
        var m = new DynamicMethod("New", typeof(Int), [], typeof(Program).Module);
        ILGenerator g = m.GetILGenerator();
        g.Emit(OpCodes.Ldnull);
        g.Emit(OpCodes.Ldftn, typeof(Program).GetMethod(nameof(Plus), BindingFlags.NonPublic | BindingFlags.Static)!);
        g.Emit(OpCodes.Newobj, typeof(Int).GetConstructors()[0]);
        g.Emit(OpCodes.Ret);
        return ((Int)m.Invoke(null, null)!)(1);
    }
    private static MethodInfo EmittedType()
    {
        TypeBuilder t = AssemblyBuilder.DefineDynamicAssembly(new("Emitted"), AssemblyBuilderAccess.Run).DefineDynamicModule("Emitted").DefineType("T", TypeAttributes.Public);
        EmitCall(t.DefineMethod("M", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(nint), typeof(string)]).GetILGenerator());
        return t.CreateType().GetMethod("M")!;
    }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int CallVarargs() => varargs(2, __arglist(3, 4));
    private static class PrelinkMe { [DllImport(Lib)] private static extern int probed(); private static int Other() => 1; }
}

internal class Throwing : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) => new Throwing();
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) { }
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) => throw new FormatException("no");
    public object MarshalNativeToManaged(nint p) => null!;
}
