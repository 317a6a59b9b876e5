// DynamicMethod: owners and visibility, every kind of operand, handlers inside, DynamicILInfo, delegates open and closed, Invoke, misuse.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal sealed class Hidden
{
    private int _secret = 41;
    private static string Whisper(string s) => "psst " + s;
    private int Bump(int by) => _secret += by;
    public T Echo<T>(T v) => v;
}

internal struct Pair { public int A; public long B; }

internal static class Program
{
    private static void Try(string what, Action a)
    {
        try { a(); Console.WriteLine(what + ": no exception"); }
        catch (Exception e)
        {
            while (e is TargetInvocationException && e.InnerException != null) e = e.InnerException;
            Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}");
        }
    }

    private static void Owners()
    {
        var read = new DynamicMethod("read", typeof(int), [typeof(Hidden)], typeof(Hidden));
        var g = read.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, typeof(Hidden).GetField("_secret", BindingFlags.NonPublic | BindingFlags.Instance)!);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(((Func<Hidden, int>)read.CreateDelegate(typeof(Func<Hidden, int>)))(new Hidden()));
        var bump = new DynamicMethod("bump", typeof(int), [typeof(Hidden), typeof(int)], typeof(Program).Module, true);
        g = bump.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Callvirt, typeof(Hidden).GetMethod("Bump", BindingFlags.NonPublic | BindingFlags.Instance)!);
        g.Emit(OpCodes.Ret);
        var h = new Hidden();
        var closed = (Func<int, int>)bump.CreateDelegate(typeof(Func<int, int>), h);
        Console.WriteLine(closed(1) + " " + closed(8) + " " + (closed.Target == h) + " " + closed.Method.Name);
        var blind = new DynamicMethod("blind", typeof(int), [typeof(Hidden)], typeof(string).Module);
        g = blind.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, typeof(Hidden).GetField("_secret", BindingFlags.NonPublic | BindingFlags.Instance)!);
        g.Emit(OpCodes.Ret);
        Try("not visible", () => blind.CreateDelegate<Func<Hidden, int>>()(new Hidden()));
        var anonymous = new DynamicMethod("anonymous", typeof(string), [typeof(string)], true);
        g = anonymous.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, typeof(Hidden).GetMethod("Whisper", BindingFlags.NonPublic | BindingFlags.Static)!);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(anonymous.CreateDelegate<Func<string, string>>()("anyone"));
        var restricted = new DynamicMethod("restricted", typeof(string), [typeof(string)]);
        g = restricted.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, typeof(Hidden).GetMethod("Whisper", BindingFlags.NonPublic | BindingFlags.Static)!);
        g.Emit(OpCodes.Ret);
        Try("restricted", () => restricted.CreateDelegate<Func<string, string>>()("anyone"));
    }

    private static void Operands()
    {
        var d = new DynamicMethod("operands", typeof(string), [typeof(int), typeof(object)], typeof(Program).Module);
        var g = d.GetILGenerator(16);
        var list = g.DeclareLocal(typeof(List<int>));
        var pair = g.DeclareLocal(typeof(Pair));
        var text = g.DeclareLocal(typeof(string));
        g.Emit(OpCodes.Newobj, typeof(List<int>).GetConstructor([])!);
        g.Emit(OpCodes.Stloc, list);
        Label zero = g.DefineLabel(), one = g.DefineLabel(), rest = g.DefineLabel(), join = g.DefineLabel();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Switch, [zero, one]);
        g.Emit(OpCodes.Br_S, rest);
        g.MarkLabel(zero);
        g.Emit(OpCodes.Ldstr, "zero");
        g.Emit(OpCodes.Stloc, text);
        g.Emit(OpCodes.Br, join);
        g.MarkLabel(one);
        g.Emit(OpCodes.Ldstr, "one");
        g.Emit(OpCodes.Stloc, text);
        g.Emit(OpCodes.Br, join);
        g.MarkLabel(rest);
        g.Emit(OpCodes.Ldstr, "many");
        g.Emit(OpCodes.Stloc, text);
        g.MarkLabel(join);
        g.Emit(OpCodes.Ldloca, pair);
        g.Emit(OpCodes.Initobj, typeof(Pair));
        g.Emit(OpCodes.Ldloca_S, pair);
        g.Emit(OpCodes.Ldc_I8, 1L << 40);
        g.Emit(OpCodes.Stfld, typeof(Pair).GetField("B")!);
        g.Emit(OpCodes.Ldloc, list);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Callvirt, typeof(List<int>).GetMethod("Add")!);
        g.Emit(OpCodes.Ldloc, text);
        g.Emit(OpCodes.Ldloc, list);
        g.Emit(OpCodes.Callvirt, typeof(List<int>).GetProperty("Count")!.GetMethod!);
        g.Emit(OpCodes.Box, typeof(int));
        g.Emit(OpCodes.Ldloc, pair);
        g.Emit(OpCodes.Ldfld, typeof(Pair).GetField("B")!);
        g.Emit(OpCodes.Ldc_R8, 0.5);
        g.Emit(OpCodes.Conv_I8);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Box, typeof(long));
        g.Emit(OpCodes.Ldtoken, typeof(Dictionary<,>));
        g.Emit(OpCodes.Call, typeof(Type).GetMethod("GetTypeFromHandle")!);
        g.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(object), typeof(object), typeof(object)])!);
        g.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(object), typeof(object)])!);
        g.Emit(OpCodes.Ret);
        var f = d.CreateDelegate<Func<int, object, string>>();
        Console.WriteLine(f(0, "") + "|" + f(1, "") + "|" + f(9, ""));
        Console.WriteLine(d.Invoke(null, [1, null]) + "|" + d.Invoke(null, BindingFlags.Default, null, [0, null], null));

        var calli = new DynamicMethod("calli", typeof(int), [typeof(IntPtr), typeof(int)], typeof(Program).Module);
        g = calli.GetILGenerator();
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Ldarg_0);
        g.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(int), [typeof(int)], null);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(calli.Invoke(null, [typeof(Program).GetMethod("Twice", BindingFlags.NonPublic | BindingFlags.Static)!.MethodHandle
            .GetFunctionPointer(), 21]));
        var token = new DynamicMethod("token", typeof(string), [], typeof(Program).Module, true);
        g = token.GetILGenerator();
        g.Emit(OpCodes.Ldtoken, typeof(Hidden).GetMethod("Echo")!);
        g.Emit(OpCodes.Call, typeof(MethodBase).GetMethod("GetMethodFromHandle", [typeof(RuntimeMethodHandle)])!);
        g.Emit(OpCodes.Ldtoken, typeof(Pair).GetField("A")!);
        g.Emit(OpCodes.Call, typeof(FieldInfo).GetMethod("GetFieldFromHandle", [typeof(RuntimeFieldHandle)])!);
        g.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(object), typeof(object)])!);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(token.Invoke(null, []));
        var echo = new DynamicMethod("echo", typeof(string), [typeof(Hidden)], typeof(Program).Module);
        g = echo.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldstr, "generic");
        g.EmitCall(OpCodes.Callvirt, typeof(Hidden).GetMethod("Echo")!.MakeGenericMethod(typeof(string)), null);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(echo.CreateDelegate<Func<Hidden, string>>()(new Hidden()));
    }

    private static int Twice(int x) => x * 2;

    private static void Handlers()
    {
        var d = new DynamicMethod("handlers", typeof(string), [typeof(Action)], typeof(Program).Module);
        var g = d.GetILGenerator();
        var result = g.DeclareLocal(typeof(string));
        g.BeginExceptionBlock();
        g.BeginExceptionBlock();
        g.Emit(OpCodes.Ldarg_0);
        g.EmitCall(OpCodes.Callvirt, typeof(Action).GetMethod("Invoke")!, null);
        g.Emit(OpCodes.Ldstr, "ok");
        g.Emit(OpCodes.Stloc, result);
        g.BeginCatchBlock(typeof(FormatException));
        g.Emit(OpCodes.Callvirt, typeof(Exception).GetProperty("Message")!.GetMethod!);
        g.Emit(OpCodes.Stloc, result);
        g.BeginExceptFilterBlock();
        g.Emit(OpCodes.Isinst, typeof(InvalidOperationException));
        g.Emit(OpCodes.Ldnull);
        g.Emit(OpCodes.Cgt_Un);
        g.BeginCatchBlock(null!);
        g.Emit(OpCodes.Pop);
        g.Emit(OpCodes.Ldstr, "filtered");
        g.Emit(OpCodes.Stloc, result);
        g.BeginFinallyBlock();
        g.EmitWriteLine("inner finally");
        g.EndExceptionBlock();
        g.BeginFaultBlock();
        g.EmitWriteLine("fault");
        g.EndExceptionBlock();
        g.Emit(OpCodes.Ldloc, result);
        g.Emit(OpCodes.Ret);
        Try("fault block", () => d.CreateDelegate<Func<Action, string>>());

        d = new DynamicMethod("handlers", typeof(string), [typeof(Action)], typeof(Program).Module);
        g = d.GetILGenerator();
        result = g.DeclareLocal(typeof(string));
        g.BeginExceptionBlock();
        g.BeginExceptionBlock();
        g.Emit(OpCodes.Ldarg_0);
        g.EmitCall(OpCodes.Callvirt, typeof(Action).GetMethod("Invoke")!, null);
        g.Emit(OpCodes.Ldstr, "ok");
        g.Emit(OpCodes.Stloc, result);
        g.BeginCatchBlock(typeof(FormatException));
        g.Emit(OpCodes.Callvirt, typeof(Exception).GetProperty("Message")!.GetMethod!);
        g.Emit(OpCodes.Stloc, result);
        g.BeginCatchBlock(typeof(ArgumentException));
        g.Emit(OpCodes.Rethrow);
        g.EndExceptionBlock();
        g.BeginFinallyBlock();
        g.EmitWriteLine("finally");
        g.EndExceptionBlock();
        g.Emit(OpCodes.Ldloc, result);
        g.Emit(OpCodes.Ret);
        var f = d.CreateDelegate<Func<Action, string>>();
        Console.WriteLine(f(() => { }));
        Console.WriteLine(f(() => throw new FormatException("format")));
        Try("rethrown", () => f(() => throw new ArgumentException("argument")));
        Try("passed on", () => f(() => throw new InvalidOperationException("operation")));
        var thrower = new DynamicMethod("thrower", null, [typeof(string)], typeof(Program));
        g = thrower.GetILGenerator();
        g.ThrowException(typeof(NotSupportedException));
        Try("ThrowException", () => thrower.Invoke(null, ["x"]));
        try { thrower.CreateDelegate<Action<string>>()("x"); }
        catch (NotSupportedException e) { Console.WriteLine(e.StackTrace!.Split('\n')[0].Trim()); }
    }

    private static void Info()
    {
        var d = new DynamicMethod("info", typeof(string), [typeof(int)], typeof(Program).Module);
        var i = d.GetDynamicILInfo();
        var locals = SignatureHelper.GetLocalVarSigHelper();
        locals.AddArgument(typeof(string));
        i.SetLocalSignature(locals.GetSignature());
        var code = new List<byte>();
        void Op(OpCode o, int? token = null)
        {
            if (o.Size == 2) code.Add((byte)(o.Value >> 8));
            code.Add((byte)o.Value);
            if (token is int t) code.AddRange(BitConverter.GetBytes(t));
        }
        Op(OpCodes.Ldstr, i.GetTokenFor("value "));
        Op(OpCodes.Ldarg_0);
        Op(OpCodes.Box, i.GetTokenFor(typeof(int).TypeHandle));
        Op(OpCodes.Call, i.GetTokenFor(typeof(string).GetMethod("Concat", [typeof(object), typeof(object)])!.MethodHandle));
        Op(OpCodes.Stloc_0);
        Op(OpCodes.Ldloc_0);
        Op(OpCodes.Ldsfld, i.GetTokenFor(typeof(string).GetField("Empty")!.FieldHandle));
        Op(OpCodes.Call, i.GetTokenFor(typeof(string).GetMethod("Concat", [typeof(string), typeof(string)])!.MethodHandle));
        Op(OpCodes.Ret);
        i.SetCode(code.ToArray(), 3);
        i.SetExceptions([]);
        Console.WriteLine(d.CreateDelegate<Func<int, string>>()(7) + " " + (i.DynamicMethod == d));
        // a protected region: try { throw new FormatException } catch (FormatException) { leave }
        d = new DynamicMethod("raw", typeof(int), [], typeof(Program).Module);
        i = d.GetDynamicILInfo();
        code.Clear();
        Op(OpCodes.Newobj, i.GetTokenFor(typeof(FormatException).GetConstructor([])!.MethodHandle));
        Op(OpCodes.Throw);
        Op(OpCodes.Pop);
        Op(OpCodes.Leave, 0);
        Op(OpCodes.Ldc_I4, 99);
        Op(OpCodes.Ret);
        i.SetLocalSignature(SignatureHelper.GetLocalVarSigHelper().GetSignature());
        i.SetCode(code.ToArray(), 2);
        var eh = new List<byte> { 0x41, 28, 0, 0 };
        foreach (int v in new[] { 0, 0, 6, 6, 6, i.GetTokenFor(typeof(FormatException).TypeHandle) })
            eh.AddRange(BitConverter.GetBytes(v));
        i.SetExceptions(eh.ToArray());
        Console.WriteLine(d.CreateDelegate<Func<int>>()());
        // recursion through its own token
        var fib = new DynamicMethod("fib", typeof(int), [typeof(int)], typeof(Program).Module);
        i = fib.GetDynamicILInfo();
        int self = i.GetTokenFor(fib);
        code.Clear();
        Op(OpCodes.Ldarg_0);
        Op(OpCodes.Ldc_I4_2);
        code.AddRange([(byte)OpCodes.Bge_S.Value, 2]);
        Op(OpCodes.Ldarg_0);
        Op(OpCodes.Ret);
        Op(OpCodes.Ldarg_0);
        Op(OpCodes.Ldc_I4_1);
        Op(OpCodes.Sub);
        Op(OpCodes.Call, self);
        Op(OpCodes.Ldarg_0);
        Op(OpCodes.Ldc_I4_2);
        Op(OpCodes.Sub);
        Op(OpCodes.Call, self);
        Op(OpCodes.Add);
        Op(OpCodes.Ret);
        i.SetLocalSignature(SignatureHelper.GetLocalVarSigHelper().GetSignature());
        i.SetCode(code.ToArray(), 4);
        Console.WriteLine(fib.CreateDelegate<Func<int, int>>()(15));
    }

    private delegate void Swap(ref int a, out string b);

    private static void Shapes()
    {
        var d = new DynamicMethod("swap", null, [typeof(int).MakeByRefType(), typeof(string).MakeByRefType()], typeof(Program).Module);
        d.DefineParameter(1, ParameterAttributes.None, "number");
        d.DefineParameter(2, ParameterAttributes.Out, "text");
        d.InitLocals = false;
        var g = d.GetILGenerator();
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, typeof(int).GetMethod("ToString", [])!);
        g.Emit(OpCodes.Stind_Ref);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldc_I4, 77);
        g.Emit(OpCodes.Stind_I4);
        g.Emit(OpCodes.Ret);
        int n = 5;
        d.CreateDelegate<Swap>()(ref n, out string s);
        Console.WriteLine(n + s);
        Console.WriteLine(string.Join(",", d.GetParameters().Select(p => p.ParameterType + " " + p.Name + " " + p.Attributes)));
        Console.WriteLine($"{d} {d.Name} {d.DeclaringType} {d.Attributes} {d.CallingConvention} {d.ReturnType} {d.InitLocals} {d.IsSecurityCritical}");
        Console.WriteLine($"{d.ReturnParameter} {d.Module.Name.Length > 0} {d.GetMethodImplementationFlags()} {d.GetBaseDefinition() == d} {d.ReflectedType}");
        object?[] args = [3, null];
        d.Invoke(null, args);
        Console.WriteLine(args[0] + " " + args[1]);
        var big = new DynamicMethod("big", typeof(int), Enumerable.Repeat(typeof(int), 40).ToArray(), typeof(Program).Module);
        g = big.GetILGenerator();
        g.Emit(OpCodes.Ldc_I4_0);
        for (int i = 0; i < 40; i++) { g.Emit(OpCodes.Ldarg, (short)i); g.Emit(OpCodes.Add); }
        g.Emit(OpCodes.Ret);
        Console.WriteLine(big.Invoke(null, Enumerable.Range(1, 40).Select(i => (object)i).ToArray()));
        // one dynamic method calls another
        var inner = new DynamicMethod("inner", typeof(int), [typeof(int)], typeof(Program).Module);
        g = inner.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldc_I4_3);
        g.Emit(OpCodes.Mul);
        g.Emit(OpCodes.Ret);
        var outer = new DynamicMethod("outer", typeof(int), [typeof(int)], typeof(Program).Module);
        g = outer.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.EmitCall(OpCodes.Call, inner, null);
        g.Emit(OpCodes.Ldc_I4_1);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(outer.CreateDelegate<Func<int, int>>()(5));
        var pinned = new DynamicMethod("pinned", typeof(byte), [typeof(byte[])], typeof(Program).Module);
        g = pinned.GetILGenerator();
        var p = g.DeclareLocal(typeof(byte).MakeByRefType(), true);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldc_I4_1);
        g.Emit(OpCodes.Ldelema, typeof(byte));
        g.Emit(OpCodes.Stloc, p);
        g.Emit(OpCodes.Ldloc, p);
        g.Emit(OpCodes.Conv_U);
        g.Emit(OpCodes.Ldind_U1);
        g.Emit(OpCodes.Ret);
        Console.WriteLine(p.IsPinned + " " + p.LocalIndex + " " + pinned.CreateDelegate<Func<byte[], byte>>()([1, 2, 3]));
    }

    private static void Misuse()
    {
        Try("null name", () => new DynamicMethod(null!, typeof(int), []));
        Try("open owner", () => new DynamicMethod("x", typeof(int), [], typeof(List<>)));
        Try("interface owner", () => new DynamicMethod("x", typeof(int), [], typeof(IDisposable)));
        Try("array owner", () => new DynamicMethod("x", typeof(int), [], typeof(int[])));
        Try("null module", () => new DynamicMethod("x", typeof(int), [], (Module)null!));
        Try("null owner", () => new DynamicMethod("x", typeof(int), [], (Type)null!));
        Try("null parameter", () => new DynamicMethod("x", typeof(int), [null!]));
        Try("instance", () => new DynamicMethod("x", MethodAttributes.Public, CallingConventions.HasThis, typeof(int), [], typeof(Program), true));
        Try("void parameter", () => { var v = new DynamicMethod("x", typeof(int), [typeof(void)]); v.GetILGenerator().Emit(OpCodes.Ret); v.CreateDelegate<Func<int>>(); });
        var empty = new DynamicMethod("empty", typeof(int), [], typeof(Program).Module);
        Try("no body", () => empty.CreateDelegate<Func<int>>());
        empty.GetILGenerator();
        Try("empty body", () => empty.CreateDelegate<Func<int>>());
        Try("Info after generator", () => empty.GetDynamicILInfo().SetCode([0x2A], 1));
        var one = new DynamicMethod("one", typeof(int), [], typeof(Program).Module);
        one.GetILGenerator().Emit(OpCodes.Ldc_I4_1);
        one.GetILGenerator().Emit(OpCodes.Ret);
        Try("wrong delegate", () => one.CreateDelegate<Action<int>>());
        Try("not a delegate", () => one.CreateDelegate(typeof(string)));
        Console.WriteLine(one.CreateDelegate<Func<int>>()());
        Try("too many arguments", () => one.Invoke(null, [1]));
        Try("handle", () => Console.WriteLine(one.MethodHandle.Value));
        Try("no label", () => { var x = new DynamicMethod("x", null, []); var g = x.GetILGenerator(); g.Emit(OpCodes.Br, g.DefineLabel()); g.Emit(OpCodes.Ret); x.CreateDelegate<Action>(); });
        Try("open block", () => { var x = new DynamicMethod("x", null, []); var g = x.GetILGenerator(); g.BeginExceptionBlock(); g.Emit(OpCodes.Ret); x.CreateDelegate<Action>(); });
        Try("no block", () => new DynamicMethod("x", null, []).GetILGenerator().EndExceptionBlock());
        Try("bad code", () => { var x = new DynamicMethod("x", typeof(int), []); x.GetILGenerator().Emit(OpCodes.Add); x.CreateDelegate<Func<int>>()(); });
        Try("parameter 5", () => one.DefineParameter(5, ParameterAttributes.None, "z"));
        Try("vararg", () => new DynamicMethod("x", MethodAttributes.Public | MethodAttributes.Static, CallingConventions.VarArgs, typeof(int), [], typeof(Program), true));
        var divide = new DynamicMethod("divide", typeof(int), [typeof(int), typeof(int)], typeof(Program).Module);
        var il = divide.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Div);
        il.Emit(OpCodes.Ret);
        Try("invoke throws", () => divide.Invoke(null, [1, 0]));
        Try("wrong type", () => divide.Invoke(null, ["a", 0]));
    }

    private static void Main()
    {
        Owners();
        Operands();
        Handlers();
        Info();
        Shapes();
        Misuse();
    }
}
