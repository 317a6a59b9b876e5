// What a type may not declare: bodies that do not fit what they override, attributes and signatures of methods that contradict each other,
// fields, bases and interfaces that cannot be.
using System.Reflection;
using System.Reflection.Emit;

public class Shape
{
    public virtual void Draw() { }
    public void Measure() { }
    public virtual void Plot<T>() { }
    public virtual void Store<T>() where T : class, IPaint { }
}

public class TestAttribute : Attribute
{
    public TestAttribute() { }
    public TestAttribute(object o) { }
    public object? F;
    public object? P { get; set; }
}

public interface IMix { void Mix<T>(); }
public interface IGen<T> { void Do(); }

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

    private static void Twice()
    {
        Try("itself", t => { Of(t, typeof(IPaint)); MethodBuilder m = Method(t, "Paint", Virtual); t.DefineMethodOverride(m, m); });
        Try("itself alone", t => { MethodBuilder m = Method(t, "Paint", Virtual); t.DefineMethodOverride(m, m); });
        Try("itself new slot", t => { MethodBuilder m = Method(t, "Paint", Virtual | MethodAttributes.NewSlot); t.DefineMethodOverride(m, m); });
        Try("itself final", t => { MethodBuilder m = Method(t, "Paint", Virtual | MethodAttributes.Final| MethodAttributes.NewSlot); t.DefineMethodOverride(m, m); });
        Try("itself int", t => { MethodBuilder m = Method(t, "Paint", Virtual, result: typeof(int)); t.DefineMethodOverride(m, m); });
        Try("same twice", t => { Of(t, typeof(IPaint)); MethodBuilder m = Method(t, "x", Virtual); t.DefineMethodOverride(m, paint); t.DefineMethodOverride(m, paint); });
        Try("same twice class", t => { Of(t, typeof(Shape)); MethodBuilder m = Method(t, "x", Virtual); t.DefineMethodOverride(m, draw); t.DefineMethodOverride(m, draw); });
        Try("open interface", t => { Of(t, typeof(IGen<string>)); MethodBuilder m = Method(t, "Do", Virtual); t.DefineMethodOverride(m, typeof(IGen<>).GetMethod("Do")!); });
        Try("other interface", t => { Of(t, typeof(IGen<string>)); MethodBuilder m = Method(t, "Do", Virtual); t.DefineMethodOverride(m, typeof(IGen<int>).GetMethod("Do")!); });
        Try("own interface", t => { Of(t, typeof(IGen<string>)); MethodBuilder m = Method(t, "x", Virtual); t.DefineMethodOverride(m, typeof(IGen<string>).GetMethod("Do")!); });
        Try("static own", t => { MethodBuilder m = Method(t, "x", Virtual), s = Method(t, "s", MethodAttributes.Public | MethodAttributes.Static); t.DefineMethodOverride(m, s); });
        Try("nonvirtual own", t => { MethodBuilder m = Method(t, "x", Virtual), s = Method(t, "s", MethodAttributes.Public); t.DefineMethodOverride(m, s); });
        Try("other sig own", t => { MethodBuilder m = Method(t, "x", Virtual), s = Method(t, "s", Virtual, result: typeof(int)); t.DefineMethodOverride(m, s); });
        Try("ring", t => { MethodBuilder m = Method(t, "x", Virtual), s = Method(t, "s", Virtual); t.DefineMethodOverride(m, s); t.DefineMethodOverride(s, m); });
        Try("chain back", t => { MethodBuilder m = Method(t, "x", Virtual), s = Method(t, "s", Virtual), u = Method(t, "u", Virtual); t.DefineMethodOverride(s, u); t.DefineMethodOverride(m, s); });
        Try("chain", t => { MethodBuilder m = Method(t, "x", Virtual), s = Method(t, "s", Virtual), u = Method(t, "u", Virtual); t.DefineMethodOverride(m, s); t.DefineMethodOverride(s, u); });
    }

    private static void Weaker()
    {
        Try("weaker", t => { Of(t, typeof(Shape)); MethodBuilder m = Method(t, "Plot", Virtual); m.DefineGenericParameters("T")[0].SetInterfaceConstraints(typeof(IPaint)); });
        Try("flag", t => { Of(t, typeof(Shape)); MethodBuilder m = Method(t, "Plot", Virtual); m.DefineGenericParameters("T")[0].SetGenericParameterAttributes(GenericParameterAttributes.ReferenceTypeConstraint); });
        Try("less", t => { Of(t, typeof(Shape)); MethodBuilder m = Method(t, "Store", Virtual); m.DefineGenericParameters("T"); });
        Try("object", t => { Of(t, typeof(Shape)); MethodBuilder m = Method(t, "Plot", Virtual); m.DefineGenericParameters("T")[0].SetBaseTypeConstraint(typeof(object)); });
        Try("explicit", t => { Of(t, typeof(Shape)); MethodBuilder m = Method(t, "x", Virtual); m.DefineGenericParameters("T")[0].SetInterfaceConstraints(typeof(IPaint)); t.DefineMethodOverride(m, typeof(Shape).GetMethod("Plot")!); });
        Try("explicit less", t => { Of(t, typeof(Shape)); MethodBuilder m = Method(t, "x", Virtual); m.DefineGenericParameters("T"); t.DefineMethodOverride(m, typeof(Shape).GetMethod("Store")!); });
        Try("of interface", t => { Of(t, typeof(IMix)); MethodBuilder m = Method(t, "Mix", Virtual); m.DefineGenericParameters("T")[0].SetInterfaceConstraints(typeof(IPaint)); });
        Try("of interface explicit", t => { Of(t, typeof(IMix)); MethodBuilder m = Method(t, "x", Virtual); m.DefineGenericParameters("T")[0].SetInterfaceConstraints(typeof(IPaint)); t.DefineMethodOverride(m, typeof(IMix).GetMethod("Mix")!); });
    }

    private static void Conventions()
    {
        foreach (CallingConventions c in new[] { CallingConventions.Any, CallingConventions.VarArgs, CallingConventions.HasThis, CallingConventions.ExplicitThis | CallingConventions.HasThis, CallingConventions.Standard })
        {
            Try("initialiser " + c, t => t.DefineConstructor(MethodAttributes.Static, c, []).GetILGenerator().Emit(OpCodes.Ret));
            Try("constructor " + c, t => t.DefineConstructor(MethodAttributes.Public, c, []).GetILGenerator().Emit(OpCodes.Ret));
            Try("static " + c, t => Method(t, "s", MethodAttributes.Static, c));
            Try("instance " + c, t => Method(t, "s", MethodAttributes.Public, c));
            Try("virtual " + c, t => Method(t, "s", Virtual, c));
            Try("initialiser arg " + c, t => t.DefineConstructor(MethodAttributes.Static, c, [typeof(int)]).GetILGenerator().Emit(OpCodes.Ret));
        }
        Try("cctor name instance", t => Method(t, ".cctor", MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName));
        Try("ctor name static", t => Method(t, ".ctor", MethodAttributes.Static | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName));
        Try("ctor int", t => Method(t, ".ctor", MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName, result: typeof(int)));
        Try("cctor plain", t => Method(t, ".cctor", MethodAttributes.Public));
        Try("ctor in interface", t => t.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, []).GetILGenerator().Emit(OpCodes.Ret), TypeAttributes.Interface | TypeAttributes.Abstract);
    }

    private static void Interfaces()
    {
        foreach (Type i in new[] { typeof(IGen<>).GetGenericArguments()[0], typeof(List<>), typeof(List<int>), typeof(int*), typeof(int[]), typeof(int), typeof(DayOfWeek), typeof(void), typeof(TypedReference), typeof(Shape) })
        {
            Try("implements " + i, t => t.AddInterfaceImplementation(i));
            Try("interface implements " + i, t => t.AddInterfaceImplementation(i), TypeAttributes.Interface | TypeAttributes.Abstract);
            Try("extends " + i, t => t.SetParent(i));
        }
        Try("implements a value type's definition", t => t.AddInterfaceImplementation(typeof(KeyValuePair<,>)));
        Try("implements byref", t => t.AddInterfaceImplementation(typeof(int).MakeByRefType()));
        Try("interface on Object", t => t.SetParent(typeof(object)), TypeAttributes.Interface | TypeAttributes.Abstract);
        Try("interface on ValueType", t => t.SetParent(typeof(ValueType)), TypeAttributes.Interface | TypeAttributes.Abstract);
    }

    private static void EmittedByName()
    {
        foreach (int k in new[] { 0, 1, 2 })
            try
            {
                AssemblyBuilder a = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Named"), AssemblyBuilderAccess.Run);
                TypeBuilder t = a.DefineDynamicModule("DynamicModule").DefineType("DynamicType");
                a.SetCustomAttribute(k == 0 ? new CustomAttributeBuilder(typeof(TestAttribute).GetConstructor([typeof(object)])!, [t]) :
                    k == 1 ? new CustomAttributeBuilder(typeof(TestAttribute).GetConstructor([])!, [], [typeof(TestAttribute).GetField("F")!], [t]) :
                    new CustomAttributeBuilder(typeof(TestAttribute).GetConstructor([])!, [], [typeof(TestAttribute).GetProperty("P")!], [t]));
                a.GetCustomAttributes();
                Console.WriteLine("read");
            }
            catch (Exception e) { Console.WriteLine(e.GetType() + ": " + e.Message); }
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
        Twice();
        Weaker();
        Methods();
        Conventions();
        Interfaces();
        EmittedByName();
        Try("interface with a base", t => t.SetParent(typeof(Shape)), TypeAttributes.Interface | TypeAttributes.Abstract);
        Try("array as an interface", t => t.AddInterfaceImplementation(typeof(int[])));
        Try("variable as an interface", t => t.AddInterfaceImplementation(t.DefineGenericParameters("T")[0]));
        foreach (Type field in new[] { typeof(Span<int>), typeof(TypedReference), typeof(DateTime), typeof(KeyValuePair<int, int>) })
            Try("static field " + field, t => t.DefineField("f", field, FieldAttributes.Public | FieldAttributes.Static));
        try { module.DefineEnum("E", TypeAttributes.Public, typeof(int*)).CreateType(); }
        catch (Exception e) { Console.WriteLine(e.Message); }
    }
}
