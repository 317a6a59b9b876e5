// What cannot be marshalled says so with the same exceptions: parameters, results, elements, fields, sizes.
// native: lib/Interop.c
// also: common/Native.cs
using System.Collections;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;
using D = System.Runtime.InteropServices.DllImportAttribute;

internal class NoLayout { public int X; }
[StructLayout(LayoutKind.Auto)] internal struct AutoStruct { public int X; public byte Y; }
[StructLayout(LayoutKind.Sequential)] internal class Layout { public int X; }
[StructLayout(LayoutKind.Sequential)] internal class Complex { public string? X; }
[StructLayout(LayoutKind.Sequential)] internal class WithObject { public object? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasBool { public bool X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasObject { public object? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasArray { public int[]? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasList { public List<int>? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasBuilder { public StringBuilder? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasNoLayout { public NoLayout? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasLayout { public Layout? X; public int Y; }
[StructLayout(LayoutKind.Sequential)] internal struct HasAuto { public AutoStruct X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasVBool { [M(U.VariantBool)] public bool X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasWrongInt { [M(U.I8)] public int X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasWrongString { [M(U.I4)] public string? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasBStr { [M(U.BStr)] public string? X; public int Y; }
[StructLayout(LayoutKind.Sequential)] internal struct HasAnsiBStr { [M(U.AnsiBStr)] public string? X; public int Y; }
[StructLayout(LayoutKind.Sequential)] internal struct HasCustom { [M(U.CustomMarshaler, MarshalType = "x")] public object? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasLpArray { [M(U.LPArray)] public int[]? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasSafeArray { [M(U.SafeArray)] public int[]? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasObjects { [M(U.ByValArray, SizeConst = 2)] public object[]? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasSafeHandle { public Microsoft.Win32.SafeHandles.SafeFileHandle? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasInterface { public IEnumerable? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasUnknown { [M(U.IUnknown)] public object? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasMulti { public int[,]? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasDate { public DateTime X; public decimal Y; public Guid Z; }
[StructLayout(LayoutKind.Sequential)] internal struct HasCurrency { [M(U.Currency)] public decimal Y; }
[StructLayout(LayoutKind.Sequential)] internal struct HasPtrDecimal { [M(U.LPStruct)] public decimal Y; }
[StructLayout(LayoutKind.Sequential)] internal struct HasHandleRef { public HandleRef Y; }
[StructLayout(LayoutKind.Sequential)] internal struct HasNullable { public int? Y; }
[StructLayout(LayoutKind.Sequential)] internal struct HasGeneric { public KeyValuePair<int, int> Y; }
[StructLayout(LayoutKind.Sequential)] internal struct Generic<T> { public T X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasSpanLike { public ReadOnlyMemory<int> Y; }
[StructLayout(LayoutKind.Sequential)] internal struct ZeroString { [M(U.ByValTStr, SizeConst = 0)] public string? X; }
[StructLayout(LayoutKind.Sequential)] internal struct HasNamedVoid { public nint A; public unsafe void* B; public unsafe delegate* unmanaged<int> C; }
[StructLayout(LayoutKind.Sequential)] internal class Recursive { public Recursive? Next; public int X; }
[StructLayout(LayoutKind.Explicit)] internal struct Overlap { [FieldOffset(0)] public int A; [FieldOffset(0)] public float B; [FieldOffset(8)] public bool C; }
internal delegate void Simple(int x);
internal delegate T GenericDelegate<T>(T x);

internal static class Parameters
{
    private const string E = "nothing";
    [D(Lib, EntryPoint = E)] private static extern int Object(object o);
    [D(Lib, EntryPoint = E)] private static extern int ObjectStruct([M(U.Struct)] object o);
    [D(Lib, EntryPoint = E)] private static extern int ObjectUnknown([M(U.IUnknown)] object o);
    [D(Lib, EntryPoint = E)] private static extern int ObjectDispatch([M(U.IDispatch)] object o);
    [D(Lib, EntryPoint = E)] private static extern int ObjectInterface([M(U.Interface)] object o);
    [D(Lib, EntryPoint = E)] private static extern int ObjectI4([M(U.I4)] object o);
    [D(Lib, EntryPoint = E)] private static extern int ObjectInspectable([M(U.IInspectable)] object o);
    [D(Lib, EntryPoint = E)] private static extern int RefObject(ref object o);
    [D(Lib, EntryPoint = E)] private static extern int RefAsAny([M(U.AsAny)] ref object o);
    [D(Lib, EntryPoint = E)] private static extern int Interface(IEnumerable o);
    [D(Lib, EntryPoint = E)] private static extern int InterfaceI4([M(U.I4)] IEnumerable o);
    [D(Lib, EntryPoint = E)] private static extern int NoLayoutClass(NoLayout o);
    [D(Lib, EntryPoint = E)] private static extern int ListClass(List<int> o);
    [D(Lib, EntryPoint = E)] private static extern int NullableInt(int? o);
    [D(Lib, EntryPoint = E)] private static extern int GenericBool(Generic<bool> o);
    [D(Lib, EntryPoint = E)] private static extern int GenericString(Generic<string> o);
    [D(Lib, EntryPoint = E)] private static extern int RefGenericBool(ref Generic<bool> o);
    [D(Lib, EntryPoint = E)] private static extern int GenericInt(Generic<int> o);
    [D(Lib, EntryPoint = E)] private static extern int Auto(AutoStruct o);
    [D(Lib, EntryPoint = E)] private static extern int RefAuto(ref AutoStruct o);
    [D(Lib, EntryPoint = E)] private static extern int BoolVariant([M(U.VariantBool)] bool o);
    [D(Lib, EntryPoint = E)] private static extern int BoolI4([M(U.I4)] bool o);
    [D(Lib, EntryPoint = E)] private static extern int CharI4([M(U.I4)] char o);
    [D(Lib, EntryPoint = E)] private static extern int IntI8([M(U.I8)] int o);
    [D(Lib, EntryPoint = E)] private static extern int IntU4([M(U.U4)] int o);
    [D(Lib, EntryPoint = E)] private static extern int ByteI2([M(U.I2)] byte o);
    [D(Lib, EntryPoint = E)] private static extern int ShortI1([M(U.I1)] short o);
    [D(Lib, EntryPoint = E)] private static extern int LongI4([M(U.I4)] long o);
    [D(Lib, EntryPoint = E)] private static extern int NintI8([M(U.I8)] nint o);
    [D(Lib, EntryPoint = E)] private static extern int NintSys([M(U.SysInt)] nint o);
    [D(Lib, EntryPoint = E)] private static extern int FloatR8([M(U.R8)] float o);
    [D(Lib, EntryPoint = E)] private static extern int DoubleR4([M(U.R4)] double o);
    [D(Lib, EntryPoint = E)] private static extern int StringI4([M(U.I4)] string o);
    [D(Lib, EntryPoint = E)] private static extern int StringVB([M(U.VBByRefStr)] string o);
    [D(Lib, EntryPoint = E)] private static extern int RefStringVB([M(U.VBByRefStr)] ref string o);
    [D(Lib, EntryPoint = E)] private static extern int StringInterface([M(U.Interface)] string o);
    [D(Lib, EntryPoint = E)] private static extern int StringHString([M(U.HString)] string o);
    [D(Lib, EntryPoint = E)] private static extern int BuilderBStr([M(U.BStr)] StringBuilder o);
    [D(Lib, EntryPoint = E)] private static extern int BuilderI4([M(U.I4)] StringBuilder o);
    [D(Lib, EntryPoint = E)] private static extern int SafeHandleI4([M(U.I4)] Microsoft.Win32.SafeHandles.SafeFileHandle o);
    [D(Lib, EntryPoint = E)] private static extern int SafeHandles(Microsoft.Win32.SafeHandles.SafeFileHandle[] o);
    [D(Lib, EntryPoint = E)] private static extern int AbstractSafeHandleOut(out SafeHandle o);
    [D(Lib, EntryPoint = E)] private static extern int DelegateI4([M(U.I4)] Simple o);
    [D(Lib, EntryPoint = E)] private static extern int DelegateDispatch([M(U.IDispatch)] Simple o);
    [D(Lib, EntryPoint = E)] private static extern int GenericDelegateIn(GenericDelegate<int> o);
    [D(Lib, EntryPoint = E)] private static extern int AbstractDelegate(Delegate o);
    [D(Lib, EntryPoint = E)] private static extern int LayoutStruct([M(U.Struct)] Layout o);
    [D(Lib, EntryPoint = E)] private static extern int LayoutI4([M(U.I4)] Layout o);
    [D(Lib, EntryPoint = E)] private static extern int LayoutLP([M(U.LPStruct)] Layout o);
    [D(Lib, EntryPoint = E)] private static extern int ValueLP([M(U.LPStruct)] HasBool o);
    [D(Lib, EntryPoint = E)] private static extern int ValueI4([M(U.I4)] Overlap o);
    [D(Lib, EntryPoint = E)] private static extern int DecimalI4([M(U.I4)] decimal o);
    [D(Lib, EntryPoint = E)] private static extern int DateI4([M(U.I4)] DateTime o);
    [D(Lib, EntryPoint = E)] private static extern int GuidI4([M(U.I4)] Guid o);
    [D(Lib, EntryPoint = E)] private static extern int Offset(DateTimeOffset o);
    [D(Lib, EntryPoint = E)] private static extern int TimeSpanIn(TimeSpan o);
    [D(Lib, EntryPoint = E)] private static extern int HandleRefRef(ref HandleRef o);
    [D(Lib, EntryPoint = E)] private static extern int HandleRefI4([M(U.I4)] HandleRef o);
    [D(Lib, EntryPoint = E)] private static extern int OffsetArrayRef(ref ArrayWithOffset o);
    [D(Lib, EntryPoint = E)] private static extern int OffsetArrayOut([Out] ArrayWithOffset o);
    [D(Lib, EntryPoint = E)] private static extern int SystemArray(Array o);
    [D(Lib, EntryPoint = E)] private static extern int TypeIn(Type o);
    [D(Lib, EntryPoint = E)] private static extern int ExceptionIn(Exception o);
    [D(Lib, EntryPoint = E)] private static extern int CustomInt([M(U.CustomMarshaler, MarshalType = "X")] int o);
    [D(Lib, EntryPoint = E)] private static extern int CustomMissing([M(U.CustomMarshaler, MarshalType = "No.Such.Type")] string o);
    [D(Lib, EntryPoint = E)] private static extern int Int128In(Int128 o);
    [D(Lib, EntryPoint = E)] private static extern int RefInt128(ref Int128 o);
    [D(Lib, EntryPoint = E)] private static extern unsafe int PointerI4([M(U.I4)] int* o);
    [D(Lib, EntryPoint = E)] private static extern unsafe int FunctionI4([M(U.I4)] delegate* unmanaged<void> o);
    [D(Lib, EntryPoint = E)] private static extern unsafe int FunctionPtr([M(U.FunctionPtr)] delegate* unmanaged<void> o);
    [D(Lib, EntryPoint = E)] private static extern int TypedRef(TypedReference o);
    [D(Lib, EntryPoint = E)] private static extern int SpanIn(Span<int> o);
    [D(Lib, EntryPoint = E)] private static extern int VectorIn(System.Runtime.Intrinsics.Vector128<int> o);
    [D(Lib, EntryPoint = E)] private static extern int NumericsVectorIn(System.Numerics.Vector4 o);
    [D(Lib, EntryPoint = E)] private static extern int RuntimeHandle(RuntimeTypeHandle o);
    [D(Lib, EntryPoint = E)] private static extern int HandleGc(GCHandle o);
    [D(Lib, EntryPoint = E)] private static extern int CancelIn(CancellationToken o);
}

internal static class Arrays
{
    private const string E = "nothing";
    [D(Lib, EntryPoint = E)] private static extern int Safe([M(U.SafeArray)] int[] o);
    [D(Lib, EntryPoint = E)] private static extern int I4([M(U.I4)] int[] o);
    [D(Lib, EntryPoint = E)] private static extern int Objects(object[] o);
    [D(Lib, EntryPoint = E)] private static extern int ObjectsUnknown([M(U.LPArray, ArraySubType = U.IUnknown)] object[] o);
    [D(Lib, EntryPoint = E)] private static extern int Classes(Layout[] o);
    [D(Lib, EntryPoint = E)] private static extern int Jagged(int[][] o);
    [D(Lib, EntryPoint = E)] private static extern int Rank2(int[,] o);
    [D(Lib, EntryPoint = E)] private static extern int Rank2Bool(bool[,] o);
    [D(Lib, EntryPoint = E)] private static extern int Rank2String(string[,] o);
    [D(Lib, EntryPoint = E)] private static extern int RefArray(ref int[] o);
    [D(Lib, EntryPoint = E)] private static extern int RefRank2(ref int[,] o);
    [D(Lib, EntryPoint = E)] private static extern int OutArray(out int[] o);
    [D(Lib, EntryPoint = E)] private static extern int OutSized([M(U.LPArray, SizeConst = 2)] out int[] o);
    [D(Lib, EntryPoint = E)] private static extern int WrongSub([M(U.LPArray, ArraySubType = U.I8)] int[] o);
    [D(Lib, EntryPoint = E)] private static extern int WrongBools([M(U.LPArray, ArraySubType = U.VariantBool)] bool[] o);
    [D(Lib, EntryPoint = E)] private static extern int WrongStrings([M(U.LPArray, ArraySubType = U.I4)] string[] o);
    [D(Lib, EntryPoint = E)] private static extern int SizeParamTooBig([M(U.LPArray, SizeParamIndex = 7)] int[] o);
    [D(Lib, EntryPoint = E)] private static extern int SizeParamBad([M(U.LPArray, SizeParamIndex = 1)] out int[] o, string s);
    [D(Lib, EntryPoint = E)] private static extern int SizeParamRefString([M(U.LPArray, SizeParamIndex = 1)] out int[] o, ref string s);
    [D(Lib, EntryPoint = E)] private static extern int SizeParamRefFloat([M(U.LPArray, SizeParamIndex = 1)] out int[] o, ref float s);
    [D(Lib, EntryPoint = E)] private static extern int SizeParamRefBool([M(U.LPArray, SizeParamIndex = 1)] out int[] o, ref bool s);
    [D(Lib, EntryPoint = E)] private static extern int SizeParamRefByValue([M(U.LPArray, SizeParamIndex = 1)] int[] o, ref string s);
    [D(Lib, EntryPoint = E)] private static extern int SizeParamFloat([M(U.LPArray, SizeParamIndex = 1)] out int[] o, double s);
    [D(Lib, EntryPoint = E)] private static extern int Dates(DateTime[] o);
    [D(Lib, EntryPoint = E)] private static extern int DatesI4([M(U.LPArray, ArraySubType = U.I4)] DateTime[] o);
    [D(Lib, EntryPoint = E)] private static extern int Decimals(decimal[] o);
    [D(Lib, EntryPoint = E)] private static extern int DecimalsCurrency([M(U.LPArray, ArraySubType = U.Currency)] decimal[] o);
    [D(Lib, EntryPoint = E)] private static extern int Delegates(Simple[] o);
    [D(Lib, EntryPoint = E)] private static extern int Nullables(int?[] o);
    [D(Lib, EntryPoint = E)] private static extern int Autos(AutoStruct[] o);
    [D(Lib, EntryPoint = E)] private static extern int GenericBools(Generic<bool>[] o);
    [D(Lib, EntryPoint = E)] private static extern int GenericInts(Generic<int>[] o);
    [D(Lib, EntryPoint = E)] private static extern unsafe int Pointers(int*[] o);
    [D(Lib, EntryPoint = E)] private static extern int Builders(StringBuilder[] o);
    [D(Lib, EntryPoint = E)] private static extern int HandleRefs(HandleRef[] o);
}

internal static class Results
{
    private const string E = "nothing";
    [D(Lib, EntryPoint = E)] private static extern object Object();
    [D(Lib, EntryPoint = E)] [return: M(U.IUnknown)] private static extern object Unknown();
    [D(Lib, EntryPoint = E)] [return: M(U.AsAny)] private static extern object AsAny();
    [D(Lib, EntryPoint = E)] private static extern int[] Ints();
    [D(Lib, EntryPoint = E)] [return: M(U.LPArray, SizeConst = 2)] private static extern int[] IntsSized();
    [D(Lib, EntryPoint = E)] [return: M(U.SafeArray)] private static extern int[] IntsSafe();
    [D(Lib, EntryPoint = E)] private static extern string[] Strings();
    [D(Lib, EntryPoint = E)] private static extern Layout LayoutClass();
    [D(Lib, EntryPoint = E)] private static extern Complex ComplexClass();
    [D(Lib, EntryPoint = E)] private static extern NoLayout NoLayoutClass();
    [D(Lib, EntryPoint = E)] private static extern HandleRef Handle();
    [D(Lib, EntryPoint = E)] private static extern ArrayWithOffset Offset();
    [D(Lib, EntryPoint = E)] [return: M(U.LPStruct)] private static extern decimal DecimalPtr();
    [D(Lib, EntryPoint = E)] [return: M(U.Currency)] private static extern decimal DecimalCurrency();
    [D(Lib, EntryPoint = E)] private static extern int? NullableInt();
    [D(Lib, EntryPoint = E)] private static extern Generic<bool> GenericBool();
    [D(Lib, EntryPoint = E)] private static extern Generic<long> GenericLong();
    [D(Lib, EntryPoint = E)] private static extern AutoStruct Auto();
    [D(Lib, EntryPoint = E)] private static extern HasBool Bool();
    [D(Lib, EntryPoint = E)] private static extern HasArray Array();
    [D(Lib, EntryPoint = E)] [return: M(U.VBByRefStr)] private static extern string StringVB();
    [D(Lib, EntryPoint = E)] [return: M(U.I8)] private static extern int IntI8();
    [D(Lib, EntryPoint = E)] private static extern ref int RefInt();
    [D(Lib, EntryPoint = E)] private static extern SafeHandle AbstractSafe();
    [D(Lib, EntryPoint = E)] private static extern Delegate AbstractDelegate();
    [D(Lib, EntryPoint = E)] private static extern GenericDelegate<int> GenericDelegateOut();
    [D(Lib, EntryPoint = E)] private static extern Simple DelegateOut();
    [D(Lib, EntryPoint = E)] private static extern Type TypeOut();
    [D(Lib, EntryPoint = E)] private static extern StringBuilder Builder();
    [D(Lib, EntryPoint = E)] private static extern DateTime Date();
}

internal static class Fields
{
    private const string E = "nothing";
    [D(Lib, EntryPoint = E)] private static extern int A1(HasObject o);
    [D(Lib, EntryPoint = E)] private static extern int A2(ref HasObject o);
    [D(Lib, EntryPoint = E)] private static extern int A3(HasArray o);
    [D(Lib, EntryPoint = E)] private static extern int A4(HasList o);
    [D(Lib, EntryPoint = E)] private static extern int A5(HasBuilder o);
    [D(Lib, EntryPoint = E)] private static extern int A6(HasNoLayout o);
    [D(Lib, EntryPoint = E)] private static extern int A7(HasAuto o);
    [D(Lib, EntryPoint = E)] private static extern int A8(HasVBool o);
    [D(Lib, EntryPoint = E)] private static extern int A9(HasWrongInt o);
    [D(Lib, EntryPoint = E)] private static extern int B1(HasWrongString o);
    [D(Lib, EntryPoint = E)] private static extern int B2(HasLpArray o);
    [D(Lib, EntryPoint = E)] private static extern int B3(HasSafeHandle o);
    [D(Lib, EntryPoint = E)] private static extern int B4(HasNullable o);
    [D(Lib, EntryPoint = E)] private static extern int B5(HasGeneric o);
    [D(Lib, EntryPoint = E)] private static extern int B6(HasObject[] o);
    [D(Lib, EntryPoint = E)] private static extern int B7(WithObject o);
    [D(Lib, EntryPoint = E)] private static extern int B8(HasDate o);
    [D(Lib, EntryPoint = E)] private static extern int B9(ZeroString o);
    [D(Lib, EntryPoint = E)] private static extern int C1(Recursive o);
    [D(Lib, EntryPoint = E)] private static extern int C2(HasLayout o);
}

internal static class Program
{
    private static void Main()
    {
        CallAll(typeof(Parameters));
        CallAll(typeof(Arrays));
        CallAll(typeof(Results));
        CallAll(typeof(Fields));
        foreach (Type t in typeof(Program).Assembly.GetTypes().Where(t => t.Namespace == null && !t.IsGenericTypeDefinition && !typeof(Delegate).IsAssignableFrom(t))
            .OrderBy(t => t.Name, StringComparer.Ordinal).Append(typeof(Generic<int>)).Append(typeof(Generic<bool>)).Append(typeof(int)).Append(typeof(bool)).Append(typeof(char))
            .Append(typeof(object)).Append(typeof(DateTime)).Append(typeof(decimal)).Append(typeof(Guid)).Append(typeof(DayOfWeek))
            .Append(typeof(Simple)).Append(typeof(nint)).Append(typeof(Generic<>)).Append(typeof(DateTimeOffset)).Append(typeof(int?)).Append(typeof(Exception)))
        {
            if (t.FullName!.Contains('<') || t.Name is "Program" or "Native" or "ProcMaps") continue;
            P("size " + t.Name, () => Marshal.SizeOf(t));
            nint p = Marshal.AllocHGlobal(256);
            unsafe { new Span<byte>((void*)p, 256).Clear(); }
            P("  from " + t.Name, () => Marshal.PtrToStructure(p, t)!.GetType().Name);
            object? o = null;
            try { o = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(t); } catch (Exception) { }
            if (o != null) P("  to " + t.Name, () => Marshal.StructureToPtr(o, p, false));
            P("  destroy " + t.Name, () => Marshal.DestroyStructure(p, t));
            foreach (FieldInfo f in t.GetFields(BindingFlags.Instance | BindingFlags.Public).Take(3))
                P("  offset " + f.Name, () => Marshal.OffsetOf(t, f.Name));
            Marshal.FreeHGlobal(p);
        }
        P("offset of nothing", () => Marshal.OffsetOf<HasBool>("Nope"));
        P("offset of null", () => Marshal.OffsetOf(null!, "Nope"));
    }
}
