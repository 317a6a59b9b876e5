// Handles of types, methods and fields, there and back; what RuntimeHelpers, Marshal and friends do with good and bad ones; typed
// references; fields by handle and by reference; metadata tokens resolved by modules.
// also: common/Ask.cs
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

class Generic<T> { public T Item = default!; public static T? Shared; public void M<U>(U u) { } public void Plain() { } static Generic() => Program.Log += "[" + typeof(T).Name + "]"; }
unsafe class Holder { public int A = 1; public static int S = 2; public readonly string R = "r"; public const int C = 5; public Inner In; public object? O; public int* P; [ThreadStatic] public static int T; public static readonly int SR = 7; public Holder Self => this; public int? N; public DayOfWeek Day; }
struct Inner { public int X; public string? Y; public Deep D; }
struct Deep { public long Z; }
class Bad { static Bad() => throw new Exception("bad"); public static int F; public static void M() { } }
class Loop1 { public static int A = Loop2.B + 1; } class Loop2 { public static int B = Loop1.A + 1; }
abstract class Abs { public abstract void A(); public virtual void V() { } }

static unsafe class Program
{
    public static string Log = "";
    const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    static void Main()
    {
        Ask.Say("type", () => Type.GetTypeFromHandle(typeof(Holder).TypeHandle));
        Ask.Say("type, none", () => Type.GetTypeFromHandle(default));
        Ask.Say("type value", () => RuntimeTypeHandle.FromIntPtr(RuntimeTypeHandle.ToIntPtr(typeof(int[]).TypeHandle)).Equals(typeof(int[]).TypeHandle));
        Ask.Say("type module", () => typeof(List<Holder>).TypeHandle.GetModuleHandle() == typeof(object).Module.ModuleHandle);
        MethodInfo plain = typeof(Generic<int>).GetMethod("Plain")!;
        Ask.Say("method", () => MethodBase.GetMethodFromHandle(typeof(Holder).GetProperty("Self")!.GetMethod!.MethodHandle));
        Ask.Say("method, none", () => MethodBase.GetMethodFromHandle(default));
        Ask.Say("method of a generic type", () => MethodBase.GetMethodFromHandle(plain.MethodHandle));
        Ask.Say("method of a generic type", () => MethodBase.GetMethodFromHandle(plain.MethodHandle, typeof(Generic<int>).TypeHandle)!.DeclaringType);
        Ask.Say("method of a shared type", () => MethodBase.GetMethodFromHandle(typeof(Generic<string>).GetMethod("Plain")!.MethodHandle, typeof(Generic<object>).TypeHandle)!.DeclaringType);
        Ask.Say("method, wrong type", () => MethodBase.GetMethodFromHandle(plain.MethodHandle, typeof(string).TypeHandle));
        Ask.Say("method pointer", () => plain.MethodHandle.GetFunctionPointer() != 0);
        Ask.Say("method pointer, open", () => typeof(Generic<>).GetMethod("Plain")!.MethodHandle.GetFunctionPointer());
        Ask.Say("method pointer, generic", () => typeof(Generic<int>).GetMethod("M")!.MethodHandle.GetFunctionPointer());
        Ask.Say("method pointer, none", () => default(RuntimeMethodHandle).GetFunctionPointer());
        Ask.Say("method value", () => RuntimeMethodHandle.FromIntPtr(RuntimeMethodHandle.ToIntPtr(plain.MethodHandle)) == plain.MethodHandle);
        FieldInfo a = typeof(Holder).GetField("A")!;
        Ask.Say("field", () => FieldInfo.GetFieldFromHandle(a.FieldHandle));
        Ask.Say("field, none", () => FieldInfo.GetFieldFromHandle(default));
        Ask.Say("field of a generic type", () => FieldInfo.GetFieldFromHandle(typeof(Generic<string>).GetField("Item")!.FieldHandle));
        Ask.Say("field of a generic type", () => FieldInfo.GetFieldFromHandle(typeof(Generic<string>).GetField("Item")!.FieldHandle, typeof(Generic<string>).TypeHandle));
        Ask.Say("field of a literal", () => typeof(Holder).GetField("C")!.FieldHandle);
        Ask.Say("field value", () => RuntimeFieldHandle.FromIntPtr(RuntimeFieldHandle.ToIntPtr(a.FieldHandle)) == a.FieldHandle);

        Ask.Do("run", () => RuntimeHelpers.RunClassConstructor(typeof(Generic<int>).TypeHandle));
        Ask.Do("run", () => RuntimeHelpers.RunClassConstructor(typeof(Generic<string>).TypeHandle));
        Ask.Do("run, again", () => RuntimeHelpers.RunClassConstructor(typeof(Generic<string>).TypeHandle));
        Ask.Do("run, bad", () => RuntimeHelpers.RunClassConstructor(typeof(Bad).TypeHandle));
        Ask.Do("run, bad again", () => RuntimeHelpers.RunClassConstructor(typeof(Bad).TypeHandle));
        Ask.Do("run, open", () => RuntimeHelpers.RunClassConstructor(typeof(Generic<>).TypeHandle));
        Ask.Do("run, none", () => RuntimeHelpers.RunClassConstructor(default));
        Ask.Do("run, array", () => RuntimeHelpers.RunClassConstructor(typeof(int[]).TypeHandle));
        Ask.Do("run, pointer", () => RuntimeHelpers.RunClassConstructor(typeof(int*).TypeHandle));
        Ask.Do("run, module", () => RuntimeHelpers.RunModuleConstructor(typeof(Program).Module.ModuleHandle));
        Ask.Do("run, no module", () => RuntimeHelpers.RunModuleConstructor(default));
        Console.WriteLine(Log);
        Ask.Say("loop", () => Loop1.A + " " + Loop2.B);
        Ask.Do("prepare", () => RuntimeHelpers.PrepareMethod(plain.MethodHandle));
        Ask.Do("prepare", () => RuntimeHelpers.PrepareMethod(typeof(Generic<>).GetMethod("Plain")!.MethodHandle, [typeof(int).TypeHandle]));
        Ask.Do("prepare", () => RuntimeHelpers.PrepareMethod(typeof(Generic<>).GetMethod("M")!.MethodHandle, [typeof(int).TypeHandle, typeof(string).TypeHandle]));
        Ask.Do("prepare, open", () => RuntimeHelpers.PrepareMethod(typeof(Generic<>).GetMethod("Plain")!.MethodHandle));
        Ask.Do("prepare, too many", () => RuntimeHelpers.PrepareMethod(plain.MethodHandle, [typeof(int).TypeHandle, typeof(int).TypeHandle]));
        Ask.Do("prepare, none", () => RuntimeHelpers.PrepareMethod(default));
        Ask.Do("prepare, abstract", () => RuntimeHelpers.PrepareMethod(typeof(Abs).GetMethod("A")!.MethodHandle));
        Ask.Do("prepare, null argument", () => RuntimeHelpers.PrepareMethod(plain.MethodHandle, [default]));
        Ask.Do("prepare, delegate", () => RuntimeHelpers.PrepareDelegate(Main));
        Ask.Do("prepare, no delegate", () => RuntimeHelpers.PrepareDelegate(null!));
        foreach (Type t in new[] { typeof(int), typeof(string), typeof(Inner), typeof(int[]), typeof(int*), typeof(Generic<>), typeof(void), typeof(List<int>.Enumerator), typeof(List<>.Enumerator), typeof(Span<int>), typeof(int).MakeByRefType(), typeof(delegate*<int>), typeof(List<>).GetGenericArguments()[0] })
            Ask.Say("size of " + t, () => RuntimeHelpers.SizeOf(t.TypeHandle));
        Ask.Say("size of none", () => RuntimeHelpers.SizeOf(default));
        Ask.Do("box", () => { int n = 5; Console.WriteLine(RuntimeHelpers.Box(ref Unsafe.As<int, byte>(ref n), typeof(int).TypeHandle)); });
        Ask.Do("box, nullable", () => { int? n = 5; Console.WriteLine(RuntimeHelpers.Box(ref Unsafe.As<int?, byte>(ref n), typeof(int?).TypeHandle)!.GetType()); n = null; Console.WriteLine(RuntimeHelpers.Box(ref Unsafe.As<int?, byte>(ref n), typeof(int?).TypeHandle) == null); });
        Ask.Do("box, class", () => { int n = 5; RuntimeHelpers.Box(ref Unsafe.As<int, byte>(ref n), typeof(string).TypeHandle); });
        Ask.Do("box, open", () => { int n = 5; RuntimeHelpers.Box(ref Unsafe.As<int, byte>(ref n), typeof(KeyValuePair<,>).TypeHandle); });
        Ask.Do("box, span", () => { int n = 5; RuntimeHelpers.Box(ref Unsafe.As<int, byte>(ref n), typeof(Span<int>).TypeHandle); });
        Ask.Do("box, none", () => { int n = 5; RuntimeHelpers.Box(ref Unsafe.As<int, byte>(ref n), default); });
        Ask.Say("memory", () => RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(Holder), 16) != 0);
        Ask.Say("memory, negative", () => RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(Holder), -1));
        Ask.Say("memory, null", () => RuntimeHelpers.AllocateTypeAssociatedMemory(null!, 1));
        Ask.Say("init array", () => { var x = new int[2]; RuntimeHelpers.InitializeArray(x, a.FieldHandle); return x; });
        Ask.Say("init array, none", () => { RuntimeHelpers.InitializeArray(new int[1], default); return 0; });
        Ask.Say("init array, null", () => { RuntimeHelpers.InitializeArray(null!, default); return 0; });
        foreach (string f in new[] { nameof(RuntimeFeature.PortablePdb), "DefaultImplementationsOfInterfaces", "UnmanagedSignatureCallingConvention", "CovariantReturnsOfClasses", "ByRefFields", "VirtualStaticsInInterfaces", "NumericIntPtr", "ByRefLikeGenerics", "None" })
            Console.WriteLine(f + " " + RuntimeFeature.IsSupported(f));
        Console.WriteLine(RuntimeFeature.IsDynamicCodeSupported + " " + RuntimeFeature.IsDynamicCodeCompiled);

        Fields();
        References();
        Tokens();
    }

    static void Fields()
    {
        var h = new Holder();
        foreach (FieldInfo f in typeof(Holder).GetFields())
        {
            Ask.Say("get " + f, () => f.GetValue(h) is Pointer ? "pointer" : f.GetValue(h));
            Ask.Do("set null", () => f.SetValue(h, null));
            Ask.Do("set 3", () => f.SetValue(h, 3));
            Ask.Do("set short", () => f.SetValue(h, (short)4));
            if (!f.IsInitOnly || !f.IsStatic)
                Ask.Do("set x", () => f.SetValue(h, "x"));
            Ask.Say("get", () => f.GetValue(h) is Pointer ? "pointer" : f.GetValue(h));
        }
        Ask.Say("no target", () => typeof(Holder).GetField("A")!.GetValue(null));
        Ask.Say("wrong target", () => typeof(Holder).GetField("A")!.GetValue("x"));
        Ask.Do("wrong target", () => typeof(Holder).GetField("A")!.SetValue("x", 1));
        Ask.Say("open", () => typeof(Generic<>).GetField("Shared")!.GetValue(null));
        Ask.Say("open", () => typeof(Generic<>).GetField("Item")!.GetValue(new Generic<int>()));
        Ask.Say("generic", () => typeof(Generic<string>).GetField("Shared")!.GetValue(null));
        Ask.Do("generic", () => typeof(Generic<string>).GetField("Shared")!.SetValue(null, "s"));
        Ask.Say("generic", () => Generic<string>.Shared + Generic<object>.Shared);
        Ask.Say("bad", () => typeof(Bad).GetField("F")!.GetValue(null));
        Ask.Say("bad", () => typeof(Bad).GetMethod("M")!.Invoke(null, null));
        Ask.Say("constant", () => typeof(Holder).GetField("C")!.GetRawConstantValue());
        Ask.Say("not constant", () => typeof(Holder).GetField("A")!.GetRawConstantValue());
        object boxed = new Inner { X = 4 };
        typeof(Inner).GetField("X")!.SetValue(boxed, 9);
        Console.WriteLine(((Inner)boxed).X);
        Ask.Say("exact", () => typeof(Holder).GetField("SR")!.IsInitOnly);
    }

    static void References()
    {
        var h = new Holder { In = new Inner { X = 3, D = new Deep { Z = 8 } } };
        FieldInfo f(string n, Type? t = null) => (t ?? typeof(Holder)).GetField(n)!;
        TypedReference r = TypedReference.MakeTypedReference(h, [f("In"), f("D", typeof(Inner)), f("Z", typeof(Deep))]);
        Console.WriteLine(__reftype(r) + " " + __refvalue(r, long) + " " + TypedReference.ToObject(r) + " " + TypedReference.GetTargetType(r) + " " + Type.GetTypeFromHandle(TypedReference.TargetTypeToken(r)));
        __refvalue(r, long) = 11;
        Console.WriteLine(h.In.D.Z);
        try { Console.WriteLine(__refvalue(r, int)); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        Ask.Do("null target", () => TypedReference.MakeTypedReference(null!, [f("In")]));
        Ask.Do("no fields", () => TypedReference.MakeTypedReference(h, []));
        Ask.Do("static", () => TypedReference.MakeTypedReference(h, [f("S")]));
        Ask.Do("null field", () => TypedReference.MakeTypedReference(h, [null!]));
        Ask.Do("wrong chain", () => TypedReference.MakeTypedReference(h, [f("In"), f("Z", typeof(Deep))]));
        Ask.Do("class in the chain", () => TypedReference.MakeTypedReference(h, [f("O"), f("X", typeof(Inner))]));
        Ask.Do("wrong target", () => TypedReference.MakeTypedReference("x", [f("In")]));
        Inner inner = h.In;
        TypedReference to = __makeref(inner);
        Console.WriteLine(f("X", typeof(Inner)).GetValueDirect(to));
        f("X", typeof(Inner)).SetValueDirect(to, 70);
        f("Y", typeof(Inner)).SetValueDirect(to, "direct");
        Console.WriteLine(inner.X + inner.Y);
        TypedReference self = __makeref(h);
        f("A").SetValueDirect(self, 21);
        f("N").SetValueDirect(self, 22);
        Console.WriteLine(h.A + " " + f("N").GetValueDirect(self) + f("S").GetValueDirect(self));
        try { f("X", typeof(Inner)).SetValueDirect(to, "no"); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        try { f("A").GetValueDirect(to); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        try { f("C").GetValueDirect(self); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        try { f("A").GetValueDirect(default); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        try { Console.WriteLine(__reftype(default(TypedReference))); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        try { Console.WriteLine(TypedReference.ToObject(default)); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        try { TypedReference.SetTypedReference(to, inner); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
        try { to.Equals(null); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); }
    }

    static void Tokens()
    {
        Module m = typeof(Program).Module;
        int type = typeof(Holder).MetadataToken, method = typeof(Program).GetMethod("Tokens", any)!.MetadataToken, field = typeof(Holder).GetField("A")!.MetadataToken;
        foreach (int token in new[] { type, method, field, typeof(Generic<>).GetMethod("M")!.MetadataToken, typeof(Generic<>).GetField("Item")!.MetadataToken, m.MetadataToken, 0, -1, 0x02000000, 0x02FFFFFF, 0x0A000001, 0x1B000001, 0x2B000001, 0x01000001, 0x70000001, 0x11000001, 0x0B000001, 0x23000001, 0x20000001, 0x7F000001 })
        {
            Ask.Say("type", () => m.ResolveType(token));
            Ask.Say("method", () => m.ResolveMethod(token));
            Ask.Say("field", () => m.ResolveField(token));
            Ask.Say("member", () => m.ResolveMember(token));
            Ask.Say("string", () => m.ResolveString(token));
            Ask.Say("signature", () => Convert.ToHexString(m.ResolveSignature(token)).Length > 0);
        }
        Ask.Say("in context", () => m.ResolveMethod(typeof(Generic<>).GetMethod("M")!.MetadataToken, [typeof(int)], [typeof(string)]));
        Ask.Say("in context", () => m.ResolveField(typeof(Generic<>).GetField("Item")!.MetadataToken, [typeof(int)], null)!.FieldType);
        Ask.Say("in context, null", () => m.ResolveType(type, [null!], null));
        Ask.Say("handle", () => m.ModuleHandle.ResolveTypeHandle(type).Equals(typeof(Holder).TypeHandle));
        Ask.Say("handle", () => m.ModuleHandle.GetRuntimeTypeHandleFromMetadataToken(0x02000000));
        Ask.Say("handle", () => MethodBase.GetMethodFromHandle(m.ModuleHandle.ResolveMethodHandle(method)));
        Ask.Say("handle", () => FieldInfo.GetFieldFromHandle(m.ModuleHandle.ResolveFieldHandle(field)));
        Ask.Say("handle, wrong", () => m.ModuleHandle.ResolveFieldHandle(type));
        Ask.Say("empty", () => ModuleHandle.EmptyHandle.ResolveTypeHandle(type));
        Ask.Say("version", () => m.ModuleHandle.MDStreamVersion.ToString("x"));
        Ask.Say("array token", () => typeof(int[]).MetadataToken.ToString("x") + typeof(int[]).GetMethod("Get")!.MetadataToken.ToString("x") + typeof(int*).MetadataToken.ToString("x"));
        Ask.Say("of a parameter", () => typeof(Holder).GetConstructors()[0].GetParameters().Length + " " + typeof(Generic<>).GetMethod("M")!.GetParameters()[0].MetadataToken.ToString("x") + typeof(Generic<>).GetGenericArguments()[0].MetadataToken.ToString("x"));
    }
}
