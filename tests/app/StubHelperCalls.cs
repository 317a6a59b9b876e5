// Calls of the class library that the reference's marshalling stubs and compiled code make, made by reflection: each does here what it does there.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal class Base
{
    public virtual string Name() => "base";
    public virtual string Of<T>() => "base " + typeof(T).Name;
}

internal class Derived : Base
{
    public override string Name() => "derived";
    public override string Of<T>() => "derived " + typeof(T).Name;
}

internal class Marshaler : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) { Console.WriteLine("instance " + cookie); return new Marshaler(); }
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) { }
    public int GetNativeDataSize() => 3;
    public nint MarshalManagedToNative(object o) => 0;
    public object MarshalNativeToManaged(nint p) => "";
}

internal class Statics
{
    public static int X = 5;
    static Statics() => Console.WriteLine("class constructor");
}

internal static unsafe class Program
{
    private const BindingFlags All = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance;
    private const string Stubs = "System.StubHelpers.StubHelpers", Table = "System.Runtime.CompilerServices.MethodTable",
        Casts = "System.Runtime.CompilerServices.CastHelpers", Throws = "Internal.Runtime.CompilerHelpers.ThrowHelpers", Fixed = "System.StubHelpers.MngdFixedArrayMarshaler",
        Native = "System.StubHelpers.MngdNativeArrayMarshaler";

    [DllImport("nothing")] private static extern int Custom([MarshalAs(UnmanagedType.CustomMarshaler, MarshalTypeRef = typeof(Marshaler), MarshalCookie = "cookie")] object o);

    private static MethodInfo Method(string type, string name, int n) => typeof(object).Assembly.GetType(type, true)!.GetMethods(All)
        .First(m => m.Name == name && m.GetParameters() is { } p && p.Length == n && !p.Any(x => x.ParameterType.IsByRefLike));

    private static object? Call(string type, string name, params object?[] args)
    {
        MethodInfo m = Method(type, name, args.Length);
        ParameterInfo[] p = m.GetParameters();
        object?[] given = [.. args.Select((x, i) => x is nint v && p[i].ParameterType.IsPointer ? Pointer.Box((void*)v, p[i].ParameterType) : x)];
        object? result = m.Invoke(null, given);
        return m.ReturnType == typeof(void) && p.Length > 1 && p[1].ParameterType.IsByRef ? given[1] : result;
    }

    private static nint Address(string type, string name, int n) => Method(type, name, n).MethodHandle.GetFunctionPointer();
    private static nint Of(Type t) => t.TypeHandle.Value;
    private static nint Of(string method) => typeof(Program).GetMethod(method, All)!.MethodHandle.Value;

