// Code made at run time: expression trees, DynamicMethod, AssemblyBuilder types, DispatchProxy, dynamic, compiled regular expressions.
using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

public interface IGreet { string Hello(string n); int Add(int a, int b); T Id<T>(T t); event Action? E; int P { get; set; } }

public class Logger : DispatchProxy
{
    public List<string> Log = [];

    protected override object? Invoke(MethodInfo? m, object?[]? a)
    {
        Log.Add(m!.Name + "(" + string.Join(",", a!) + ")");
        return m.Name switch { "Hello" => "hi " + a![0], "Add" => (int)a![0]! + (int)a[1]!, "Id" => a![0], "get_P" => 5, _ => null };
    }
}

internal static class Program
{
    private static int Twice(int x) => x * 2;

    private sealed class Pt
    {
        public int X;
        public int Y { get; set; }
        public List<int> L { get; } = [];
        private int _secret = 11;
        public int Sum(int a) => X + Y + a + _secret - 11;
    }

    private static void Main()
    {
        var x = Expression.Parameter(typeof(int), "x");
        var y = Expression.Parameter(typeof(int), "y");
        Console.WriteLine(Expression.Lambda<Func<int, int, int>>(Expression.Add(Expression.Multiply(x, y), Expression.Constant(7)), x, y)
            .Compile()(5, 6));
        Expression<Func<string, int, bool>> e = (s, n) => s.Length > n && s.Contains("a") || n == -1;
        Console.WriteLine(e + " " + e.Compile()("banana", 3) + e.Compile(true)("x", 0));
        int cap = 10;
        Expression<Func<int, Pt>> mk = v => new Pt { X = v + cap, Y = Twice(v), L = { 1, v } };
        Pt p = mk.Compile()(4);
        Console.WriteLine($"{p.X} {p.Y} {p.L.Count} {mk}");
        var i = Expression.Variable(typeof(int));
        var acc = Expression.Variable(typeof(int));
        var end = Expression.Label(typeof(int));
        var loop = Expression.Lambda<Func<int, int>>(Expression.Block([i, acc], Expression.Assign(i, Expression.Constant(0)),
            Expression.Loop(Expression.IfThenElse(Expression.LessThan(i, x), Expression.Block(Expression.AddAssign(acc, i),
            Expression.PostIncrementAssign(i)), Expression.Break(end, acc)), end)), x).Compile();
        Console.WriteLine(loop(100));
        var tc = Expression.Lambda<Func<string, string>>(Expression.TryCatchFinally(Expression.Block(Expression.Call(typeof(int).GetMethod("Parse",
            [typeof(string)])!, Expression.Parameter(typeof(string), "s") is var sp ? sp : null!), Expression.Constant("ok")),
            Expression.Call(typeof(Console).GetMethod("WriteLine", [typeof(string)])!, Expression.Constant("finally")),
            Expression.Catch(typeof(FormatException), Expression.Constant("bad"), Expression.Equal(Expression.Constant(1),
            Expression.Constant(1)))), sp).Compile();
        Console.WriteLine(tc("5") + tc("z"));
        var sw = Expression.Lambda<Func<string, int>>(Expression.Switch(Expression.Parameter(typeof(string), "k") is var k ? k : null!,
            Expression.Constant(-1), Expression.SwitchCase(Expression.Constant(1), Expression.Constant("a")),
            Expression.SwitchCase(Expression.Constant(2), Expression.Constant("b"), Expression.Constant("c"))), k).Compile();
        Console.WriteLine(sw("a") + sw("c") + sw("z"));
        Expression<Func<Func<int, int>>> nested = () => q => q + cap;
        Console.WriteLine(nested.Compile()()(5));
        Expression<Func<object, int?, decimal, string>> conv = (o, n, d) => (o as string ?? "none") + (n ?? 5) + (d * 2) + (o is int) +
            (o == null ? 1 : 2L);
        Console.WriteLine(conv.Compile()(3, null, 1.5m));
        Console.WriteLine(Expression.Lambda<Func<double>>(Expression.Power(Expression.Constant(2.0), Expression.Constant(10.0)))
            .Compile()() + new Visitor().Visit(e).ToString());
        var dm = new DynamicMethod("fact", typeof(long), [typeof(int)], typeof(Program).Module);
        ILGenerator g = dm.GetILGenerator();
        LocalBuilder r = g.DeclareLocal(typeof(long));
        Label top = g.DefineLabel(), done = g.DefineLabel();
        g.Emit(OpCodes.Ldc_I8, 1L);
        g.Emit(OpCodes.Stloc, r);
        g.MarkLabel(top);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldc_I4_1);
        g.Emit(OpCodes.Ble, done);
        g.Emit(OpCodes.Ldloc, r);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Conv_I8);
        g.Emit(OpCodes.Mul);
        g.Emit(OpCodes.Stloc, r);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldc_I4_1);
        g.Emit(OpCodes.Sub);
        g.Emit(OpCodes.Starg_S, (byte)0);
        g.Emit(OpCodes.Br, top);
        g.MarkLabel(done);
        g.Emit(OpCodes.Ldloc, r);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(dm.CreateDelegate<Func<int, long>>()(15));
        var dp = new DynamicMethod("priv", typeof(int), [typeof(Pt)], typeof(Pt), true);
        g = dp.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, typeof(Pt).GetField("_secret", BindingFlags.NonPublic | BindingFlags.Instance)!);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(dp.CreateDelegate<Func<Pt, int>>()(p) + " " + dp.Invoke(null, [p]));
        var de = new DynamicMethod("eh", typeof(string), [typeof(object), typeof(int)]);
        g = de.GetILGenerator();
        var res = g.DeclareLocal(typeof(string));
        g.BeginExceptionBlock();
        g.Emit(OpCodes.Ldc_I4, 10);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Div);
        g.Emit(OpCodes.Box, typeof(int));
        g.Emit(OpCodes.Callvirt, typeof(object).GetMethod("ToString")!);
        g.Emit(OpCodes.Stloc, res);
        g.BeginCatchBlock(typeof(DivideByZeroException));
        g.Emit(OpCodes.Callvirt, typeof(Exception).GetProperty("Message")!.GetMethod!);
        g.Emit(OpCodes.Stloc, res);
        g.BeginFinallyBlock();
        g.Emit(OpCodes.Ldstr, "dyn finally");
        g.Emit(OpCodes.Call, typeof(Console).GetMethod("WriteLine", [typeof(string)])!);
        g.EndExceptionBlock();
        g.Emit(OpCodes.Ldloc, res);
        g.Emit(OpCodes.Ret);
        var def = (Func<int, string>)de.CreateDelegate(typeof(Func<int, string>), "closed");
        Console.WriteLine(def(3) + def(0));
        var ab = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Emitted"), AssemblyBuilderAccess.RunAndCollect);
        var mb = ab.DefineDynamicModule("m");
        var tb = mb.DefineType("Emitted.Counter`1", TypeAttributes.Public, typeof(object), [typeof(IDisposable)]);
        var gp = tb.DefineGenericParameters("T")[0];
        var fb = tb.DefineField("_v", gp, FieldAttributes.Private);
        var cb = tb.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [gp]);
        g = cb.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, typeof(object).GetConstructor([])!);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Stfld, fb);
        g.Emit(OpCodes.Ret);
        var ts = tb.DefineMethod("ToString", MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig,
            typeof(string), []);
        g = ts.GetILGenerator();
        g.Emit(OpCodes.Ldstr, "emitted {0}");
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, fb);
        g.Emit(OpCodes.Box, gp);
        g.Emit(OpCodes.Call, typeof(string).GetMethod("Format", [typeof(string), typeof(object)])!);
        g.Emit(OpCodes.Ret);
        var disp = tb.DefineMethod("Dispose", MethodAttributes.Public | MethodAttributes.Virtual, typeof(void), []);
        g = disp.GetILGenerator();
        g.EmitWriteLine("emitted dispose");
        g.Emit(OpCodes.Ret);
        tb.SetCustomAttribute(new CustomAttributeBuilder(typeof(ObsoleteAttribute).GetConstructor([typeof(string)])!, ["emitted attr"]));
        Type made = tb.CreateType();
        var en = mb.DefineEnum("E", TypeAttributes.Public, typeof(byte));
        en.DefineLiteral("One", (byte)1);
        Type et = en.CreateType();
        object inst = Activator.CreateInstance(made.MakeGenericType(typeof(int)), 5)!;
        Console.WriteLine(inst + " " + Activator.CreateInstance(made.MakeGenericType(typeof(string)), "s") +
            made.GetCustomAttribute<ObsoleteAttribute>()!.Message + Enum.ToObject(et, (byte)1) + ab.GetTypes().Length +
            inst.GetType().Assembly.IsDynamic);
        ((IDisposable)inst).Dispose();
        IGreet pr = DispatchProxy.Create<IGreet, Logger>();
        Console.WriteLine(pr.Hello("bob") + pr.Add(2, 3) + pr.Id("id") + pr.Id(4) + pr.P);
        pr.E += () => { };
        pr.P = 9;
        Console.WriteLine(string.Join(" ", ((Logger)(object)pr).Log).Replace("System.Action", "A"));
        dynamic dyn = p;
        dyn.X = 100;
        Console.WriteLine(dyn.X + dyn.Y + dyn.Sum(1));
        dyn = "text";
        Console.WriteLine(dyn.Length + dyn.ToUpper()[0]);
        try { dyn.NoSuch(); } catch (Microsoft.CSharp.RuntimeBinder.RuntimeBinderException ex) { Console.WriteLine(ex.Message); }
        dynamic ex2 = new System.Dynamic.ExpandoObject();
        ex2.A = 1;
        ex2.F = (Func<int, int>)(v => v + 1);
        Console.WriteLine(ex2.F(ex2.A));
        foreach (dynamic d in new object[] { 1, 2.5, "s", 3m }) Console.Write(Over(d) + " ");
        Console.WriteLine(RuntimeFeature.IsDynamicCodeSupported);
    }

    private static string Over(int a) => "int";
    private static string Over(double a) => "double";
    private static string Over(string a) => "string";
    private static string Over(object a) => "object";

    private sealed class Visitor : ExpressionVisitor
    {
        protected override Expression VisitConstant(ConstantExpression n) => n.Type == typeof(string) ? Expression.Constant("?") : n;
    }
}
