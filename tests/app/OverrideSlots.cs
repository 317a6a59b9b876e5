// A .override of a method of the own class or of a base: which body the slot has, what calls without dispatch run, and that who overrides the body
// overrides the slot that it was put into, too.
using System.Reflection;
using System.Reflection.Emit;
public class B0 { public virtual string A() => "B0.A"; }
internal static class Program
{
    const MethodAttributes V = MethodAttributes.Public | MethodAttributes.Virtual, N = V | MethodAttributes.NewSlot;
    static ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Slots"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");
    static int number;
    static MethodBuilder M(TypeBuilder t, string name, MethodAttributes a)
    {
        MethodBuilder m = t.DefineMethod(name, a, typeof(string), []);
        if ((a & MethodAttributes.Abstract) != 0) return m;
        m.GetILGenerator().Emit(OpCodes.Ldstr, t.Name + "." + name);
        m.GetILGenerator().Emit(OpCodes.Ret);
        return m;
    }
    static string Call(object o, Type t, string name, OpCode op)
    {
        try
        {
            var d = new DynamicMethod("c", typeof(string), [typeof(object)], typeof(Program).Module, true);
            d.GetILGenerator().Emit(OpCodes.Ldarg_0); d.GetILGenerator().Emit(OpCodes.Castclass, t);
            d.GetILGenerator().Emit(op, t.GetMethod(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)!);
            d.GetILGenerator().Emit(OpCodes.Ret);
            return (string)d.Invoke(null, [o])!;
        }
        catch (Exception e) { return (e.InnerException ?? e).GetType().Name; }
    }
    static void Shape(string what, Type parent, MethodAttributes a, MethodAttributes b, bool baseDecl, string second, TypeAttributes ta = TypeAttributes.Public)
    {
        try
        {
            TypeBuilder t = module.DefineType("T" + number++, ta, parent);
            MethodBuilder decl = baseDecl ? null : M(t, "A", a), body = M(t, "X", b);
            t.DefineMethodOverride(body, baseDecl ? parent.GetMethod("A")! : decl);
            Type ct = t.CreateType();
            if ((ta & TypeAttributes.Sealed) != 0) { object s = Activator.CreateInstance(ct); Console.WriteLine($"{what}: {Call(s, ct, "A", OpCodes.Callvirt)} {Call(s, ct, "A", OpCodes.Call)}"); return; }
            TypeBuilder u = module.DefineType("U" + number++, TypeAttributes.Public, ct);
            M(u, second, V);
            Type cu = u.CreateType();
            object ot = (ta & TypeAttributes.Abstract) != 0 ? Activator.CreateInstance(cu) : Activator.CreateInstance(ct), ou = Activator.CreateInstance(cu);
            Type dt = baseDecl ? parent : ct;
            Console.WriteLine($"{what}: t.A {Call(ot, dt, "A", OpCodes.Callvirt)} t.X {Call(ot, ct, "X", OpCodes.Callvirt)} call A {Call(ot, dt, "A", OpCodes.Call)} call X {Call(ot, ct, "X", OpCodes.Call)}; u.A {Call(ou, dt, "A", OpCodes.Callvirt)} u.X {Call(ou, ct, "X", OpCodes.Callvirt)} call A {Call(ou, dt, "A", OpCodes.Call)}");
            Console.WriteLine("   reflection " + dt.GetMethod("A").Invoke(ou, null) + " " + ct.GetMethod("X").Invoke(ou, null));
            TypeBuilder w = module.DefineType("W" + number++, TypeAttributes.Public, cu);
            M(w, second == "X" ? "A" : "X", V);
            Type cw = w.CreateType(); object ow = Activator.CreateInstance(cw);
            Console.WriteLine($"   w.A {Call(ow, dt, "A", OpCodes.Callvirt)} w.X {Call(ow, ct, "X", OpCodes.Callvirt)}");
        }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }
    static void Main()
    {
        foreach (string second in new[] { "X", "A" })
        {
            Shape("own new, new " + second, typeof(object), N, N, false, second);
            Shape("own new, plain " + second, typeof(object), N, V, false, second);
            Shape("own final decl " + second, typeof(object), N | MethodAttributes.Final, N, false, second);
            Shape("own final body " + second, typeof(object), N, N | MethodAttributes.Final, false, second);
            Shape("own abstract " + second, typeof(object), N | MethodAttributes.Abstract, N, false, second, TypeAttributes.Public | TypeAttributes.Abstract);
            Shape("own override " + second, typeof(B0), V, N, false, second);
            Shape("base " + second, typeof(B0), V, N, true, second);
            Shape("sealed " + second, typeof(object), N, N, false, second, TypeAttributes.Public | TypeAttributes.Sealed);
            Shape("sealed override " + second, typeof(B0), V, N, false, second, TypeAttributes.Public | TypeAttributes.Sealed);
        }
    }
}