    private static void P(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f()}"); }
        catch (Exception e)
        {
            if (e is TargetInvocationException) e = e.InnerException!;
            Console.WriteLine($"{what}: {e.GetType().Name} {e.HResult:x}: {e.Message}");
        }
    }

    private static void P(string what, Action f) => P(what, () => { f(); return "done"; });

    private static object? FixedArray(nint state, nint native)
    {
        int* at = (int*)native;
        Call(Fixed, "CreateMarshaler", state, Of(typeof(int)), 3 /* VT_I4 */, 3, (nint)0);
        Call(Fixed, "ConvertSpaceToNative", state, new[] { 1, 2, 3 }, native);
        Call(Fixed, "ConvertContentsToNative", state, new[] { 1, 2, 3 }, native);
        int sum = at[0] + at[1] + at[2];
        object? back = Call(Fixed, "ConvertSpaceToManaged", state, null, native);
        Call(Fixed, "ConvertContentsToManaged", state, back, native);
        Call(Fixed, "ClearNativeContents", state, back, native);
        return sum + ": " + string.Join(",", (int[])back!);
    }

    private static object? NativeArray(nint state, nint home)
    {
        int* numbers = stackalloc int[] { 4, 5 };
        *(nint*)home = (nint)numbers;
        Call(Native, "CreateMarshaler", state, Of(typeof(int)), 3, false, (nint)0);
        object? back = Call(Native, "ConvertSpaceToManaged", state, null, home, 2);
        Call(Native, "ConvertContentsToManaged", state, back, home);
        return string.Join(",", (int[])back!);
    }

    private static void Main()
    {
        int* sizes = stackalloc int[] { 2, 3 };
        nint* state = stackalloc nint[8];
        nint* native = stackalloc nint[8];
        nint lengths = (nint)sizes, states = (nint)state, memory = (nint)native;
        P("array", () => { var a = (Array)Call("System.Array", "CreateInstanceMDArray", Of(typeof(int[,])), 2u, lengths)!; return $"{a.GetType()} {a.GetLength(0)} {a.GetLength(1)}"; });
        P("class constructor", () => { Call("System.Runtime.CompilerServices.InitHelpers", "InitClassSlow", Of(typeof(Statics))); });
        P("ancestor", () => ((delegate*<nint, nint, nint>)Address(Table, "GetMethodTableMatchingParentClass", 1))(Of(typeof(Derived)), Of(typeof(Base))) == Of(typeof(Base)));
        P("no ancestor", () => ((delegate*<nint, nint, nint>)Address(Table, "GetMethodTableMatchingParentClass", 1))(Of(typeof(Derived)), Of(typeof(string))));
        P("virtual", () => ((delegate*<object, string>)(nint)Call("System.Runtime.CompilerServices.VirtualDispatchHelpers", "VirtualFunctionPointerSlow", new Derived(), Of(typeof(Base)),
            typeof(Base).GetMethod("Of")!.MakeGenericMethod(typeof(int)).MethodHandle.Value)!)(new Derived()));
        P("construct", () =>
        {
            var d = (Func<string>)RuntimeHelpers.GetUninitializedObject(typeof(Func<string>));
            ((delegate*<object, object, nint, void>)Address("System.Delegate", "DelegateConstruct", 2))(d, new Derived(), typeof(Derived).GetMethod("Name")!.MethodHandle.GetFunctionPointer());
            return d() + d.Method;
        });
        P("adjust", () => (nint)Call("System.Delegate", "AdjustTarget", new Derived(), typeof(Derived).GetMethod("Name")!.MethodHandle.GetFunctionPointer())! != 0);
        P("cast", () => { Call(Casts, "ThrowInvalidCastException", Of(typeof(string)), Of(typeof(int[]))); });
        P("allocator of a field", () => ((delegate*<nint, object>)typeof(RuntimeFieldHandle).GetMethod("GetLoaderAllocatorInternal", All)!.MethodHandle.GetFunctionPointer())(
            typeof(Statics).GetField("X")!.FieldHandle.Value) == null);
        P("allocator of a type", () => ((delegate*<nint, nint>)Address(Table, "GetLoaderAllocatorHandle", 0))(Of(typeof(Derived))));
        P("allocate", () => Call("System.RuntimeTypeHandle", typeof(RuntimeTypeHandle).GetMethods(All).First(m => m.Name.Contains("InternalAllocNoChecksWorker")).Name, Of(typeof(Derived))));
        P("target of a delegate", () => (nint)Call(Stubs, "GetDelegateTarget", (Func<int>)(() => 1))! != 0);
        P("last error", () =>
        {
            var clear = (delegate*<void>)Address(Stubs, "ClearLastError", 0);
            var set = (delegate*<void>)Address(Stubs, "SetLastError", 0);
            set();
            Marshal.SetLastSystemError(7);
            set();
            int first = Marshal.GetLastPInvokeError();
            Marshal.SetLastSystemError(9);
            clear();
            set();
            return first + " " + Marshal.GetLastPInvokeError();
        });
        P("log", () => ((delegate*<nint, nint, void>)Address(Stubs, "LogPinnedArgument", 2))(0, 0));
        P("parameter", () => { Call(Stubs, "ThrowInteropParamException", 1, 2); });
        P("validate", () => { Call(Stubs, "ValidateObject", "text", Of("Main")); Call(Stubs, "ValidateByref", states, Of("Main")); });
        P("debugger", () => { Call(Stubs, "MulticastDebuggerTraceHelper", (Action)(() => { }), 0); });
        P("profiler", () => { object? r = Call(Stubs, "ProfilerBeginTransitionCallback", Of("Main")); Call(Stubs, "ProfilerEndTransitionCallback", Of("Main")); return Pointer.Unbox(r!) != null; });
        int token = typeof(Program).GetMethod("Custom", All)!.GetParameters()[0].MetadataToken;
        for (int i = 0; i < 2; i++) P("custom", () => Call(Stubs, "CreateCustomMarshaler", Of("Custom"), token, Of(typeof(object))));
        P("tracing", () => { Call("System.Diagnostics.Tracing.XplatEventLogger", "LogEventSource", 1, "a", "b", "c"); });
        P("method access", () => { Call(Throws, "ThrowMethodAccessException", Of("Main"), typeof(Derived).GetMethod("Name")!.MethodHandle.Value); });
        P("field access", () => { Call(Throws, "ThrowFieldAccessException", Of("Main"), typeof(Statics).GetField("X")!.FieldHandle.Value); });
        P("class access", () => { Call(Throws, "ThrowClassAccessException", Of("Main"), Of(typeof(Derived))); });
        P("fixed array", () => FixedArray(states, memory));
        P("native array", () => NativeArray(states, memory));
    }
}
