// What builders refuse, and how: finished types, bad names, missing bodies, broken code, broken hierarchies; TypeResolve for types used early.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;

public interface IOne { void One(); }
public sealed class Closed { }

internal static class Program
{
    private static int number;
    private static readonly ModuleBuilder mb = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Misuse"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");

    private static void Try(string what, Action a)
    {
        try { a(); Console.WriteLine(what + ": no exception"); }
        catch (Exception e)
        {
            while (e is TargetInvocationException && e.InnerException != null) e = e.InnerException;
            Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}");
        }
    }

    private static TypeBuilder New(TypeAttributes a = TypeAttributes.Public, Type? parent = null, Type[]? interfaces = null) => mb.DefineType("T" + number++, a, parent, interfaces);

    private static MethodBuilder Body(MethodBuilder m, params OpCode[] codes)
    {
        ILGenerator g = m.GetILGenerator();
        foreach (OpCode c in codes) g.Emit(c);
        return m;
    }

    private static void Finished()
    {
        TypeBuilder t = New();
        FieldBuilder f = t.DefineField("f", typeof(int), FieldAttributes.Public);
        MethodBuilder m = Body(t.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static, null, []), OpCodes.Ret);
        PropertyBuilder p = t.DefineProperty("p", PropertyAttributes.None, typeof(int), []);
        EventBuilder e = t.DefineEvent("e", EventAttributes.None, typeof(EventHandler));
        GenericTypeParameterBuilder[]? none = null;
        Type made = t.CreateType();
        Try("DefineField", () => t.DefineField("g", typeof(int), FieldAttributes.Public));
        Try("DefineMethod", () => t.DefineMethod("n", MethodAttributes.Public, null, []));
        Try("DefineConstructor", () => t.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, []));
        Try("DefineDefaultConstructor", () => t.DefineDefaultConstructor(MethodAttributes.Public));
        Try("DefineTypeInitializer", () => t.DefineTypeInitializer());
        Try("DefineProperty", () => t.DefineProperty("q", PropertyAttributes.None, typeof(int), []));
        Try("DefineEvent", () => t.DefineEvent("q", EventAttributes.None, typeof(EventHandler)));
        Try("DefineNestedType", () => t.DefineNestedType("Nested"));
        Try("DefineGenericParameters", () => none = t.DefineGenericParameters("T"));
        Try("DefineMethodOverride", () => t.DefineMethodOverride(m, typeof(IOne).GetMethod("One")!));
        Try("DefineInitializedData", () => t.DefineInitializedData("data", [1], FieldAttributes.Static));
        Try("DefinePInvokeMethod", () => t.DefinePInvokeMethod("pi", "libc", MethodAttributes.Static, CallingConventions.Standard, null, [], CallingConvention.Cdecl, CharSet.Ansi));
        Try("SetParent", () => t.SetParent(typeof(Exception)));
        Try("AddInterfaceImplementation", () => t.AddInterfaceImplementation(typeof(IOne)));
        Try("field SetConstant", () => f.SetConstant(1));
        Try("field SetOffset", () => f.SetOffset(1));
        Try("method SetParameters", () => m.SetParameters(typeof(int)));
        Try("method SetReturnType", () => m.SetReturnType(typeof(int)));
        Try("method DefineParameter", () => m.DefineParameter(1, ParameterAttributes.None, "x"));
        Try("method SetImplementationFlags", () => m.SetImplementationFlags(MethodImplAttributes.NoInlining));
        Try("method GetILGenerator", () => m.GetILGenerator().Emit(OpCodes.Nop));
        Try("method DefineGenericParameters", () => m.DefineGenericParameters("T"));
        Try("property SetGetMethod", () => p.SetGetMethod(m));
        Try("property SetConstant", () => p.SetConstant(1));
        Try("event SetAddOnMethod", () => e.SetAddOnMethod(m));
        Try("InitLocals", () => m.InitLocals = false);
        Try("attribute on a finished type", () => { t.SetCustomAttribute(new CustomAttributeBuilder(typeof(ObsoleteAttribute).GetConstructor([])!, [])); Console.WriteLine(made.IsDefined(typeof(ObsoleteAttribute), false)); });
        Try("attribute on a finished field", () => { f.SetCustomAttribute(new CustomAttributeBuilder(typeof(ObsoleteAttribute).GetConstructor([])!, [])); Console.WriteLine(made.GetField("f")!.IsDefined(typeof(ObsoleteAttribute), false)); });
        Try("attribute on a finished method", () => m.SetCustomAttribute(new CustomAttributeBuilder(typeof(ObsoleteAttribute).GetConstructor([])!, [])));
    }

    private static void Unfinished()
    {
        TypeBuilder t = New();
        MethodBuilder m = t.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static, null, []);
        Try("GetMethods", () => t.GetMethods());
        Try("GetConstructor", () => t.GetConstructor([]));
        Try("Invoke", () => m.Invoke(null, []));
        Try("GetParameters", () => m.GetParameters());
        Try("GetCustomAttributes", () => t.GetCustomAttributes(false));
        Try("MakeGenericType", () => t.MakeGenericType(typeof(int)));
        Try("TypeHandle", () => Console.WriteLine(t.TypeHandle.Value == 0));
        Try("GUID", () => Console.WriteLine(t.GUID));
        Try("typeof instance", () => Activator.CreateInstance(t));
        Try("IsAssignableFrom", () => Console.WriteLine(typeof(object).IsAssignableFrom(t) + " " + t.IsSubclassOf(typeof(object)) + " " + t.IsAssignableFrom(typeof(int))));
        Try("array", () => Array.CreateInstance(t, 1));
        Try("no body", () => t.CreateType());
        Try("duplicate name", () => mb.DefineType(t.Name));
        Try("null name", () => mb.DefineType(null!));
        Try("empty name", () => mb.DefineType(""));
        Try("zero name", () => mb.DefineType("\0x"));
        Try("long name", () => mb.DefineType(new string('n', 1024)));
        Try("field name", () => New().DefineField("", typeof(int), 0));
        Try("void field", () => New().DefineField("x", typeof(void), 0));
        Try("method name", () => New().DefineMethod("", 0));
        Try("sealed parent", () => New(parent: typeof(Closed)).CreateType());
        Try("interface parent", () => New(parent: typeof(IOne)).CreateType());
        Try("not an interface", () => New(interfaces: [typeof(Closed)]).CreateType());
        Try("not implemented", () => New(interfaces: [typeof(IOne)]).CreateType());
        Try("abstract method", () => { TypeBuilder a = New(); a.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Abstract | MethodAttributes.Virtual); a.CreateType(); });
        Try("abstract with a body", () => { TypeBuilder a = New(TypeAttributes.Public | TypeAttributes.Abstract); Body(a.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Abstract | MethodAttributes.Virtual), OpCodes.Ret); a.CreateType(); });
        Try("static virtual", () => { TypeBuilder a = New(); Body(a.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.Virtual), OpCodes.Ret); a.CreateType(); });
        Try("interface with a field", () => { TypeBuilder a = New(TypeAttributes.Interface | TypeAttributes.Abstract); a.DefineField("f", typeof(int), FieldAttributes.Public); a.CreateType(); });
        Try("interface with a constructor", () => New(TypeAttributes.Interface | TypeAttributes.Abstract).DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, []));
        Try("interface not abstract", () => New(TypeAttributes.Interface).CreateType());
        Try("value type in itself", () => { TypeBuilder a = New(parent: typeof(ValueType)); a.DefineField("f", a, FieldAttributes.Public); a.CreateType(); });
        Try("enum without a value", () => New(parent: typeof(Enum)).CreateType());
        Try("override of another's", () => { TypeBuilder a = New(); a.DefineMethodOverride(m, typeof(IOne).GetMethod("One")!); });
        Try("same method twice", () => { TypeBuilder a = New(); Body(a.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static), OpCodes.Ret); Body(a.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static), OpCodes.Ret); a.CreateType(); });
        Try("same field twice", () => { TypeBuilder a = New(); a.DefineField("f", typeof(int), FieldAttributes.Public); a.DefineField("f", typeof(int), FieldAttributes.Public); a.CreateType(); });
        Try("explicit layout without offsets", () => { TypeBuilder a = New(TypeAttributes.ExplicitLayout, typeof(ValueType)); a.DefineField("f", typeof(int), FieldAttributes.Public); a.CreateType(); });
        Try("object over number", () => { TypeBuilder a = New(TypeAttributes.ExplicitLayout, typeof(ValueType)); a.DefineField("f", typeof(object), FieldAttributes.Public).SetOffset(0); a.DefineField("g", typeof(int), FieldAttributes.Public).SetOffset(0); a.CreateType(); });
        Try("bad constant", () => New().DefineField("f", typeof(int), FieldAttributes.Literal | FieldAttributes.Static).SetConstant("text"));
        Try("null constant", () => New().DefineField("f", typeof(int), FieldAttributes.Literal | FieldAttributes.Static).SetConstant(null));
        Try("data size 0", () => New().DefineInitializedData("d", [], FieldAttributes.Static));
        Try("data too large", () => New().DefineUninitializedData("d", 0x3f0000, FieldAttributes.Static));
        Try("second module", () => ((AssemblyBuilder)mb.Assembly).DefineDynamicModule("other"));
        Try("access", () => AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("x"), 0));
        Try("no name", () => AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(), AssemblyBuilderAccess.Run));
        Try("enum field", () => mb.DefineEnum("E" + number++, TypeAttributes.Public, typeof(string)));
        Try("enum literal", () => mb.DefineEnum("E" + number++, TypeAttributes.Public, typeof(int)).DefineLiteral("x", "text"));
        Try("enum attributes", () => mb.DefineEnum("E" + number++, TypeAttributes.Sealed, typeof(int)));
        Try("nested visibility", () => mb.DefineType("V" + number++, TypeAttributes.NestedPublic));
        Try("offset -1", () => New(TypeAttributes.ExplicitLayout, typeof(ValueType)).DefineField("f", typeof(int), 0).SetOffset(-1));
    }

    private static object? Run(Action<ILGenerator> emit, Type? result = null)
    {
        TypeBuilder t = New();
        emit(t.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static, result ?? typeof(void), []).GetILGenerator());
        return t.CreateType().GetMethod("m")!.Invoke(null, []);
    }

    private static void Code()
    {
        Try("nothing returned", () => Run(g => g.Emit(OpCodes.Ret), typeof(int)));
        Try("falls off", () => Run(g => g.Emit(OpCodes.Nop)));
        Try("empty stack", () => Run(g => { g.Emit(OpCodes.Pop); g.Emit(OpCodes.Ret); }));
        Try("local 9", () => Run(g => { g.Emit(OpCodes.Ldloc_S, (byte)9); g.Emit(OpCodes.Pop); g.Emit(OpCodes.Ret); }));
        Try("argument 3", () => Run(g => { g.Emit(OpCodes.Ldarg_3); g.Emit(OpCodes.Pop); g.Emit(OpCodes.Ret); }));
        Try("into nothing", () => Run(g => { g.Emit(OpCodes.Br, 1000); }));
        Try("label twice", () => Run(g => { Label l = g.DefineLabel(); g.MarkLabel(l); g.MarkLabel(l); }));
        Try("label of another", () => Run(g => { g.MarkLabel(default); }));
        Try("unmarked label", () => Run(g => { g.Emit(OpCodes.Br, g.DefineLabel()); }));
        Try("catch without try", () => Run(g => g.BeginCatchBlock(typeof(Exception))));
        Try("local of another method", () => { TypeBuilder t = New(); LocalBuilder l = t.DefineMethod("a", MethodAttributes.Static).GetILGenerator().DeclareLocal(typeof(int)); t.DefineMethod("b", MethodAttributes.Static).GetILGenerator().Emit(OpCodes.Ldloc, l); });
        Try("null string", () => Run(g => g.Emit(OpCodes.Ldstr, (string)null!)));
        Try("null type", () => Run(g => g.Emit(OpCodes.Box, (Type)null!)));
        Try("null method", () => Run(g => g.Emit(OpCodes.Call, (MethodInfo)null!)));
        Try("opcode of EmitCall", () => Run(g => g.EmitCall(OpCodes.Add, typeof(Console).GetMethod("ReadLine")!, null)));
        Try("throw a string", () => Run(g => g.ThrowException(typeof(string))));
        Try("calls an unfinished type", () => { TypeBuilder late = New(); MethodBuilder lm = Body(late.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static), OpCodes.Ret); Run(g => { g.Emit(OpCodes.Call, lm); g.Emit(OpCodes.Ret); }); });
        Try("creates an unfinished type", () => { TypeBuilder late = New(); Run(g => { g.Emit(OpCodes.Ldtoken, late); g.Emit(OpCodes.Pop); g.Emit(OpCodes.Ret); }); });
        Try("private of another", () => { TypeBuilder owner = New(); MethodBuilder hidden = Body(owner.DefineMethod("hidden", MethodAttributes.Private | MethodAttributes.Static), OpCodes.Ret); owner.CreateType(); Run(g => { g.Emit(OpCodes.Call, hidden); g.Emit(OpCodes.Ret); }); });
        Try("private of this program", () => Run(g => { g.Emit(OpCodes.Call, typeof(Program).GetMethod("Code", BindingFlags.NonPublic | BindingFlags.Static)!); g.Emit(OpCodes.Ret); }));
    }

    private static void Early()
    {
        TypeBuilder outer = mb.DefineType("Outer", TypeAttributes.Public | TypeAttributes.SequentialLayout, typeof(ValueType));
        TypeBuilder inner = outer.DefineNestedType("Inner", TypeAttributes.NestedPublic | TypeAttributes.SequentialLayout, typeof(ValueType));
        inner.DefineField("i", typeof(int), FieldAttributes.Public);
        outer.DefineField("f", inner, FieldAttributes.Public);
        Try("field of an unfinished value type", () => outer.CreateType());
        TypeBuilder parent = New(), child = New(parent: parent);
        Try("unfinished parent", () => child.CreateType());
        TypeBuilder outer2 = mb.DefineType("Space.Outer2", TypeAttributes.Public | TypeAttributes.SequentialLayout, typeof(ValueType));
        TypeBuilder inner2 = outer2.DefineNestedType("Inner2", TypeAttributes.NestedPublic | TypeAttributes.SequentialLayout, typeof(ValueType));
        inner2.DefineField("i", typeof(int), FieldAttributes.Public);
        outer2.DefineField("f", inner2, FieldAttributes.Public);
        ResolveEventHandler handler = (_, e) =>
        {
            Console.WriteLine($"resolve {e.Name} for {e.RequestingAssembly?.GetName().Name}");
            if (e.Name.EndsWith("Inner2")) inner2.CreateType();
            return mb.Assembly;
        };
        AppDomain.CurrentDomain.TypeResolve += handler;
        Try("with TypeResolve", () => Console.WriteLine(outer2.CreateType().GetField("f")!.FieldType.IsValueType));
        TypeBuilder never = New();
        Try("resolved by nothing", () => Run(g => { g.Emit(OpCodes.Ldtoken, never); g.Emit(OpCodes.Pop); g.Emit(OpCodes.Ret); }));
        AppDomain.CurrentDomain.TypeResolve -= handler;
    }

    private static void Main()
    {
        Finished();
        Unfinished();
        Code();
        Early();
    }
}
