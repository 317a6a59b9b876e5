// Generic types and methods under construction: constraints, variance, members of instances over unfinished types, nested generics, recursion.
using System.Reflection;
using System.Reflection.Emit;

public interface IBox<T> { T Get(); void Put(T v); }
public class Holder<T> { public T Value; public Holder(T v) => Value = v; public virtual string Show() => "holder of " + Value; public static int Count; public U Map<U>(Func<T, U> f) => f(Value); }

internal static class Program
{
    private static readonly ConstructorInfo objectCtor = typeof(object).GetConstructor([])!;

    private static void Constraints(ModuleBuilder mb)
    {
        TypeBuilder tb = mb.DefineType("Constrained", TypeAttributes.Public | TypeAttributes.Interface | TypeAttributes.Abstract);
        GenericTypeParameterBuilder[] p = tb.DefineGenericParameters("In", "Out", "Plain");
        p[0].SetGenericParameterAttributes(GenericParameterAttributes.Contravariant);
        p[1].SetGenericParameterAttributes(GenericParameterAttributes.Covariant | GenericParameterAttributes.ReferenceTypeConstraint);
        p[2].SetGenericParameterAttributes(GenericParameterAttributes.DefaultConstructorConstraint);
        p[2].SetBaseTypeConstraint(typeof(Exception));
        p[2].SetInterfaceConstraints(typeof(IDisposable), typeof(IComparable<>).MakeGenericType(p[2]));
        p[1].SetCustomAttribute(new CustomAttributeBuilder(typeof(ObsoleteAttribute).GetConstructor([typeof(string)])!, ["on a parameter"]));
        MethodBuilder m = tb.DefineMethod("Take", MethodAttributes.Public | MethodAttributes.Abstract | MethodAttributes.Virtual | MethodAttributes.NewSlot);
        GenericTypeParameterBuilder[] q = m.DefineGenericParameters("A", "B");
        q[0].SetBaseTypeConstraint(q[1]);
        q[1].SetGenericParameterAttributes(GenericParameterAttributes.NotNullableValueTypeConstraint | GenericParameterAttributes.DefaultConstructorConstraint);
        m.SetReturnType(p[1]);
        m.SetParameters(p[0], q[0].MakeArrayType(), q[1].MakeByRefType(), typeof(Dictionary<,>).MakeGenericType(q[0], q[1].MakeArrayType()));
        Console.WriteLine($"{m.IsGenericMethodDefinition} {m.GetGenericArguments().Length} {tb.IsGenericTypeDefinition} {p[0].GenericParameterPosition} {p[0].DeclaringType} {q[0].DeclaringMethod == m} {q[1].IsGenericParameter} {p[0].MakeArrayType()} {tb.MakeArrayType(2)}");
        Type t = tb.CreateType();
        foreach (Type a in t.GetGenericArguments().Concat(t.GetMethod("Take")!.GetGenericArguments()))
            Console.WriteLine($"{a} {a.GenericParameterAttributes} {a.GenericParameterPosition} [{string.Join(", ", a.GetGenericParameterConstraints().Select(c => c.ToString()).OrderBy(c => c, StringComparer.Ordinal))}] {a.GetCustomAttribute<ObsoleteAttribute>()?.Message}");
        Console.WriteLine(t.GetMethod("Take") + " " + t);
    }

