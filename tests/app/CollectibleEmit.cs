// Emitted assemblies and dynamic methods that are collected: types, statics, delegates and handles keep them; then they go.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

public interface IWork { int Do(int x); }

internal static class Program
{
    private static int serial;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Type Make(int bias)
    {
        ModuleBuilder mb = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Temp" + serial++), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("m");
        TypeBuilder tb = mb.DefineType("Work", TypeAttributes.Public, null, [typeof(IWork)]);
        FieldBuilder count = tb.DefineField("Count", typeof(int), FieldAttributes.Public | FieldAttributes.Static);
        FieldBuilder holds = tb.DefineField("Holds", typeof(object), FieldAttributes.Public | FieldAttributes.Static);
        MethodBuilder m = tb.DefineMethod("Do", MethodAttributes.Public | MethodAttributes.Virtual, typeof(int), [typeof(int)]);
        ILGenerator g = m.GetILGenerator();
        g.Emit(OpCodes.Ldsfld, count);
        g.Emit(OpCodes.Ldc_I4_1);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Stsfld, count);
        g.Emit(OpCodes.Ldstr, "literal of " + tb.Name + serial);
        g.Emit(OpCodes.Stsfld, holds);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Ldc_I4, bias);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Ret);
        TypeBuilder gen = mb.DefineType("Box", TypeAttributes.Public);
        GenericTypeParameterBuilder t = gen.DefineGenericParameters("T")[0];
        gen.DefineField("Value", t, FieldAttributes.Public);
        gen.CreateType();
        return tb.CreateType();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference, object) Kept(Func<Type, object> keep)
    {
        Type t = Make(7);
        return (new WeakReference(t.Assembly), keep(t));
    }

    private static bool Gone(WeakReference w)
    {
        for (int i = 0; i < 12 && w.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return !w.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(string what, Func<Type, object> keep, Func<object, object?> use)
    {
        (WeakReference w, object kept) = Kept(keep);
        bool early = Gone(w);
        Console.WriteLine($"{what}: {(early ? "lost" : "kept")} {use(kept)}");
        GC.KeepAlive(kept);
        weak.Add((what, w));
    }

    private static readonly List<(string, WeakReference)> weak = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Dynamic(out Func<int, int> f)
    {
        var d = new DynamicMethod("add", typeof(int), [typeof(int)], typeof(Program).Module);
        ILGenerator g = d.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldc_I4, 5);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Ret);
        f = d.CreateDelegate<Func<int, int>>();
        return new WeakReference(d);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference DynamicRound()
    {
        WeakReference w = Dynamic(out Func<int, int> f);
        GC.Collect();
        Console.WriteLine("dynamic method: " + f(1) + " " + f.Method.Name);
        return w;
    }

    private static void Main()
    {
        Use("object", t => Activator.CreateInstance(t)!, o => ((IWork)o).Do(1));
        Use("type", t => t, o => ((Type)o).Name);
        Use("array", t => Array.CreateInstance(t, 3), o => ((Array)o).Length + ((Array)o).GetType().Name);
        Use("generic instance over it", t => Activator.CreateInstance(typeof(List<>).MakeGenericType(t))!, o => o.GetType().GetGenericArguments()[0].Name);
        Use("its generic type", t => Activator.CreateInstance(t.Assembly.GetType("Box")!.MakeGenericType(typeof(string)))!, o => o.GetType().GetField("Value")!.FieldType.Name);
        Use("delegate", t => ((IWork)Activator.CreateInstance(t)!).Do, o => ((Func<int, int>)o)(2));
        Use("method", t => t.GetMethod("Do")!, o => ((MethodInfo)o).Invoke(Activator.CreateInstance(((MethodInfo)o).DeclaringType!), [3]));
        Use("field", t => t.GetField("Count")!, o => ((FieldInfo)o).GetValue(null));
        Use("assembly", t => t.Assembly, o => ((Assembly)o).GetTypes().Length);
        Use("statics", t => { Activator.CreateInstance(t).GetType().GetMethod("Do")!.Invoke(Activator.CreateInstance(t), [1]); return Activator.CreateInstance(t)!; }, o => o.GetType().GetField("Count")!.GetValue(null) + " " + o.GetType().GetField("Holds")!.GetValue(null));
        foreach ((string what, WeakReference w) in weak) Console.WriteLine(what + " gone: " + Gone(w));
        Console.WriteLine("dynamic method gone: " + Gone(DynamicRound()));
        var all = new List<WeakReference>();
        for (int i = 0; i < 60; i++) all.Add(One(i));
        Console.WriteLine("sixty gone: " + all.All(Gone));
        // one collectible assembly refers to another: while the second lives, so does the first
        (WeakReference first, object second) = Pair();
        Console.WriteLine("referred to: " + (Gone(first) ? "lost" : "kept") + " " + ((IWork)second).Do(0));
        GC.KeepAlive(second);
        Console.WriteLine(AppDomain.CurrentDomain.GetAssemblies().Count(a => a.IsDynamic) < 5);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference One(int i)
    {
        Type t = Make(i);
        if (((IWork)Activator.CreateInstance(t)!).Do(1) != i + 1) Console.WriteLine("wrong");
        return new WeakReference(t);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference, object) Pair()
    {
        Type t = Make(100);
        TypeBuilder tb = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Second"), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("m").DefineType("Derived", TypeAttributes.Public, t);
        return (new WeakReference(t.Assembly), Activator.CreateInstance(tb.CreateType())!);
    }
}
