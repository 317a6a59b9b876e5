// An override may ask of its type arguments no more than what it overrides: kinds of constraints, each against each.
using System.Reflection;
using System.Reflection.Emit;
public interface IPaint { void Paint(); }
public class Shape : IPaint { public void Paint() { } }
internal static class Program
{
    static ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Refused"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");
    static int number;
    static (string, Action<GenericTypeParameterBuilder>)[] kinds = {
        ("none", p => { }), ("class", p => p.SetGenericParameterAttributes(GenericParameterAttributes.ReferenceTypeConstraint)),
        ("struct", p => p.SetGenericParameterAttributes(GenericParameterAttributes.NotNullableValueTypeConstraint)),
        ("struct+", p => { p.SetGenericParameterAttributes(GenericParameterAttributes.NotNullableValueTypeConstraint | GenericParameterAttributes.DefaultConstructorConstraint); p.SetBaseTypeConstraint(typeof(ValueType)); }),
        ("new", p => p.SetGenericParameterAttributes(GenericParameterAttributes.DefaultConstructorConstraint)),
        ("class new", p => p.SetGenericParameterAttributes(GenericParameterAttributes.DefaultConstructorConstraint | GenericParameterAttributes.ReferenceTypeConstraint)),
        ("byreflike", p => p.SetGenericParameterAttributes(GenericParameterAttributes.AllowByRefLike)),
        ("object", p => p.SetBaseTypeConstraint(typeof(object))),
        ("ValueType", p => p.SetBaseTypeConstraint(typeof(ValueType))),
        ("Enum", p => p.SetBaseTypeConstraint(typeof(Enum))),
        ("IPaint", p => p.SetInterfaceConstraints(typeof(IPaint))),
        ("Shape", p => p.SetBaseTypeConstraint(typeof(Shape))),
        ("Shape IPaint", p => { p.SetBaseTypeConstraint(typeof(Shape)); p.SetInterfaceConstraints(typeof(IPaint)); }),
        ("IE<T>", p => p.SetInterfaceConstraints(typeof(IEnumerable<>).MakeGenericType(p))),
        ("IE<int>", p => p.SetInterfaceConstraints(typeof(IEnumerable<int>))),
    };
    static MethodBuilder Method(TypeBuilder t, string name, Action<GenericTypeParameterBuilder> f)
    {
        MethodBuilder m = t.DefineMethod(name, MethodAttributes.Public | MethodAttributes.Virtual, typeof(void), []);
        f(m.DefineGenericParameters("T")[0]);
        m.GetILGenerator().Emit(OpCodes.Ret);
        return m;
    }
    static void Main()
    {
        foreach (var b in kinds)
        {
            TypeBuilder bt = module.DefineType("B" + number++, TypeAttributes.Public);
            Method(bt, "M", b.Item2);
            Type bc = bt.CreateType();
            foreach (var d in kinds)
            {
                string s;
                try { TypeBuilder dt = module.DefineType("D" + number++, TypeAttributes.Public, bc); Method(dt, "M", d.Item2); dt.CreateType(); s = "loads"; }
                catch (Exception e) { s = e.GetType().Name; }
                Console.WriteLine($"{b.Item1} by {d.Item1}: {s}");
            }
        }
    }
}