    // class Node<T> : Holder<T>, IBox<T>, IComparable<Node<T>> { Node<T> next; static List<Node<T>> all; nested Enumerator<T> }
    private static void Recursive(ModuleBuilder mb)
    {
        TypeBuilder tb = mb.DefineType("Node", TypeAttributes.Public);
        GenericTypeParameterBuilder T = tb.DefineGenericParameters("T")[0];
        Type self = tb.MakeGenericType(T), baseType = typeof(Holder<>).MakeGenericType(T), box = typeof(IBox<>).MakeGenericType(T);
        tb.SetParent(baseType);
        tb.AddInterfaceImplementation(box);
        tb.AddInterfaceImplementation(typeof(IComparable<>).MakeGenericType(self));
        FieldBuilder next = tb.DefineField("next", self, FieldAttributes.Public);
        Type listType = typeof(List<>).MakeGenericType(self);
        FieldBuilder all = tb.DefineField("all", listType, FieldAttributes.Public | FieldAttributes.Static);
        ConstructorBuilder cb = tb.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [T]);
        ILGenerator g = cb.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Call, TypeBuilder.GetConstructor(baseType, typeof(Holder<>).GetConstructors()[0]));
        g.Emit(OpCodes.Ldsfld, TypeBuilder.GetField(self, all));
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Callvirt, TypeBuilder.GetMethod(listType, typeof(List<>).GetMethod("Add")!));
        g.Emit(OpCodes.Ret);
        g = tb.DefineTypeInitializer().GetILGenerator();
        g.Emit(OpCodes.Newobj, TypeBuilder.GetConstructor(listType, typeof(List<>).GetConstructor([])!));
        g.Emit(OpCodes.Stsfld, TypeBuilder.GetField(self, all));
        g.Emit(OpCodes.Ret);
        MethodBuilder get = tb.DefineMethod("Get", MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.Final, T, []);
        g = get.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, TypeBuilder.GetField(baseType, typeof(Holder<>).GetField("Value")!));
        g.Emit(OpCodes.Ret);
        MethodBuilder put = tb.DefineMethod("Put", MethodAttributes.Public | MethodAttributes.Virtual, null, [T]);
        g = put.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Newobj, TypeBuilder.GetConstructor(self, cb));
        g.Emit(OpCodes.Stfld, TypeBuilder.GetField(self, next));
        g.Emit(OpCodes.Ret);
        MethodBuilder compare = tb.DefineMethod("CompareTo", MethodAttributes.Public | MethodAttributes.Virtual, typeof(int), [self]);
        g = compare.GetILGenerator();
        g.Emit(OpCodes.Call, TypeBuilder.GetMethod(typeof(Comparer<>).MakeGenericType(T), typeof(Comparer<>).GetProperty("Default")!.GetMethod!));
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, TypeBuilder.GetMethod(self, get));
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Call, TypeBuilder.GetMethod(self, get));
        g.Emit(OpCodes.Callvirt, TypeBuilder.GetMethod(typeof(Comparer<>).MakeGenericType(T), typeof(Comparer<>).GetMethod("Compare")!));
        g.Emit(OpCodes.Ret);
        MethodBuilder map = tb.DefineMethod("Wrap", MethodAttributes.Public | MethodAttributes.Static);
        GenericTypeParameterBuilder U = map.DefineGenericParameters("U")[0];
        Type ofU = tb.MakeGenericType(U);
        map.SetReturnType(ofU);
        map.SetParameters(U);
        g = map.GetILGenerator();
        g.DeclareLocal(ofU);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Newobj, TypeBuilder.GetConstructor(ofU, cb));
        g.Emit(OpCodes.Stloc_0);
        g.Emit(OpCodes.Ldloc_0);
        g.Emit(OpCodes.Ret);
        MethodBuilder twice = tb.DefineMethod("Again", MethodAttributes.Public, self, []);
        g = twice.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, TypeBuilder.GetField(baseType, typeof(Holder<>).GetField("Value")!));
        g.Emit(OpCodes.Call, TypeBuilder.GetMethod(self, map).MakeGenericMethod(T));
        g.Emit(OpCodes.Ret);
        TypeBuilder en = tb.DefineNestedType("Pair", TypeAttributes.NestedPublic | TypeAttributes.Sealed | TypeAttributes.SequentialLayout, typeof(ValueType));
        GenericTypeParameterBuilder[] e = en.DefineGenericParameters("T", "V");
        en.DefineField("First", tb.MakeGenericType(e[0]), FieldAttributes.Public);
        en.DefineField("Second", e[1], FieldAttributes.Public);
        Console.WriteLine($"{self} {listType} {TypeBuilder.GetMethod(self, get)} {TypeBuilder.GetField(self, next).FieldType} {self.IsConstructedGenericType} {self.GetGenericTypeDefinition() == tb}");
        Type node = tb.CreateType();
        Type pair = en.CreateType();
        foreach (Type arg in new[] { typeof(int), typeof(string), typeof(KeyValuePair<int, string>) })
        {
            object value = arg == typeof(int) ? 5 : arg == typeof(string) ? "five" : new KeyValuePair<int, string>(5, "V");
            Type n = node.MakeGenericType(arg);
            object o = Activator.CreateInstance(n, value)!;
            n.GetMethod("Put")!.Invoke(o, [value]);
            object made = node.MakeGenericType(typeof(object)).GetMethod("Wrap")!.MakeGenericMethod(arg).Invoke(null, [value])!;
            Console.WriteLine($"{n} {n.GetMethod("Get")!.Invoke(o, [])} {((dynamic)n.GetField("all")!.GetValue(null)!).Count} {made.GetType() == n} {o.GetType().GetMethod("Show")!.Invoke(o, [])} {n.GetMethod("Again")!.Invoke(o, [])!.GetType() == n}");
            if (arg != typeof(KeyValuePair<int, string>)) Console.WriteLine(n.GetMethod("CompareTo")!.Invoke(o, [o]));
            Type both = pair.MakeGenericType(arg, typeof(byte));
            Console.WriteLine(both + " " + both.GetField("First")!.FieldType + " " + Activator.CreateInstance(both));
        }
        Console.WriteLine(((IBox<string>)Activator.CreateInstance(node.MakeGenericType(typeof(string)), "boxed")!).Get());
    }

    private static void Methods(ModuleBuilder mb)
    {
        TypeBuilder tb = mb.DefineType("Methods", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        MethodBuilder pick = tb.DefineMethod("Pick", MethodAttributes.Public | MethodAttributes.Static);
        GenericTypeParameterBuilder[] p = pick.DefineGenericParameters("A", "B");
        pick.SetReturnType(typeof(KeyValuePair<,>).MakeGenericType(p));
        pick.SetParameters(p);
        ILGenerator g = pick.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Newobj, TypeBuilder.GetConstructor(typeof(KeyValuePair<,>).MakeGenericType(p), typeof(KeyValuePair<,>).GetConstructors()[0]));
        g.Emit(OpCodes.Ret);
        MethodBuilder swap = tb.DefineMethod("Swapped", MethodAttributes.Public | MethodAttributes.Static);
        GenericTypeParameterBuilder[] q = swap.DefineGenericParameters("C", "D");
        swap.SetReturnType(typeof(KeyValuePair<,>).MakeGenericType(q[1], q[0]));
        swap.SetParameters(q);
        g = swap.GetILGenerator();
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, pick.MakeGenericMethod(q[1], q[0]));
        g.Emit(OpCodes.Ret);
        MethodBuilder name = tb.DefineMethod("NameOf", MethodAttributes.Public | MethodAttributes.Static, typeof(string), []);
        GenericTypeParameterBuilder n = name.DefineGenericParameters("N")[0];
        g = name.GetILGenerator();
        LocalBuilder array = g.DeclareLocal(n.MakeArrayType(2));
        g.Emit(OpCodes.Ldc_I4_2);
        g.Emit(OpCodes.Ldc_I4_3);
        g.Emit(OpCodes.Newobj, mb.GetArrayMethod(n.MakeArrayType(2), ".ctor", CallingConventions.HasThis, typeof(void), [typeof(int), typeof(int)]));
        g.Emit(OpCodes.Stloc, array);
        g.Emit(OpCodes.Ldloc, array);
        g.Emit(OpCodes.Ldc_I4_0);
        g.Emit(OpCodes.Ldc_I4_0);
        g.Emit(OpCodes.Call, mb.GetArrayMethod(n.MakeArrayType(2), "Get", CallingConventions.HasThis, n, [typeof(int), typeof(int)]));
        g.Emit(OpCodes.Pop);
        g.Emit(OpCodes.Ldtoken, n);
        g.Emit(OpCodes.Call, typeof(Type).GetMethod("GetTypeFromHandle")!);
        g.Emit(OpCodes.Callvirt, typeof(object).GetMethod("ToString")!);
        g.Emit(OpCodes.Ret);
        MethodBuilder call = tb.DefineMethod("Text", MethodAttributes.Public | MethodAttributes.Static);
        GenericTypeParameterBuilder c = call.DefineGenericParameters("T")[0];
        c.SetInterfaceConstraints(typeof(IFormattable));
        call.SetReturnType(typeof(string));
        call.SetParameters(c);
        g = call.GetILGenerator();
        g.Emit(OpCodes.Ldarga_S, (byte)0);
        g.Emit(OpCodes.Ldstr, "X");
        g.Emit(OpCodes.Ldnull);
        g.Emit(OpCodes.Constrained, c);
        g.Emit(OpCodes.Callvirt, typeof(IFormattable).GetMethod("ToString")!);
        g.Emit(OpCodes.Ret);
        Type t = tb.CreateType();
        Console.WriteLine(t.GetMethod("Swapped")!.MakeGenericMethod(typeof(int), typeof(string)).Invoke(null, [1, "one"]));
        Console.WriteLine(t.GetMethod("NameOf")!.MakeGenericMethod(typeof(List<string>)).Invoke(null, []) + " " + t.GetMethod("NameOf")!.MakeGenericMethod(typeof(DateTime)).Invoke(null, []));
        Console.WriteLine(t.GetMethod("Text")!.MakeGenericMethod(typeof(int)).Invoke(null, [255]) + " " + t.GetMethod("Text")!.MakeGenericMethod(typeof(DayOfWeek)).Invoke(null, [DayOfWeek.Monday]));
        try { t.GetMethod("Text")!.MakeGenericMethod(typeof(string)); } catch (Exception e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
    }

    // Two modules that refer to each other's unfinished types.
    private static void Across()
    {
        ModuleBuilder a = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("A"), AssemblyBuilderAccess.Run).DefineDynamicModule("a");
        ModuleBuilder b = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("B"), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("b");
        TypeBuilder x = a.DefineType("N.X", TypeAttributes.Public), y = b.DefineType("N.Y", TypeAttributes.Public);
        TypeBuilder inX = x.DefineNestedType("In", TypeAttributes.NestedPublic);
        FieldBuilder fx = x.DefineField("F", typeof(string), FieldAttributes.Public | FieldAttributes.Static);
        MethodBuilder mx = x.DefineMethod("M", MethodAttributes.Public | MethodAttributes.Static, typeof(string), [inX, typeof(List<>).MakeGenericType(x)]);
        ILGenerator g = mx.GetILGenerator();
        g.Emit(OpCodes.Ldsfld, fx);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Callvirt, TypeBuilder.GetMethod(typeof(List<>).MakeGenericType(x), typeof(List<>).GetProperty("Count")!.GetMethod!));
        g.Emit(OpCodes.Box, typeof(int));
        g.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(object), typeof(object)])!);
        g.Emit(OpCodes.Ret);
        ConstructorBuilder cx = x.DefineDefaultConstructor(MethodAttributes.Public);
        y.DefineField("Inner", inX, FieldAttributes.Public);
        MethodBuilder my = y.DefineMethod("Call", MethodAttributes.Public | MethodAttributes.Static, typeof(string), []);
        g = my.GetILGenerator();
        g.Emit(OpCodes.Ldstr, "set from B ");
        g.Emit(OpCodes.Stsfld, fx);
        g.Emit(OpCodes.Newobj, inX.DefineDefaultConstructor(MethodAttributes.Public));
        g.Emit(OpCodes.Newobj, TypeBuilder.GetConstructor(typeof(List<>).MakeGenericType(x), typeof(List<>).GetConstructor([])!));
        g.Emit(OpCodes.Dup);
        g.Emit(OpCodes.Newobj, cx);
        g.Emit(OpCodes.Callvirt, TypeBuilder.GetMethod(typeof(List<>).MakeGenericType(x), typeof(List<>).GetMethod("Add")!));
        g.Emit(OpCodes.Call, mx);
        g.Emit(OpCodes.Ret);
        x.CreateType();
        inX.CreateType();
        Type made = y.CreateType();
        Console.WriteLine(made.GetMethod("Call")!.Invoke(null, []) + " " + made.GetField("Inner")!.FieldType.FullName);
    }

    private static void Main()
    {
        ModuleBuilder mb = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Generics"), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("m");
        Constraints(mb);
        Recursive(mb);
        Methods(mb);
        Across();
    }
}
