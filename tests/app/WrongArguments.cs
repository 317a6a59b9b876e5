// Wrong arguments to what reaches the runtime: types of each kind to Activator, Array, Enum, Marshal and RuntimeHelpers; objects of each kind to
// reflection, handles, monitors, buffers, arrays and delegates; names, bytes, handles and tokens that are none.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
#pragma warning disable
struct S1 { public int A; public byte B; }
struct S2 { public object O; public int I; }
[StructLayout(LayoutKind.Sequential)] class L1 { public int A; public byte B; }
class N1 { public int A; string s = "x"; }
class G1<T> { public T F; public static T S; public void M<U>() { } }
abstract class Abs { public Abs() { } public abstract void M(); }
interface IFace { void M(); }
ref struct RS { public Span<int> S; }
enum E1 : byte { A, B = 2 }
delegate int D1(int x);
delegate void DG<T>(T x);
class NoCtor { public NoCtor(int x) { } }
class Throws { public Throws() => throw new InvalidOperationException("ctor"); static int Zero; public static int Prop { get => throw new ArgumentException("prop"); set { } } }
class CctorThrows { public static int X = int.Parse("x"); public int Y; }
static class Stat { public static int F; public static void M(int a, string b) { } public static ref int R(ref int x) => ref x; }
static unsafe class Program
{
    static string Text(object v) => v switch { null => "null", string s => "\"" + s + "\"", Array a when a.Rank == 1 => v.GetType() + "[" + string.Join(", ", a.Cast<object>().Select(Text)) + "]", Enum e => e.GetType().Name + "." + e, IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture) + ":" + v.GetType().Name, _ => v.ToString() ?? "" };
    static string Wrong(Exception e) { string s = e.GetType().Name + ": " + e.Message.ReplaceLineEndings(" | "); return e.InnerException == null ? s : s + " <- " + Wrong(e.InnerException); }
    static int n;
    static void Say(string what, Func<object> f) { string s; try { s = Text(f()); } catch (Exception e) { s = Wrong(e); } Console.WriteLine(++n + " " + what + ": " + s); }
    static void Do(string what, Action f) => Say(what, () => { f(); return "done"; });

    static object[] pool = [null, 1, 2.5, "s", 'c', true, new object(), new int[] { 1, 2 }, new string[] { "a" }, new object[1], new int[2, 2], new S1(), new S2(), new L1(), new N1(), new G1<int>(), E1.A, DayOfWeek.Monday, (D1)(x => x), (DG<int>)(x => { }), typeof(int), typeof(G1<>), typeof(G1<int>), typeof(Abs), typeof(IFace), typeof(void), typeof(int).MakeByRefType(), typeof(int*), typeof(int[]), typeof(int[,]), typeof(RS), typeof(Stat), typeof(NoCtor), typeof(Throws), typeof(CctorThrows), typeof(D1), typeof(Delegate), typeof(MulticastDelegate), typeof(Enum), typeof(ValueType), typeof(Array), typeof(string), typeof(int?), typeof(G1<>).GetGenericArguments()[0], typeof(TypedReference), typeof(__arglist_none), typeof(Span<int>), typeof(Nullable<>), typeof(List<>), typeof(E1), typeof(S1), typeof(S2), typeof(L1), typeof(N1), typeof(DG<>)];
    class __arglist_none { }
    static Type[] types = pool.OfType<Type>().ToArray();
    static object[] objs = pool.Where(x => x is not Type).ToArray();
    static string TN(object o) => o == null ? "null" : o is Type t ? "t:" + t : o.GetType().Name;

    static void Types()
    {
        foreach (Type t in types)
        {
            Type T = t; string p = T.ToString() + " ";
            Say(p + "uninit", () => RuntimeHelpers.GetUninitializedObject(T).GetType());
            Say(p + "create", () => Activator.CreateInstance(T)?.GetType());
            Say(p + "create private", () => Activator.CreateInstance(T, true)?.GetType());
            Say(p + "create int", () => Activator.CreateInstance(T, 5)?.GetType());
            Say(p + "create null", () => Activator.CreateInstance(T, (object)null)?.GetType());
            Say(p + "array", () => Array.CreateInstance(T, 2).GetType());
            Say(p + "array neg", () => Array.CreateInstance(T, -1).GetType());
            Say(p + "array2", () => Array.CreateInstance(T, 2, 3).GetType());
            Say(p + "array lb", () => Array.CreateInstance(T, new[] { 2 }, new[] { 1 }).GetType());
            Say(p + "fromarraytype", () => Array.CreateInstanceFromArrayType(T, 2).GetType());
            Say(p + "fromarraytype2", () => Array.CreateInstanceFromArrayType(T, new[] { 2, 2 }).GetType());
            Say(p + "makearray", () => T.MakeArrayType());
            Say(p + "makearray1", () => T.MakeArrayType(1));
            Say(p + "makearray0", () => T.MakeArrayType(0));
            Say(p + "makearray33", () => T.MakeArrayType(33));
            Say(p + "makebyref", () => T.MakeByRefType());
            Say(p + "makeptr", () => T.MakePointerType());
            Say(p + "makegen", () => T.MakeGenericType(typeof(int)));
            Say(p + "makegen0", () => T.MakeGenericType());
            Say(p + "makegen2", () => T.MakeGenericType(typeof(int), typeof(int)));
            Say(p + "asarg", () => typeof(G1<>).MakeGenericType(T));
            Say(p + "asnullable", () => typeof(Nullable<>).MakeGenericType(T));
            Say(p + "asmethodarg", () => typeof(G1<int>).GetMethod("M").MakeGenericMethod(T));
            Say(p + "enumunder", () => Enum.GetUnderlyingType(T));
            Say(p + "enumnames", () => Enum.GetNames(T));
            Say(p + "enumvalues", () => Enum.GetValues(T));
            Say(p + "enumvalund", () => Enum.GetValuesAsUnderlyingType(T));
            Say(p + "enumtoobj", () => Enum.ToObject(T, 1));
            Say(p + "enumparse", () => Enum.Parse(T, "A"));
            Say(p + "enumdefined", () => Enum.IsDefined(T, 1));
            Say(p + "enumdefineds", () => Enum.IsDefined(T, "A"));
            Say(p + "enumformat", () => Enum.Format(T, 1, "G"));
            Say(p + "sizeof", () => Marshal.SizeOf(T));
            Say(p + "offsetof", () => Marshal.OffsetOf(T, "A"));
            Say(p + "offsetofnone", () => Marshal.OffsetOf(T, "Nope"));
            Say(p + "ptrtostruct", () => { byte* b = stackalloc byte[64]; return Marshal.PtrToStructure((IntPtr)b, T)?.GetType(); });
            Say(p + "ptrtostruct0", () => Marshal.PtrToStructure(0, T));
            Say(p + "delfp", () => Marshal.GetDelegateForFunctionPointer(1, T)?.GetType());
            Say(p + "delfp0", () => Marshal.GetDelegateForFunctionPointer(0, T)?.GetType());
            Say(p + "prelinkless", () => T.TypeHandle.Value != 0);
            Say(p + "cctor", () => { RuntimeHelpers.RunClassConstructor(T.TypeHandle); return "ok"; });
            Say(p + "default", () => T.GetDefaultMembers().Length);
            Say(p + "typecode", () => Type.GetTypeCode(T));
            Say(p + "isref", () => RuntimeHelpers.IsReferenceOrContainsReferences<int>());
            Say(p + "sizeofrh", () => RuntimeHelpers.SizeOf(T.TypeHandle));
            Say(p + "alloc", () => RuntimeHelpers.AllocateTypeAssociatedMemory(T, 8) != 0);
            Say(p + "alloc-1", () => RuntimeHelpers.AllocateTypeAssociatedMemory(T, -1) != 0);
            Say(p + "createdel", () => Delegate.CreateDelegate(T, typeof(Stat).GetMethod("M")));
            Say(p + "createdeln", () => Delegate.CreateDelegate(T, typeof(Stat), "M"));
            Say(p + "createdelo", () => Delegate.CreateDelegate(T, new N1(), "ToString"));
            Say(p + "mapping", () => T.GetInterfaceMap(typeof(IFace)).TargetMethods.Length);
            Say(p + "constraints", () => T.GetGenericParameterConstraints().Length);
            Say(p + "gpa", () => T.GenericParameterAttributes);
            Say(p + "gpp", () => T.GenericParameterPosition);
            Say(p + "gtd", () => T.GetGenericTypeDefinition());
            Say(p + "rank", () => T.GetArrayRank());
            Say(p + "elem", () => T.GetElementType());
            Say(p + "fptr", () => T.GetFunctionPointerReturnType());
            Say(p + "fptrp", () => T.GetFunctionPointerParameterTypes());
            Say(p + "guid", () => T.GUID != default);
            Say(p + "sla", () => T.StructLayoutAttribute?.Value);
            Say(p + "members", () => T.GetMembers((BindingFlags)62).Length > 0);
            Say(p + "findnull", () => T.GetMethod(null));
            Say(p + "typedref", () => TypedReference.GetTargetType(TypedReference.MakeTypedReference(new N1(), T.GetFields())));
            Say(p + "init", () => { RuntimeHelpers.RunModuleConstructor(T.Module.ModuleHandle); return "ok"; });
            Say(p + "convert", () => Convert.ChangeType(1, T));
            Say(p + "ctordelegate", () => T.GetConstructors().Length);
            Say(p + "assignable", () => T.IsAssignableFrom(typeof(int)) + " " + T.IsAssignableTo(typeof(object)) + " " + T.IsSubclassOf(typeof(ValueType)) + " " + T.IsInstanceOfType(1));
        }
    }
    static void Invokes()
    {
        MethodInfo m = typeof(Stat).GetMethod("M"), mi = typeof(IFace).GetMethod("M"), ab = typeof(Abs).GetMethod("M"), gen = typeof(G1<>).GetMethod("M"), gm = typeof(G1<int>).GetMethod("M"), r = typeof(Stat).GetMethod("R"), pg = typeof(Throws).GetProperty("Prop").GetMethod;
        foreach (object o in objs)
        {
            object O = o; string p = TN(O) + " ";
            foreach (MethodInfo x in new[] { m, mi, ab, gen, gm, r, pg, typeof(object).GetMethod("ToString"), typeof(string).GetMethod("get_Length"), typeof(S1).GetMethod("ToString"), typeof(Enum).GetMethod("HasFlag"), typeof(D1).GetMethod("Invoke") })
            {
                Say(p + x + " none", () => x.Invoke(O, null));
                Say(p + x + " one", () => x.Invoke(O, [O]));
                Say(p + x + " two", () => x.Invoke(O, [1, "x"]));
                Say(p + x + " wrong two", () => x.Invoke(O, ["x", 1]));
            }
            foreach (FieldInfo f in new[] { typeof(S1).GetField("A"), typeof(N1).GetField("A"), typeof(Stat).GetField("F"), typeof(G1<int>).GetField("F"), typeof(G1<>).GetField("F"), typeof(G1<>).GetField("S"), typeof(E1).GetField("A"), typeof(E1).GetField("value__"), typeof(int).GetField("MaxValue"), typeof(CctorThrows).GetField("X"), typeof(string).GetField("Empty") })
            {
                Say(p + f + " get", () => f.GetValue(O));
                Say(p + f + " set", () => { f.SetValue(O, O); return "ok"; });
                Say(p + f + " setint", () => { f.SetValue(O, 1); return "ok"; });
                Say(p + f + " const", () => f.GetRawConstantValue());
            }
            Say(p + "handle", () => { var h = GCHandle.Alloc(O, GCHandleType.Pinned); h.Free(); return "ok"; });
            Say(p + "handlebad", () => { var h = GCHandle.Alloc(O, (GCHandleType)9); h.Free(); return "ok"; });
            Say(p + "addr", () => { var h = GCHandle.Alloc(O); try { return h.AddrOfPinnedObject() != 0; } finally { h.Free(); } });
            Say(p + "sizeof", () => Marshal.SizeOf(O));
            Say(p + "sizeofg", () => Marshal.SizeOf<object>(O));
            if (O is not Array) Say(p + "stp", () => { byte* b = stackalloc byte[128]; Marshal.StructureToPtr(O, (IntPtr)b, false); return "ok"; });
            Say(p + "stp0", () => { Marshal.StructureToPtr(O, 0, false); return "ok"; });
            if (O is not Array) Say(p + "pts", () => { byte* b = stackalloc byte[128]; Marshal.PtrToStructure((IntPtr)b, O); return "ok"; });
            Say(p + "monitor exit", () => { Monitor.Exit(O); return "ok"; });
            Say(p + "pulse", () => { Monitor.Pulse(O); return "ok"; });
            Say(p + "pulseall", () => { Monitor.PulseAll(O); return "ok"; });
            Say(p + "wait", () => Monitor.Wait(O, 0));
            Say(p + "wait-2", () => Monitor.Wait(O, -2));
            Say(p + "tryenter-2", () => Monitor.TryEnter(O, -2));
            Say(p + "entered", () => Monitor.IsEntered(O));
            Say(p + "taken", () => { bool b = true; Monitor.Enter(O, ref b); return "ok"; });
            Say(p + "blen", () => Buffer.ByteLength((Array)O));
            Say(p + "getbyte", () => Buffer.GetByte((Array)O, 9));
            Say(p + "setbyte", () => { Buffer.SetByte((Array)O, -1, 0); return "ok"; });
            Say(p + "blockcopy", () => { Buffer.BlockCopy((Array)O, 0, (Array)O, 1, 99); return "ok"; });
            Say(p + "blockcopyn", () => { Buffer.BlockCopy((Array)O, -1, (Array)O, 1, 1); return "ok"; });
            Say(p + "arrcopy", () => { Array.Copy((Array)O, new object[1], 5); return "ok"; });
            Say(p + "arrcopyi", () => { Array.Copy((Array)O, new int[3], 1); return "ok"; });
            Say(p + "arrcopyneg", () => { Array.Copy((Array)O, -1, new int[3], 0, 1); return "ok"; });
            Say(p + "arrcopydt", () => { Array.Copy((Array)O, new DateTime[3], 1); return "ok"; });
            Say(p + "arrcopyl", () => { Array.Copy((Array)O, new long[9], 1); return "ok"; });
            Say(p + "arrcopymd", () => { Array.Copy((Array)O, new int[3, 3], 1); return "ok"; });
            Say(p + "ccopy", () => { Array.ConstrainedCopy((Array)O, 0, new object[3], 0, 1); return "ok"; });
            Say(p + "clear", () => { Array.Clear((Array)O, 5, 9); return "ok"; });
            Say(p + "clear0", () => { Array.Clear((Array)O); return "ok"; });
            Say(p + "reverse", () => { Array.Reverse((Array)O, 1, 9); return "ok"; });
            Say(p + "getvalue", () => ((Array)O).GetValue(99));
            Say(p + "getvalue2", () => ((Array)O).GetValue(0, 0));
            Say(p + "getvalue3", () => ((Array)O).GetValue(0, 0, 0));
            Say(p + "setvalue", () => { ((Array)O).SetValue("x", 0); return "ok"; });
            Say(p + "setvaluen", () => { ((Array)O).SetValue(null, 0); return "ok"; });
            Say(p + "setvalued", () => { ((Array)O).SetValue(2.5, 0); return "ok"; });
            Say(p + "setvaluec", () => { ((Array)O).SetValue('c', 0); return "ok"; });
            Say(p + "getlen", () => ((Array)O).GetLength(5));
            Say(p + "getub", () => ((Array)O).GetUpperBound(-1));
            Say(p + "getlb", () => ((Array)O).GetLowerBound(2));
            Say(p + "sort", () => { Array.Sort((Array)O); return "ok"; });
            Say(p + "sort2", () => { Array.Sort((Array)O, new string[0]); return "ok"; });
            Say(p + "indexof", () => Array.IndexOf((Array)O, "zz"));
            Say(p + "initarr", () => { RuntimeHelpers.InitializeArray((Array)O, default); return "ok"; });
            Say(p + "initarr2", () => { RuntimeHelpers.InitializeArray((Array)O, typeof(Stat).GetField("F").FieldHandle); return "ok"; });
            Say(p + "unsafeaddr", () => Marshal.UnsafeAddrOfPinnedArrayElement((Array)O, 0) != 0);
            Say(p + "combine", () => Delegate.Combine((Delegate)O, (D1)(x => x)).GetType());
            Say(p + "combine2", () => Delegate.Combine((Delegate)O, (Action)(() => { })).GetType());
            Say(p + "remove", () => Delegate.Remove((Delegate)O, (Action)(() => { }))?.GetType());
            Say(p + "dyninv", () => ((Delegate)O).DynamicInvoke("x"));
            Say(p + "dyninv0", () => ((Delegate)O).DynamicInvoke());
            Say(p + "dyninvn", () => ((Delegate)O).DynamicInvoke([null]));
            Say(p + "fpfd", () => Marshal.GetFunctionPointerForDelegate((Delegate)O) != 0);
            Say(p + "hash", () => RuntimeHelpers.GetHashCode(O) >= 0);
            Say(p + "equals", () => RuntimeHelpers.Equals(O, O));
            Say(p + "ensure", () => { RuntimeHelpers.PrepareDelegate((Delegate)O); return "ok"; });
            Say(p + "weak", () => new WeakReference(O).IsAlive);
            Say(p + "cwt", () => { var c = new ConditionalWeakTable<object, object>(); c.Add(O, O); c.Add(O, O); return "ok"; });
            Say(p + "dep", () => { var d = new System.Runtime.DependentHandle(O, 1); var t = d.Target; d.Dispose(); return d.Target; });
            Say(p + "suppress", () => { GC.SuppressFinalize(O); GC.ReRegisterForFinalize(O); return "ok"; });
            Say(p + "gen", () => GC.GetGeneration(O) >= 0);
            Say(p + "iscom", () => Marshal.IsComObject(O));
            Say(p + "iunk", () => Marshal.GetIUnknownForObject(O));
            Say(p + "tr", () => { TypedReference tr = TypedReference.MakeTypedReference(O, [typeof(N1).GetField("A")]); return TypedReference.ToObject(tr); });
            Say(p + "gcphandle", () => { fixed (byte* b = new byte[1]) return "ok"; });
        }
    }
    static void Handles()
    {
        Say("handle zero free", () => { GCHandle h = default; h.Free(); return "ok"; });
        Say("handle zero target", () => { GCHandle h = default; return h.Target; });
        Say("handle zero addr", () => { GCHandle h = default; return h.AddrOfPinnedObject(); });
        Say("handle fromintptr", () => GCHandle.FromIntPtr(0));
        Say("handle freed", () => { GCHandle h = GCHandle.Alloc(1); GCHandle k = h; h.Free(); return h.Target; });
        Say("method handle", () => MethodBase.GetMethodFromHandle(default));
        Say("field handle", () => FieldInfo.GetFieldFromHandle(default));
        Say("type handle", () => Type.GetTypeFromHandle(default));
        Say("method handle gen", () => MethodBase.GetMethodFromHandle(typeof(G1<int>).GetMethod("M").MethodHandle));
        Say("method handle wrong", () => MethodBase.GetMethodFromHandle(typeof(G1<int>).GetMethod("M").MethodHandle, typeof(string).TypeHandle));
        Say("method handle ok", () => MethodBase.GetMethodFromHandle(typeof(G1<>).GetMethod("M").MethodHandle, typeof(G1<string>).TypeHandle));
        Say("field handle gen", () => FieldInfo.GetFieldFromHandle(typeof(G1<int>).GetField("F").FieldHandle));
        Say("field handle wrong", () => FieldInfo.GetFieldFromHandle(typeof(G1<int>).GetField("F").FieldHandle, typeof(string).TypeHandle));
        Say("prepare", () => { RuntimeHelpers.PrepareMethod(default); return "ok"; });
        Say("prepare open", () => { RuntimeHelpers.PrepareMethod(typeof(G1<>).GetMethod("M").MethodHandle); return "ok"; });
        Say("prepare abs", () => { RuntimeHelpers.PrepareMethod(typeof(Abs).GetMethod("M").MethodHandle); return "ok"; });
        Say("prepare inst", () => { RuntimeHelpers.PrepareMethod(typeof(G1<>).GetMethod("M").MethodHandle, [typeof(int).TypeHandle]); return "ok"; });
        Say("prepare inst2", () => { RuntimeHelpers.PrepareMethod(typeof(G1<>).GetMethod("M").MethodHandle, [typeof(int).TypeHandle, typeof(string).TypeHandle]); return "ok"; });
        Say("prepare inst3", () => { RuntimeHelpers.PrepareMethod(typeof(Stat).GetMethod("M").MethodHandle, [typeof(int).TypeHandle]); return "ok"; });
        Say("prepare inst4", () => { RuntimeHelpers.PrepareMethod(typeof(G1<>).GetMethod("M").MethodHandle, [default, default]); return "ok"; });
        Say("cctor zero", () => { RuntimeHelpers.RunClassConstructor(default); return "ok"; });
        Say("module zero", () => { RuntimeHelpers.RunModuleConstructor(default); return "ok"; });
        Say("fp", () => typeof(Abs).GetMethod("M").MethodHandle.GetFunctionPointer() != 0);
        Say("fp open", () => typeof(G1<>).GetMethod("M").MethodHandle.GetFunctionPointer() != 0);
        Say("fp zero", () => default(RuntimeMethodHandle).GetFunctionPointer());
        Say("prelink", () => { Marshal.Prelink(typeof(Stat).GetMethod("M")); return "ok"; });
        Say("prelink null", () => { Marshal.Prelink(null); return "ok"; });
        Say("subarray", () => RuntimeHelpers.GetSubArray(new[] { 1, 2 }, 1..5));
        Say("subarray null", () => RuntimeHelpers.GetSubArray<int>(null, 1..5));
        Say("createspan", () => RuntimeHelpers.CreateSpan<int>(default).Length);
        Say("createspan2", () => RuntimeHelpers.CreateSpan<int>(typeof(Stat).GetField("F").FieldHandle).Length);
        Say("createspan3", () => RuntimeHelpers.CreateSpan<string>(typeof(Stat).GetField("F").FieldHandle).Length);
        Say("ensure", () => { RuntimeHelpers.EnsureSufficientExecutionStack(); return "ok"; });
        Say("uninit null", () => RuntimeHelpers.GetUninitializedObject(null));
        Say("box zero", () => { int x = 3; return RuntimeHelpers.Box(ref *(byte*)&x, typeof(int).TypeHandle); });
        Say("box rs", () => { int x = 3; return RuntimeHelpers.Box(ref *(byte*)&x, typeof(RS).TypeHandle); });
        Say("box nul", () => { int x = 3; return RuntimeHelpers.Box(ref *(byte*)&x, default); });
        Say("box null ref", () => RuntimeHelpers.Box(ref Unsafe.NullRef<byte>(), typeof(int).TypeHandle));
        Say("box ptr", () => { long x = 0; return RuntimeHelpers.Box(ref *(byte*)&x, typeof(int*).TypeHandle)?.GetType(); });
        Say("box open", () => { long x = 0; return RuntimeHelpers.Box(ref *(byte*)&x, typeof(KeyValuePair<,>).TypeHandle)?.GetType(); });
        Say("box null", () => { long x = 0; return RuntimeHelpers.Box(ref *(byte*)&x, typeof(int?).TypeHandle)?.GetType(); });
        Say("box void", () => { long x = 0; return RuntimeHelpers.Box(ref *(byte*)&x, typeof(void).TypeHandle)?.GetType(); });
        foreach (string s in new[] { null, "", " ", "x", "System.Int32", "System.Int32[", "System.Int32[]", "System.Int32[,", "System.Int32&&", "System.Int32&*", "System.Int32, ", "System.Int32, NoSuch", "System.Int32, mscorlib, Version=x", "G1`1", "G1`1[", "G1`1[]", "G1`1[System.Int32]", "G1`1[[System.Int32]]", "G1`1[System.Void]", "G1`1[RS]", "G1`1[System.Int32,System.Int32]", "System.Nullable`1[System.String]", "a+b", "+", "Program+", "Program+__arglist_none", ",x", "\\", "a\\", "System.Int32[*]", "System.Int32[**]", "System.Int32[-1]", "System.Void[]", "System.Void*", "System.Span`1[System.Int32][]", "System.TypedReference[]", "System.Int32" + string.Concat(Enumerable.Repeat("[]", 60)), "System.Int32" + new string('*', 100), "System.Int32[" + new string(',', 40) + "]" })
        {
            string sh = s == null ? "null" : s.Length > 60 ? s[..20] + s.Length : s;
            Say("type " + sh, () => Type.GetType(s));
            Say("type throw " + sh, () => { string r = Type.GetType(s, true).ToString(); return r.Length > 100 ? r.Length : r; });
            Say("type asm " + sh, () => typeof(Program).Assembly.GetType(s, true, true)?.ToString().Length);
            Say("type module " + sh, () => typeof(Program).Module.GetType(s)?.ToString().Length);
            Say("create " + sh, () => Activator.CreateInstance(null, s)?.Unwrap().GetType());
            Say("load " + sh, () => Assembly.Load(s!).GetName().Name);
            Say("loadfrom " + sh, () => Assembly.LoadFrom(s!).GetName().Name);
            Say("loadfile " + sh, () => Assembly.LoadFile(s!).GetName().Name);
            Say("name " + sh, () => new AssemblyName(s!).ToString());
            Say("getname " + sh, () => AssemblyName.GetAssemblyName(s!).ToString());
            Say("alcpath " + sh, () => AssemblyLoadContext.Default.LoadFromAssemblyPath(s!).GetName().Name);
            Say("alcname " + sh, () => AssemblyLoadContext.Default.LoadFromAssemblyName(s == null ? null : new AssemblyName { Name = s }).GetName().Name);
            Say("native " + sh, () => NativeLibrary.Load(s!) != 0);
            Say("trynative " + sh, () => NativeLibrary.TryLoad(s!, out _));
            Say("export " + sh, () => NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), s!) != 0);
            Say("alcnew " + sh, () => new AssemblyLoadContext(s).Name);
            Say("resource " + sh, () => typeof(Program).Assembly.GetManifestResourceStream(s!)?.Length);
            Say("resinfo " + sh, () => typeof(Program).Assembly.GetManifestResourceInfo(s!)?.FileName);
            Say("satellite " + sh, () => typeof(Program).Assembly.GetSatelliteAssembly(s == null ? null : new System.Globalization.CultureInfo("de")).FullName);
            Say("file " + sh, () => typeof(Program).Assembly.GetFile(s!)?.Length > 0);
            Say("getmodule " + sh, () => typeof(Program).Assembly.GetModule(s!)?.Name);
            Say("utf8 " + sh, () => { var p = Marshal.StringToCoTaskMemUTF8(s); string r = Marshal.PtrToStringUTF8(p); Marshal.FreeCoTaskMem(p); return r == s; });
            Say("threadname " + sh, () => { var t = new Thread(() => { }); t.Name = s; return t.Name == s; });
            Say("slot " + sh, () => { var l = Thread.GetNamedDataSlot(s!); Thread.SetData(l, 1); return Thread.GetData(l); });
            Say("appctx " + sh, () => { AppContext.TryGetSwitch(s!, out bool b); return AppContext.GetData(s!); });
        }
        foreach (byte[] b in new byte[][] { null, [], [1], new byte[100], [(byte)'M', (byte)'Z'], new byte[5000] })
        {
            Say("load bytes " + b?.Length, () => Assembly.Load(b!));
            Say("load stream " + b?.Length, () => AssemblyLoadContext.Default.LoadFromStream(b == null ? null : new MemoryStream(b)));
        }
    }
    static void Misc()
    {
        foreach (int i in new[] { -2, -1, 0, 1, int.MaxValue, int.MinValue })
        {
            if (i < -1) Say("sleep " + i, () => { Thread.Sleep(i); return "ok"; });
            if (i < -1) Say("join " + i, () => Thread.CurrentThread.Join(i));
            Say("spin " + i, () => { if (i < 2) Thread.SpinWait(i); return "ok"; });
            Say("thread size " + i, () => { if (i == int.MaxValue) return ""; var t = new Thread(() => { }, i); t.Start(); t.Join(); return "ok"; });
            Say("priority " + i, () => { var t = new Thread(() => { }); t.Priority = (ThreadPriority)i; return t.Priority; });
            Say("apartment " + i, () => { var t = new Thread(() => { }); t.SetApartmentState((ApartmentState)i); return t.GetApartmentState(); });
            Say("tryapartment " + i, () => { var t = new Thread(() => { }); return t.TrySetApartmentState((ApartmentState)i); });
            Say("allochg " + i, () => { if (i > 1) return ""; var p = Marshal.AllocHGlobal(i); Marshal.FreeHGlobal(p); return "ok"; });
            Say("alloccotask " + i, () => { if (i > 1) return ""; var p = Marshal.AllocCoTaskMem(i); Marshal.FreeCoTaskMem(p); return "ok"; });
            Say("exhr " + i, () => { var e = Marshal.GetExceptionForHR(i); return e?.GetType() + " " + e?.Message; });
            Say("collect " + i, () => { GC.Collect(i); return "ok"; });
            Say("collect mode " + i, () => { GC.Collect(0, (GCCollectionMode)i); return "ok"; });
            Say("count " + i, () => { int c = GC.CollectionCount(i); return c >= 0; });
            Say("pressure " + i, () => { GC.AddMemoryPressure(i); GC.RemoveMemoryPressure(i); return "ok"; });
            Say("nogc " + i, () => { bool b = GC.TryStartNoGCRegion(i); if (b) GC.EndNoGCRegion(); return b; });
            Say("notify " + i, () => { GC.RegisterForFullGCNotification(i, i); GC.CancelFullGCNotification(); return "ok"; });
            Say("waitfull " + i, () => GC.WaitForFullGCApproach(i));
            Say("alloc arr " + i, () => i > 1 ? 0 : GC.AllocateUninitializedArray<byte>(i).Length);
            Say("alloc pinned " + i, () => i > 1 ? 0 : GC.AllocateArray<byte>(i, true).Length);
            Say("alloc pinned s " + i, () => i > 1 ? 0 : GC.AllocateArray<string>(i, true).Length);
            Say("memory info " + i, () => GC.GetGCMemoryInfo((GCKind)i).Index >= 0);
            Say("latency " + i, () => { System.Runtime.GCSettings.LatencyMode = (System.Runtime.GCLatencyMode)i; System.Runtime.GCSettings.LatencyMode = System.Runtime.GCLatencyMode.Interactive; return "ok"; });
            Say("loh " + i, () => { System.Runtime.GCSettings.LargeObjectHeapCompactionMode = (System.Runtime.GCLargeObjectHeapCompactionMode)i; return System.Runtime.GCSettings.LargeObjectHeapCompactionMode; });
            Say("new array " + i, () => i == int.MaxValue ? new long[i].Length : new byte[i].Length);
            Say("new string " + i, () => i == int.MaxValue ? new string('a', i).Length : new string('x', i).Length);
            Say("new string arr " + i, () => new string(new[] { 'a', 'b' }, i, 1));
            Say("new md " + i, () => i > 2 ? new int[i, i].Length : new int[i, 2].Length);
            Say("frame " + i, () => new System.Diagnostics.StackFrame(i, false).GetMethod()?.Name == null);
            Say("trace " + i, () => new System.Diagnostics.StackTrace(i, false).FrameCount >= 0);
            Say("resolve type " + i, () => typeof(Program).Module.ResolveType(i));
            Say("resolve method " + i, () => typeof(Program).Module.ResolveMethod(i));
            Say("resolve field " + i, () => typeof(Program).Module.ResolveField(i));
            Say("resolve member " + i, () => typeof(Program).Module.ResolveMember(i));
            Say("resolve string " + i, () => typeof(Program).Module.ResolveString(i));
            Say("resolve sig " + i, () => typeof(Program).Module.ResolveSignature(i));
            Say("environment exit code " + i, () => { Environment.ExitCode = i; int c = Environment.ExitCode; Environment.ExitCode = 0; return c; });
            Say("ptrtostr " + i, () => i > 1 ? "" : Marshal.PtrToStringAnsi(0, i));
            Say("ptrtostru " + i, () => i > 1 ? "" : Marshal.PtrToStringUni(0, i));
            Say("copy " + i, () => { Marshal.Copy(new byte[2], i, 0, 1); return "ok"; });
            Say("copy2 " + i, () => { Marshal.Copy((IntPtr)0, new byte[2], 0, i); return "ok"; });
            Say("secs " + i, () => Marshal.GetLastPInvokeErrorMessage() != null);
            Say("err " + i, () => Marshal.GetPInvokeErrorMessage(i));
            Say("setmin " + i, () => ThreadPool.SetMinThreads(i, i) );
            Say("setmax " + i, () => i > 0 ? false : ThreadPool.SetMaxThreads(i, i));
        }
        foreach (int tok in new[] { 0x02000001, 0x0200FFFF, 0x0A000001, 0x0A00FFFF, 0x06000001, 0x0600FFFF, 0x04000001, 0x0400FFFF, 0x1B000001, 0x1B00FFFF, 0x2B000001, 0x2B00FFFF, 0x11000001, 0x1100FFFF, 0x70000001, 0x7000FFFF, 0x01000001, 0x0100FFFF, 0x20000001, 0x7F000001, unchecked((int)0xFF000001) })
        {
            Say($"tok {tok:x} type", () => typeof(Program).Module.ResolveType(tok) != null);
            Say($"tok {tok:x} method", () => typeof(Program).Module.ResolveMethod(tok) != null);
            Say($"tok {tok:x} field", () => typeof(Program).Module.ResolveField(tok) != null);
            Say($"tok {tok:x} member", () => typeof(Program).Module.ResolveMember(tok) != null);
            Say($"tok {tok:x} string", () => typeof(Program).Module.ResolveString(tok) != null);
            Say($"tok {tok:x} sig", () => typeof(Program).Module.ResolveSignature(tok) != null);
            Say($"tok {tok:x} mh", () => typeof(Program).Module.ModuleHandle.ResolveMethodHandle(tok).Value != 0);
            Say($"tok {tok:x} fh", () => typeof(Program).Module.ModuleHandle.ResolveFieldHandle(tok).Value != 0);
            Say($"tok {tok:x} args", () => typeof(Program).Module.ResolveType(tok, [typeof(int)], [null]) != null);
        }
        Say("start twice", () => { var t = new Thread(() => { }); t.Start(); t.Join(); t.Start(); return "ok"; });
        Say("join unstarted", () => { var t = new Thread(() => { }); t.Join(); return "ok"; });
        Say("start param", () => { var t = new Thread(() => { }); t.Start(1); t.Join(); return "ok"; });
        Say("prio dead", () => { var t = new Thread(() => { }); t.Start(); t.Join(); return t.Priority; });
        Say("set prio dead", () => { var t = new Thread(() => { }); t.Start(); t.Join(); t.Priority = ThreadPriority.Highest; return "ok"; });
        Say("bg dead", () => { var t = new Thread(() => { }); t.Start(); t.Join(); return t.IsBackground; });
        Say("set bg dead", () => { var t = new Thread(() => { }); t.Start(); t.Join(); t.IsBackground = true; return "ok"; });
        Say("pool dead", () => { var t = new Thread(() => { }); t.Start(); t.Join(); return t.IsThreadPoolThread; });
        Say("state dead", () => { var t = new Thread(() => { }); t.Start(); t.Join(); return t.ThreadState; });
        Say("abort", () => { Thread.CurrentThread.Abort(); return "ok"; });
        Say("suspend", () => { Thread.CurrentThread.Suspend(); return "ok"; });
        Say("resetabort", () => { Thread.ResetAbort(); return "ok"; });
        Say("interlocked i", () => Interlocked.Increment(ref Unsafe.NullRef<int>()));
        Say("interlocked t", () => { DateTime d = default; return Interlocked.Exchange(ref d, d); });
        Say("interlocked b", () => { byte d = 1; return Interlocked.Exchange(ref d, (byte)3); });
        Say("waitany", () => WaitHandle.WaitAny(new WaitHandle[0]));
        Say("waitany null", () => WaitHandle.WaitAny(null!));
        Say("waitany nul", () => WaitHandle.WaitAny([null!]));
        Say("waitall 65", () => WaitHandle.WaitAll(Enumerable.Range(0, 65).Select(_ => (WaitHandle)new ManualResetEvent(true)).ToArray()));
        Say("waitall dup", () => { var e = new ManualResetEvent(true); return WaitHandle.WaitAll([e, e]); });
        Say("release", () => { new Mutex().ReleaseMutex(); return "ok"; });
        Say("sem", () => { new Semaphore(1, 1).Release(); return "ok"; });
        Say("alc null", () => AssemblyLoadContext.Default.LoadFromAssemblyName(null!));
        Say("alc unload", () => { AssemblyLoadContext.Default.Unload(); return "ok"; });
        Say("alc unload2", () => { new AssemblyLoadContext("x").Unload(); return "ok"; });
        Say("alc path", () => new AssemblyLoadContext("x").LoadFromAssemblyPath("rel.dll"));
        Say("alc native", () => new AssemblyLoadContext("x").LoadFromNativeImagePath("/x/y", "/x/z"));
        Say("alc enter", () => { using (new AssemblyLoadContext("x").EnterContextualReflection()) return AssemblyLoadContext.CurrentContextualReflectionContext.Name; });
        Say("alc getname", () => AssemblyLoadContext.GetAssemblyName("/nope"));
        Say("alc get", () => AssemblyLoadContext.GetLoadContext(null!));
        Say("entry", () => Assembly.GetEntryAssembly().GetName().Name);
        Say("asm null", () => Assembly.GetAssembly(null!));
        Say("exec", () => AppDomain.CurrentDomain.ExecuteAssembly("nope.dll"));
        Say("execn", () => AppDomain.CurrentDomain.ExecuteAssemblyByName("nope"));
        Say("createdomain", () => AppDomain.CreateDomain("x"));
        Say("createinst", () => AppDomain.CurrentDomain.CreateInstance("nope", "x"));
        Say("createfrom", () => Activator.CreateInstanceFrom("nope.dll", "x"));
        Say("closed", () => Delegate.CreateDelegate(typeof(Action), null!, typeof(Stat).GetMethod("M")));
        Say("open gen", () => Delegate.CreateDelegate(typeof(Action), typeof(G1<>).GetMethod("M")));
        Say("open gen2", () => Delegate.CreateDelegate(typeof(Action), new G1<int>(), typeof(G1<int>).GetMethod("M")));
        Say("open type", () => Delegate.CreateDelegate(typeof(DG<>), typeof(Stat).GetMethod("M")));
        Say("wrong target", () => Delegate.CreateDelegate(typeof(Func<string>), 5, typeof(string).GetMethod("ToString", [])));
        Say("null method", () => Delegate.CreateDelegate(typeof(Func<string>), (MethodInfo)null!));
        Say("no method", () => Delegate.CreateDelegate(typeof(Func<string>), typeof(string), "Nope"));
        Say("no method q", () => Delegate.CreateDelegate(typeof(Func<string>), typeof(string), "Nope", false, false));
        Say("ctor invoke", () => typeof(N1).GetConstructor([])!.Invoke(new N1(), null));
        Say("ctor invoke wrong", () => typeof(N1).GetConstructor([])!.Invoke("x", null));
        Say("ctor invoke abs", () => typeof(Abs).GetConstructor([])!.Invoke(null));
        Say("cctor invoke", () => typeof(CctorThrows).TypeInitializer!.Invoke(null, null));
        Say("cctor invoke2", () => typeof(CctorThrows).TypeInitializer!.Invoke(null));
        Say("string ctor", () => typeof(string).GetConstructor([typeof(char), typeof(int)])!.Invoke(['a', -1]));
        Say("string ctor ok", () => typeof(string).GetConstructor([typeof(char), typeof(int)])!.Invoke(['a', 3]));
        Say("array ctor", () => typeof(int[,]).GetConstructors()[0].Invoke([2, -2]));
        Say("array ctor ok", () => typeof(int[,]).GetConstructors()[0].Invoke([2, 2])!.GetType());
        Say("array get", () => typeof(int[,]).GetMethod("Get")!.Invoke(new int[1, 1], [3, 3]));
        Say("array set", () => typeof(int[,]).GetMethod("Set")!.Invoke(new int[1, 1], [0, 0, "x"]));
        Say("struct ctor", () => typeof(DateTime).GetConstructor([typeof(int), typeof(int), typeof(int)])!.Invoke([1, 99, 1]));
        Say("rs method", () => typeof(Span<int>).GetMethod("ToArray")!.Invoke(null, null));
        Say("rs ctor", () => typeof(Span<int>).GetConstructor([typeof(int[])])!.Invoke([new int[1]]));
        Say("invoker", () => MethodInvoker.Create(typeof(Stat).GetMethod("M")!).Invoke(null, 1));
        Say("invoker2", () => MethodInvoker.Create(typeof(Stat).GetMethod("M")!).Invoke(null, "x", 1));
        Say("invoker open", () => MethodInvoker.Create(typeof(G1<>).GetMethod("M")!).Invoke(null));
        Say("ctorinvoker", () => ConstructorInvoker.Create(typeof(NoCtor).GetConstructors()[0]).Invoke("x"));
        Say("ctorinvoker abs", () => ConstructorInvoker.Create(typeof(Abs).GetConstructors()[0]).Invoke());
        Say("setvalue direct", () => { typeof(S1).GetField("A")!.SetValueDirect(default, 1); return "ok"; });
        Say("getvalue direct", () => { S1 s = new() { A = 4 }; return typeof(S1).GetField("A")!.GetValueDirect(__makeref(s)); });
        Say("getvalue direct wrong", () => { S2 s = default; return typeof(S1).GetField("A")!.GetValueDirect(__makeref(s)); });
        Say("refvalue", () => { int i = 3; TypedReference r = __makeref(i); return __refvalue(r, long); });
        Say("toobject", () => TypedReference.ToObject(default));
        Say("settr", () => { TypedReference.SetTypedReference(default, 1); return "ok"; });
        Say("attr", () => typeof(Program).GetCustomAttributes(null!, false));
        Say("attr wrong", () => typeof(Program).GetCustomAttributes(typeof(int), false));
        Say("attr open", () => typeof(Program).GetCustomAttributes(typeof(G1<>), false).Length);
        Say("isdef", () => typeof(Program).IsDefined(null!, false));
        Say("unsafe as", () => Unsafe.As<string>(null)?.Length);
        Say("vol", () => Volatile.Read(ref Unsafe.NullRef<int>()));
        Say("memcopy", () => { Buffer.MemoryCopy(null, null, 1, 2); return "ok"; });
        Say("memcopy2", () => { Buffer.MemoryCopy(null, null, 0, 0); return "ok"; });
        Say("strlen null", () => Marshal.PtrToStringAnsi(0));
        Say("secure", () => Marshal.SecureStringToBSTR(null!));
        Say("generate", () => Marshal.GenerateGuidForType(null!));
        Say("progid", () => Type.GetTypeFromProgID("x", true));
        Say("clsid", () => Type.GetTypeFromCLSID(Guid.Empty, true) != null);
        Say("getobj", () => Marshal.GetObjectForIUnknown(0));
        Say("release0", () => Marshal.Release(0));
        Say("changewrapper", () => Marshal.ReleaseComObject(new object()));
        Say("bindmoniker", () => Marshal.BindToMoniker("x"));
        Say("native free", () => { NativeLibrary.Free(0); return "ok"; });
        Say("native export 0", () => NativeLibrary.GetExport(0, "x"));
        Say("native resolver null", () => { NativeLibrary.SetDllImportResolver(null!, null!); return "ok"; });
        Say("native resolver twice", () => { NativeLibrary.SetDllImportResolver(typeof(Program).Assembly, (a, b, c) => 0); NativeLibrary.SetDllImportResolver(typeof(Program).Assembly, (a, b, c) => 0); return "ok"; });
    }
    static void Main(string[] a)
    {
        if (a.Length == 0 || a.Contains("types")) Types();
        if (a.Length == 0 || a.Contains("invokes")) Invokes();
        if (a.Length == 0 || a.Contains("handles")) Handles();
        if (a.Length == 0 || a.Contains("misc")) Misc();
    }
}
