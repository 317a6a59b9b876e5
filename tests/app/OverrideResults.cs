// What may take a method's place: results of overrides against each other, bodies of static virtual and default methods, methods of a class over its
// own, attributes and members that contradict each other.
#nullable disable
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
public interface IS { static abstract int F(); static virtual string D() => "IS.D"; }
public interface IS2 : IS { static int IS.F() => 5; }
public interface IS3 : IS { static int IS.F() => 6; }
public interface ISG<T> { static abstract T G(T x); static abstract void H<U>() where U : class; }
public interface IV<out T> { static abstract T Get(); }
public interface ICov<in T> { static virtual string Who() => typeof(T).Name; }
public interface IInst { object M(); }
public interface IDef { string Hi() => "IDef"; }
public interface IDef2 : IDef { string IDef.Hi() => "IDef2"; }
public interface IDef3 : IDef { string IDef.Hi() => "IDef3"; }
internal static class Program
{
    const MethodAttributes V = MethodAttributes.Public | MethodAttributes.Virtual, N = V | MethodAttributes.NewSlot, SV = MethodAttributes.Public | MethodAttributes.Static;
    static ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Results"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");
    static int number;
    static TypeBuilder T(Type parent = null, TypeAttributes a = TypeAttributes.Public, params Type[] ifaces) => module.DefineType("T" + number++, a, (a & TypeAttributes.Interface) != 0 ? null : parent ?? typeof(object), ifaces);
    static MethodBuilder M(TypeBuilder t, string name, MethodAttributes a, Type ret = null, params Type[] args)
    {
        MethodBuilder m = t.DefineMethod(name, a, ret ?? typeof(void), args);
        if ((a & MethodAttributes.Abstract) != 0) return m;
        var g = m.GetILGenerator();
        if (ret != null && ret != typeof(void))
        {
            if (ret == typeof(string)) g.Emit(OpCodes.Ldstr, t.Name + "." + name);
            else if (ret.IsValueType || ret.IsGenericParameter) { var l = g.DeclareLocal(ret); g.Emit(OpCodes.Ldloc, l); }
            else if (ret.IsByRef) { g.Emit(OpCodes.Ldnull); g.Emit(OpCodes.Throw); return m; }
            else g.Emit(OpCodes.Ldnull);
        }
        g.Emit(OpCodes.Ret);
        return m;
    }
    static void Try(string what, Func<object> f) { try { Console.WriteLine(what + ": " + f()); } catch (Exception e) { e = e is TargetInvocationException ? e.InnerException : e; Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); } }
    static void Preserve(MethodBuilder m) => m.SetCustomAttribute(new CustomAttributeBuilder(typeof(PreserveBaseOverridesAttribute).GetConstructor([]), []));
    static object Run(Type of, MethodInfo m, OpCode op, Type constrained = null, object self = null)
    {
        var d = new DynamicMethod("c", typeof(object), [typeof(object)], typeof(Program).Module, true); var g = d.GetILGenerator();
        if (self != null) { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Castclass, of); }
        if (constrained != null) g.Emit(OpCodes.Constrained, constrained);
        g.Emit(op, m);
        if (m.ReturnType == typeof(void)) g.Emit(OpCodes.Ldnull); else if (m.ReturnType.IsValueType) g.Emit(OpCodes.Box, m.ReturnType);
        g.Emit(OpCodes.Ret);
        return d.Invoke(null, [self]) ?? "null";
    }
    static void OwnGeneric()
    {
        Try("generic own", () => {
            var t = T(); var a = M(t, "A", N, typeof(string)); a.DefineGenericParameters("U"); var x = M(t, "X", N, typeof(string)); x.DefineGenericParameters("W"); t.DefineMethodOverride(x, a);
            var c = t.CreateType(); object o = Activator.CreateInstance(c); var ai = c.GetMethod("A").MakeGenericMethod(typeof(int)); var ast = c.GetMethod("A").MakeGenericMethod(typeof(string));
            return Run(c, ai, OpCodes.Callvirt, null, o) + " " + Run(c, ai, OpCodes.Call, null, o) + " " + Run(c, ast, OpCodes.Call, null, o) + " " + ai.Invoke(o, null); });
        Try("generic class own", () => {
            var t = T(); var q = t.DefineGenericParameters("Q"); var a = M(t, "A", N, typeof(string)); var x = M(t, "X", N, typeof(string)); t.DefineMethodOverride(x, a);
            var c = t.CreateType().MakeGenericType(typeof(string)); object o = Activator.CreateInstance(c);
            return Run(c, c.GetMethod("A"), OpCodes.Callvirt, null, o) + " " + Run(c, c.GetMethod("A"), OpCodes.Call, null, o); });
        Try("prepare", () => {
            var t = T(); var a = M(t, "A", N, typeof(string)); var x = M(t, "X", N, typeof(string)); t.DefineMethodOverride(x, a);
            var c = t.CreateType(); RuntimeHelpers.PrepareMethod(c.GetMethod("A").MethodHandle); object o = Activator.CreateInstance(c);
            return Run(c, c.GetMethod("A"), OpCodes.Call, null, o) + " " + c.GetMethod("A").Invoke(o, null) + " " + ((Func<string>)Delegate.CreateDelegate(typeof(Func<string>), o, c.GetMethod("A")))(); });
        Try("ldftn", () => {
            var t = T(); var a = M(t, "A", N, typeof(string)); var x = M(t, "X", N, typeof(string)); t.DefineMethodOverride(x, a);
            var c = t.CreateType(); object o = Activator.CreateInstance(c);
            var d = new DynamicMethod("c", typeof(Func<string>), [typeof(object)], typeof(Program).Module, true); var g = d.GetILGenerator(); g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldftn, c.GetMethod("A")); g.Emit(OpCodes.Newobj, typeof(Func<string>).GetConstructors()[0]); g.Emit(OpCodes.Ret);
            return ((Func<string>)d.Invoke(null, [o]))(); });
    }
    static void Covariant()
    {
        Type[] rets = [typeof(object), typeof(string), typeof(int), typeof(int?), typeof(int[]), typeof(uint[]), typeof(object[]), typeof(string[]), typeof(IEnumerable<object>), typeof(IEnumerable<string>), typeof(List<string>), typeof(IComparable), typeof(Enum), typeof(DayOfWeek), typeof(ValueType), typeof(void), typeof(int).MakeByRefType(), typeof(int*), typeof(Delegate), typeof(Action), typeof(Array), typeof(Action<object>), typeof(Action<string>), typeof(object).MakeByRefType(), typeof(string).MakeByRefType()];
        foreach (Type b in rets)
        {
            var bt = T(); M(bt, "M", N, b); Type bc = bt.CreateType();
            foreach (Type d in rets)
                foreach (bool p in new[] { true, false })
                {
                    if (b == d) continue;
                    string s;
                    try { var dt = T(bc); var m = M(dt, "M", N, d); dt.DefineMethodOverride(m, bc.GetMethod("M")); if (p) Preserve(m); dt.CreateType(); s = "loads"; }
                    catch (Exception e) { s = e.GetType().Name + " " + System.Text.RegularExpressions.Regex.Replace(e.Message, "T[0-9]+", "T#"); }
                    Console.WriteLine($"{b} by {d} {p}: {s}");
                }
        }
        Try("three levels", () => {
            var a = T(); M(a, "M", N, typeof(object)); Type ac = a.CreateType();
            var b = T(ac); var bm = M(b, "M", N, typeof(IEnumerable<object>)); b.DefineMethodOverride(bm, ac.GetMethod("M")); Preserve(bm); Type bc = b.CreateType();
            var c = T(bc); M(c, "M", V, typeof(object)); return c.CreateType().Name.Length > 0; });
        Try("three levels narrower", () => {
            var a = T(); M(a, "M", N, typeof(object)); Type ac = a.CreateType();
            var b = T(ac); var bm = M(b, "M", N, typeof(IEnumerable<object>)); b.DefineMethodOverride(bm, ac.GetMethod("M")); Preserve(bm); Type bc = b.CreateType();
            var c = T(bc); var cm = M(c, "M", N, typeof(List<string>)); c.DefineMethodOverride(cm, bc.GetMethod("M", BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.Instance)); Preserve(cm); c.CreateType(); return "ok"; });
        Try("three levels other", () => {
            var a = T(); M(a, "M", N, typeof(object)); Type ac = a.CreateType();
            var b = T(ac); var bm = M(b, "M", N, typeof(string)); b.DefineMethodOverride(bm, ac.GetMethod("M")); Preserve(bm); Type bc = b.CreateType();
            var c = T(bc); var cm = M(c, "M", N, typeof(Array)); c.DefineMethodOverride(cm, ac.GetMethod("M")); Preserve(cm); c.CreateType(); return "ok"; });
        Try("three levels other no preserve", () => {
            var a = T(); M(a, "M", N, typeof(object)); Type ac = a.CreateType();
            var b = T(ac); var bm = M(b, "M", N, typeof(string)); b.DefineMethodOverride(bm, ac.GetMethod("M")); Type bc = b.CreateType();
            var c = T(bc); var cm = M(c, "M", N, typeof(Array)); c.DefineMethodOverride(cm, ac.GetMethod("M")); c.CreateType(); return "ok"; });
        Try("interface narrower", () => { var t = T(null, TypeAttributes.Public, typeof(IInst)); var m = M(t, "M", N, typeof(string)); t.DefineMethodOverride(m, typeof(IInst).GetMethod("M")); t.CreateType(); return "ok"; });
        Try("interface narrower by name", () => { var t = T(null, TypeAttributes.Public, typeof(IInst)); var m = M(t, "M", N, typeof(string)); t.CreateType(); return "ok"; });
        Try("interface narrows interface", () => { var t = T(null, TypeAttributes.Public | TypeAttributes.Interface | TypeAttributes.Abstract, typeof(IInst)); var m = M(t, "M", MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final, typeof(string)); t.DefineMethodOverride(m, typeof(IInst).GetMethod("M")); t.CreateType(); return "ok"; });
    }
    static void StaticVirtual()
    {
        foreach (bool abs in new[] { false, true })
        {
            TypeAttributes ta = TypeAttributes.Public | (abs ? TypeAttributes.Abstract : 0);
            Try("svm none " + abs, () => { var t = T(null, ta, typeof(IS)); t.CreateType(); return "ok"; });
            Try("svm name " + abs, () => { var t = T(null, ta, typeof(IS)); M(t, "F", SV, typeof(int)); var c = t.CreateType(); return Run(c, typeof(IS).GetMethod("F"), OpCodes.Call, c); });
            Try("svm impl " + abs, () => { var t = T(null, ta, typeof(IS)); t.DefineMethodOverride(M(t, "X", SV, typeof(int)), typeof(IS).GetMethod("F")); var c = t.CreateType(); return Run(c, typeof(IS).GetMethod("F"), OpCodes.Call, c); });
            Try("svm instance " + abs, () => { var t = T(null, ta, typeof(IS)); M(t, "F", V, typeof(int)); t.CreateType(); return "ok"; });
            Try("svm impl instance " + abs, () => { var t = T(null, ta, typeof(IS)); t.DefineMethodOverride(M(t, "X", V, typeof(int)), typeof(IS).GetMethod("F")); t.CreateType(); return "ok"; });
            Try("svm impl other sig " + abs, () => { var t = T(null, ta, typeof(IS)); t.DefineMethodOverride(M(t, "X", SV, typeof(long)), typeof(IS).GetMethod("F")); t.CreateType(); return "ok"; });
            Try("svm unrelated body " + abs, () => { var t = T(null, ta, typeof(IS)); t.DefineMethodOverride(typeof(Program).GetMethod("Main", BindingFlags.NonPublic | BindingFlags.Static), typeof(IS).GetMethod("F")); t.CreateType(); return "ok"; });
            Try("svm not implemented iface " + abs, () => { var t = T(null, ta); t.DefineMethodOverride(M(t, "X", SV, typeof(int)), typeof(IS).GetMethod("F")); t.CreateType(); return "ok"; });
            Try("svm ambiguous " + abs, () => { var t = T(null, ta, typeof(IS2), typeof(IS3)); var c = t.CreateType(); return Run(c, typeof(IS).GetMethod("F"), OpCodes.Call, c); });
            Try("svm default " + abs, () => { var t = T(null, ta, typeof(IS2)); var c = t.CreateType(); return Run(c, typeof(IS).GetMethod("F"), OpCodes.Call, c) + " " + Run(c, typeof(IS).GetMethod("D"), OpCodes.Call, c); });
            Try("svm constraint " + abs, () => { var t = T(null, ta, typeof(ISG<int>)); M(t, "G", SV, typeof(int), typeof(int)); var h = M(t, "H", SV); h.DefineGenericParameters("U"); t.CreateType(); return "ok"; });
            Try("svm constraint same " + abs, () => { var t = T(null, ta, typeof(ISG<int>)); M(t, "G", SV, typeof(int), typeof(int)); var h = M(t, "H", SV); h.DefineGenericParameters("U")[0].SetGenericParameterAttributes(GenericParameterAttributes.ReferenceTypeConstraint); t.CreateType(); return "ok"; });
            Try("svm constraint more " + abs, () => { var t = T(null, ta, typeof(ISG<int>)); M(t, "G", SV, typeof(int), typeof(int)); var h = M(t, "H", SV); h.DefineGenericParameters("U")[0].SetGenericParameterAttributes(GenericParameterAttributes.ReferenceTypeConstraint | GenericParameterAttributes.DefaultConstructorConstraint); t.CreateType(); return "ok"; });
            Try("svm inherited " + abs, () => { var t = T(null, ta, typeof(IS)); M(t, "F", SV, typeof(int)); var u = T(t.CreateType()); var c = u.CreateType(); return Run(c, typeof(IS).GetMethod("F"), OpCodes.Call, c); });
            Try("svm inherited relist " + abs, () => { var t = T(null, ta); M(t, "F", SV, typeof(int)); var u = T(t.CreateType(), TypeAttributes.Public, typeof(IS)); var c = u.CreateType(); return Run(c, typeof(IS).GetMethod("F"), OpCodes.Call, c); });
            Try("svm variance " + abs, () => { var t = T(null, ta, typeof(IV<string>)); M(t, "Get", SV, typeof(string)); var c = t.CreateType(); return Run(c, typeof(IV<object>).GetMethod("Get"), OpCodes.Call, c); });
            Try("svm variance default " + abs, () => { var t = T(null, ta, typeof(ICov<object>)); var c = t.CreateType(); return Run(c, typeof(ICov<string>).GetMethod("Who"), OpCodes.Call, c); });
            Try("svm private " + abs, () => { var t = T(null, ta, typeof(IS)); M(t, "F", MethodAttributes.Private | MethodAttributes.Static, typeof(int)); t.CreateType(); return "ok"; });
            Try("svm unconstrained " + abs, () => Run(null, typeof(IS).GetMethod("F"), OpCodes.Call));
            Try("svm unconstrained virtual " + abs, () => Run(null, typeof(IS).GetMethod("D"), OpCodes.Call));
            Try("svm constrained by iface " + abs, () => Run(null, typeof(IS).GetMethod("F"), OpCodes.Call, typeof(IS)));
            Try("svm reflection " + abs, () => typeof(IS).GetMethod("F").Invoke(null, null));
            Try("svm reflection d " + abs, () => typeof(IS).GetMethod("D").Invoke(null, null));
            Try("svm map " + abs, () => { var t = T(null, ta, typeof(IS)); M(t, "F", SV, typeof(int)); var c = t.CreateType(); var map = c.GetInterfaceMap(typeof(IS)); return string.Join(",", map.TargetMethods.Select(x => x?.ToString() + x?.DeclaringType)); });
            Try("svm struct " + abs, () => { var t = T(typeof(ValueType), TypeAttributes.Public | TypeAttributes.Sealed, typeof(IS)); M(t, "F", SV, typeof(int)); var c = t.CreateType(); return Run(c, typeof(IS).GetMethod("F"), OpCodes.Call, c); });
            Try("svm abstract in class " + abs, () => { var t = T(null, ta); M(t, "F", SV | MethodAttributes.Abstract | MethodAttributes.Virtual, typeof(int)); t.CreateType(); return "ok"; });
            Try("svm virtual in class " + abs, () => { var t = T(null, ta); M(t, "F", SV | MethodAttributes.Virtual, typeof(int)); t.CreateType(); return "ok"; });
            Try("svm virtual in struct " + abs, () => { var t = T(typeof(ValueType), TypeAttributes.Public); M(t, "F", SV | MethodAttributes.Virtual, typeof(int)); t.CreateType(); return "ok"; });
            Try("dim ambiguous " + abs, () => { var t = T(null, ta, typeof(IDef2), typeof(IDef3)); var c = t.CreateType(); if (abs) return "made"; return Run(typeof(IDef), typeof(IDef).GetMethod("Hi"), OpCodes.Callvirt, null, Activator.CreateInstance(c)); });
            Try("dim ambiguous map " + abs, () => { var t = T(null, ta, typeof(IDef2), typeof(IDef3)); var c = t.CreateType(); return c.GetInterfaceMap(typeof(IDef)).TargetMethods[0]?.ToString() ?? "null"; });
            Try("dim call " + abs, () => { var t = T(null, TypeAttributes.Public, typeof(IDef2)); return Run(typeof(IDef), typeof(IDef).GetMethod("Hi"), OpCodes.Call, null, Activator.CreateInstance(t.CreateType())); });
        }
        TypeAttributes ia = TypeAttributes.Public | TypeAttributes.Interface | TypeAttributes.Abstract;
        Try("iface static ctor", () => { var i = T(null, ia); i.DefineTypeInitializer().GetILGenerator().Emit(OpCodes.Ret); i.CreateType(); return "ok"; });
        Try("iface instance field", () => { var i = T(null, ia); i.DefineField("f", typeof(int), FieldAttributes.Public); i.CreateType(); return "ok"; });
        Try("iface nonpublic abstract", () => { var i = T(null, ia); M(i, "M", MethodAttributes.Family | MethodAttributes.Abstract | MethodAttributes.Virtual, typeof(int)); i.CreateType(); return "ok"; });
        Try("iface nonvirtual", () => { var i = T(null, ia); M(i, "M", MethodAttributes.Public, typeof(string)); var ic = i.CreateType(); var t = T(null, TypeAttributes.Public, ic); return Run(ic, ic.GetMethod("M"), OpCodes.Callvirt, null, Activator.CreateInstance(t.CreateType())); });
        Try("iface not abstract type", () => { var i = module.DefineType("T" + number++, TypeAttributes.Public | TypeAttributes.Interface); i.CreateType(); return "ok"; });
        Try("abstract method in concrete", () => { var t = T(); M(t, "M", N | MethodAttributes.Abstract, typeof(int)); t.CreateType(); return "ok"; });
        Try("final not virtual", () => { var t = T(); M(t, "M", MethodAttributes.Public | MethodAttributes.Final, typeof(int)); t.CreateType(); return "ok"; });
        Try("newslot not virtual", () => { var t = T(); M(t, "M", MethodAttributes.Public | MethodAttributes.NewSlot, typeof(int)); t.CreateType(); return "ok"; });
        Try("abstract final", () => { var t = T(null, TypeAttributes.Public | TypeAttributes.Abstract); M(t, "M", N | MethodAttributes.Abstract | MethodAttributes.Final, typeof(int)); t.CreateType(); return "ok"; });
        Try("static final", () => { var t = T(); M(t, "M", SV | MethodAttributes.Final, typeof(int)); t.CreateType(); return "ok"; });
        Try("static newslot", () => { var t = T(); M(t, "M", SV | MethodAttributes.NewSlot, typeof(int)); t.CreateType(); return "ok"; });
        Try("virtual private", () => { var t = T(); M(t, "M", MethodAttributes.Private | MethodAttributes.Virtual, typeof(int)); t.CreateType(); return "ok"; });
        Try("same method twice", () => { var t = T(); M(t, "M", MethodAttributes.Public, typeof(int)); M(t, "M", MethodAttributes.Public, typeof(int)); t.CreateType(); return "ok"; });
        Try("same virtual twice", () => { var t = T(); M(t, "M", N, typeof(int)); M(t, "M", N, typeof(int)); t.CreateType(); return "ok"; });
        Try("same override twice", () => { var t = T(); M(t, "ToString", V, typeof(string)); M(t, "ToString", V, typeof(string)); var c = t.CreateType(); return Activator.CreateInstance(c).ToString(); });
        Try("same field twice", () => { var t = T(); t.DefineField("f", typeof(int), FieldAttributes.Public); t.DefineField("f", typeof(int), FieldAttributes.Public); t.CreateType(); return "ok"; });
        Try("same iface twice", () => { var t = T(null, TypeAttributes.Public, typeof(IDef), typeof(IDef)); t.CreateType(); return "ok"; });
        Try("sealed override", () => { var a = T(); M(a, "M", N | MethodAttributes.Final, typeof(int)); var b = T(a.CreateType()); M(b, "M", V, typeof(int)); b.CreateType(); return "ok"; });
        Try("reduce access", () => { var a = T(); M(a, "M", N, typeof(int)); var b = T(a.CreateType()); M(b, "M", MethodAttributes.Family | MethodAttributes.Virtual, typeof(int)); b.CreateType(); return "ok"; });
        Try("widen access", () => { var a = T(); M(a, "M", MethodAttributes.Family | MethodAttributes.Virtual | MethodAttributes.NewSlot, typeof(int)); var b = T(a.CreateType()); M(b, "M", V, typeof(int)); b.CreateType(); return "ok"; });
        Try("strict", () => { var a = T(); M(a, "M", MethodAttributes.Assembly | MethodAttributes.Virtual | MethodAttributes.NewSlot | MethodAttributes.CheckAccessOnOverride, typeof(int)); var b = T(a.CreateType()); M(b, "M", MethodAttributes.Assembly | MethodAttributes.Virtual, typeof(int)); b.CreateType(); return "ok"; });
    }
    static void Main() { OwnGeneric(); Covariant(); StaticVirtual(); }
}
