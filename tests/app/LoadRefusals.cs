// What a type may not declare: bodies that do not fit what they override, attributes and signatures of methods that contradict each other,
// fields, bases and interfaces that cannot be.
using System.Reflection;
using System.Reflection.Emit;

public class Shape
{
    public virtual void Draw() { }
    public void Measure() { }
}

public interface IPaint { void Paint(); }

internal static class Program
{
    private const MethodAttributes Virtual = MethodAttributes.Public | MethodAttributes.Virtual;
    private static readonly ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Refused"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");
    private static readonly MethodInfo paint = typeof(IPaint).GetMethod("Paint")!, draw = typeof(Shape).GetMethod("Draw")!;
    private static int number;

    private static void Try(string what, Action<TypeBuilder> fill, TypeAttributes attributes = TypeAttributes.Public)
    {
        try
        {
            TypeBuilder t = module.DefineType("T" + number++, attributes);
            fill(t);
            t.CreateType();
            Console.WriteLine(what + ": loads");
        }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }

    private static MethodBuilder Method(TypeBuilder t, string name, MethodAttributes a, CallingConventions c = CallingConventions.Standard, Type? result = null, params Type[] args)
    {
        MethodBuilder m = t.DefineMethod(name, a, c, result ?? typeof(void), args);
        if ((a & MethodAttributes.Abstract) == 0)
        {
            ILGenerator g = m.GetILGenerator();
            if (result != null) g.Emit(OpCodes.Ldc_I4_0);
            g.Emit(OpCodes.Ret);
        }
        return m;
    }

    private static void Of(TypeBuilder t, Type type)
    {
        if (type.IsInterface) t.AddInterfaceImplementation(type);
        else t.SetParent(type);
    }

    private static void Overrides()
    {
        Try("fits", t => { Of(t, typeof(IPaint)); t.DefineMethodOverride(Method(t, "x", Virtual), paint); });
        Try("result", t => { Of(t, typeof(IPaint)); t.DefineMethodOverride(Method(t, "x", Virtual, result: typeof(int)), paint); });
        Try("parameters", t => { Of(t, typeof(IPaint)); t.DefineMethodOverride(Method(t, "x", Virtual, args: typeof(int)), paint); });
        Try("type parameters", t => { Of(t, typeof(IPaint)); MethodBuilder m = Method(t, "x", Virtual); m.DefineGenericParameters("T"); t.DefineMethodOverride(m, paint); });
        Try("twice", t => { Of(t, typeof(IPaint)); t.DefineMethodOverride(Method(t, "x", Virtual), paint); t.DefineMethodOverride(Method(t, "y", Virtual), paint); });
        Try("not virtual, interface", t => { Of(t, typeof(IPaint)); t.DefineMethodOverride(Method(t, "x", MethodAttributes.Public), paint); });
        Try("not virtual, class", t => { Of(t, typeof(Shape)); t.DefineMethodOverride(Method(t, "x", MethodAttributes.Public), draw); });
        Try("no virtual to replace", t => { Of(t, typeof(Shape)); t.DefineMethodOverride(Method(t, "x", Virtual), typeof(Shape).GetMethod("Measure")!); });
        Try("not an ancestor", t => t.DefineMethodOverride(Method(t, "x", Virtual), draw));
    }

    private static void Methods()
    {
        const MethodAttributes fixedOne = MethodAttributes.Public | MethodAttributes.Static;
        Try("static with this", t => Method(t, "x", fixedOne, CallingConventions.HasThis));
        Try("initialiser with this", t => t.DefineConstructor(MethodAttributes.Static, CallingConventions.HasThis, []).GetILGenerator().Emit(OpCodes.Ret));
        Try("explicit this", t => Method(t, "x", MethodAttributes.Public, CallingConventions.HasThis | CallingConventions.ExplicitThis));
        Try("abstract, not virtual", t => Method(t, "x", MethodAttributes.Public | MethodAttributes.Abstract), TypeAttributes.Abstract);
        Try("virtual constructor", t => t.DefineConstructor(Virtual, CallingConventions.Standard, []).GetILGenerator().Emit(OpCodes.Ret));
    }

    private static void Main()
    {
        Overrides();
        Methods();
        Try("interface with a base", t => t.SetParent(typeof(Shape)), TypeAttributes.Interface | TypeAttributes.Abstract);
        Try("array as an interface", t => t.AddInterfaceImplementation(typeof(int[])));
        Try("variable as an interface", t => t.AddInterfaceImplementation(t.DefineGenericParameters("T")[0]));
        foreach (Type field in new[] { typeof(Span<int>), typeof(TypedReference), typeof(DateTime), typeof(KeyValuePair<int, int>) })
            Try("static field " + field, t => t.DefineField("f", field, FieldAttributes.Public | FieldAttributes.Static));
        try { module.DefineEnum("E", TypeAttributes.Public, typeof(int*)).CreateType(); }
        catch (Exception e) { Console.WriteLine(e.Message); }
    }
}
