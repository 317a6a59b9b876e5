// Errors of the loader and of binding, made with Reflection.Emit: ambiguous default methods, missing implementations,
// bad layouts, illegal access, invalid programs, missing members.
using System.Reflection;
using System.Reflection.Emit;

public interface IA { string M() => "A"; }
public interface IB : IA { string IA.M() => "B"; }
public interface IC : IA { string IA.M() => "C"; }
public abstract class Abs { public abstract void F(); public virtual void G() { } private void Hidden() { } }
public sealed class Closed { }
public struct Val { public int X; }

public static class Program
{
    private static readonly ModuleBuilder s_m = AssemblyBuilder.DefineDynamicAssembly(new("Dyn"), AssemblyBuilderAccess.Run)
        .DefineDynamicModule("Dyn");

    private static void T(string name, Func<object?> f)
    {
        try { Console.WriteLine($"{name}: {f() ?? "null"}"); }
        catch (Exception e)
        {
            while (e is TargetInvocationException && e.InnerException != null) e = e.InnerException;
            Console.WriteLine($"{name}: {e.GetType().Name}");
        }
    }

    private static object Method(string name, Type ret, Action<ILGenerator> body)
    {
        var dm = new DynamicMethod(name, ret, Type.EmptyTypes, typeof(object).Module, false);
        body(dm.GetILGenerator());
        return dm.Invoke(null, null)!;
    }

    private static TypeBuilder New(string n, TypeAttributes a = TypeAttributes.Public, Type? b = null, params Type[] i)
        => s_m.DefineType(n, a, b ?? typeof(object), i);

    private static void Main()
    {
        T("ambiguous", () => ((IA)Activator.CreateInstance(New("Amb", TypeAttributes.Public, null, typeof(IB), typeof(IC))
            .CreateType())!).M());
        T("one branch", () => ((IA)Activator.CreateInstance(New("One", TypeAttributes.Public, null, typeof(IB)).CreateType())!).M());
        T("missing override", () => New("NoF", TypeAttributes.Public, typeof(Abs)).CreateType().Name);
        T("missing interface method", () => New("NoI", TypeAttributes.Public, null, typeof(IDisposable)).CreateType().Name);
        T("sealed base", () => New("SubClosed", TypeAttributes.Public, typeof(Closed)).CreateType().Name);
        T("value base", () => New("SubVal", TypeAttributes.Public, typeof(Val)).CreateType().Name);
        T("interface base", () => New("SubI", TypeAttributes.Public, typeof(IA)).CreateType().Name);
        T("overlap", () =>
        {
            var t = New("Over", TypeAttributes.Public | TypeAttributes.ExplicitLayout | TypeAttributes.Sealed, typeof(ValueType));
            t.DefineField("o", typeof(object), FieldAttributes.Public).SetOffset(0);
            t.DefineField("i", typeof(int), FieldAttributes.Public).SetOffset(0);
            return Activator.CreateInstance(t.CreateType());
        });
        T("misaligned", () =>
        {
            var t = New("Mis", TypeAttributes.Public | TypeAttributes.ExplicitLayout | TypeAttributes.Sealed, typeof(ValueType));
            t.DefineField("o", typeof(object), FieldAttributes.Public).SetOffset(3);
            return Activator.CreateInstance(t.CreateType());
        });
        T("recursive struct", () =>
        {
            var t = New("Rec", TypeAttributes.Public | TypeAttributes.Sealed, typeof(ValueType));
            t.DefineField("r", t, FieldAttributes.Public);
            return Activator.CreateInstance(t.CreateType());
        });
        T("private method", () => Method("priv", typeof(void), g =>
        {
            g.Emit(OpCodes.Ldnull);
            g.Emit(OpCodes.Call, typeof(Abs).GetMethod("Hidden", BindingFlags.NonPublic | BindingFlags.Instance)!);
            g.Emit(OpCodes.Ret);
        }));
        T("private field", () => Method("privf", typeof(object), g =>
        {
            g.Emit(OpCodes.Ldsfld, typeof(Program).GetField("s_m", BindingFlags.NonPublic | BindingFlags.Static)!);
            g.Emit(OpCodes.Ret);
        }));
        T("pop of nothing", () => Method("pop", typeof(int), g => { g.Emit(OpCodes.Pop); g.Emit(OpCodes.Ldc_I4_1); g.Emit(OpCodes.Ret); }));
        T("falls off", () => Method("fall", typeof(void), g => g.Emit(OpCodes.Nop)));
        T("bad opcode", () => Method("bad", typeof(void), g => { g.Emit(OpCodes.Prefix1); g.Emit(OpCodes.Ret); }));
        T("abstract call", () => Method("abs", typeof(void), g =>
        {
            g.Emit(OpCodes.Ldnull);
            g.Emit(OpCodes.Call, typeof(Abs).GetMethod("F")!);
            g.Emit(OpCodes.Ret);
        }));
        T("new abstract", () => Method("newabs", typeof(object), g =>
        {
            g.Emit(OpCodes.Newobj, typeof(Abs).GetConstructor(BindingFlags.NonPublic | BindingFlags.Instance, [])!);
            g.Emit(OpCodes.Ret);
        }));
        T("null instance", () => Method("nul", typeof(void), g =>
        {
            g.Emit(OpCodes.Ldnull);
            g.Emit(OpCodes.Callvirt, typeof(Abs).GetMethod("G")!);
            g.Emit(OpCodes.Ret);
        }));
        T("throw non exception", () => Method("thr", typeof(void), g => { g.Emit(OpCodes.Ldstr, "text"); g.Emit(OpCodes.Throw); }));
        T("ckfinite", () => Method("ck", typeof(double), g =>
        {
            g.Emit(OpCodes.Ldc_R8, double.NaN);
            g.Emit(OpCodes.Ckfinite);
            g.Emit(OpCodes.Ret);
        }));
        T("jmp", () =>
        {
            var dm = new DynamicMethod("jmp", typeof(int), [typeof(int)]);
            ILGenerator g = dm.GetILGenerator();
            g.Emit(OpCodes.Jmp, typeof(Program).GetMethod("Callee")!);
            return dm.Invoke(null, [20]);
        });
        T("cpobj", () =>
        {
            var dm = new DynamicMethod("cp", typeof(int), [typeof(int)]);
            ILGenerator g = dm.GetILGenerator();
            var l = g.DeclareLocal(typeof(int));
            g.Emit(OpCodes.Ldloca, l);
            g.Emit(OpCodes.Ldarga, 0);
            g.Emit(OpCodes.Cpobj, typeof(int));
            g.Emit(OpCodes.Ldloc, l);
            g.Emit(OpCodes.Ret);
            return dm.Invoke(null, [33]);
        });
        T("tail", () =>
        {
            var t = New("Tail");
            MethodBuilder mb = t.DefineMethod("Sum", MethodAttributes.Public | MethodAttributes.Static, typeof(long),
                [typeof(int), typeof(long)]);
            ILGenerator g = mb.GetILGenerator();
            Label go = g.DefineLabel();
            g.Emit(OpCodes.Ldarg_0);
            g.Emit(OpCodes.Brtrue, go);
            g.Emit(OpCodes.Ldarg_1);
            g.Emit(OpCodes.Ret);
            g.MarkLabel(go);
            g.Emit(OpCodes.Ldarg_0);
            g.Emit(OpCodes.Ldc_I4_1);
            g.Emit(OpCodes.Sub);
            g.Emit(OpCodes.Ldarg_1);
            g.Emit(OpCodes.Ldarg_0);
            g.Emit(OpCodes.Conv_I8);
            g.Emit(OpCodes.Add);
            g.Emit(OpCodes.Tailcall);
            g.Emit(OpCodes.Call, mb);
            g.Emit(OpCodes.Ret);
            return t.CreateType().GetMethod("Sum")!.Invoke(null, [1000000, 0L]);
        });
        T("tail with a large frame", () =>
        {
            var t = New("Tail2");
            System.Type[] ps = [typeof(int), typeof(long), typeof(double), typeof(decimal), typeof(Guid), typeof(string), typeof(int),
                typeof(int), typeof(int), typeof(int)];
            MethodBuilder few = t.DefineMethod("Few", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(int)]),
                many = t.DefineMethod("Many", MethodAttributes.Public | MethodAttributes.Static, typeof(int), ps);
            ILGenerator g = few.GetILGenerator();
            g.Emit(OpCodes.Ldarg_0);
            var ld = g.DeclareLocal(typeof(decimal));
            var lg = g.DeclareLocal(typeof(Guid));
            g.Emit(OpCodes.Ldc_I8, 1L);
            g.Emit(OpCodes.Ldc_R8, 2.0);
            g.Emit(OpCodes.Ldloc, ld);
            g.Emit(OpCodes.Ldloc, lg);
            g.Emit(OpCodes.Ldstr, "s");
            for (int i = 0; i < 4; i++) g.Emit(OpCodes.Ldc_I4, i);
            g.Emit(OpCodes.Tailcall);
            g.Emit(OpCodes.Call, many);
            g.Emit(OpCodes.Ret);
            g = many.GetILGenerator();
            Label go = g.DefineLabel();
            g.Emit(OpCodes.Ldarg_0);
            g.Emit(OpCodes.Brtrue, go);
            g.Emit(OpCodes.Ldarg_S, (byte)9);
            g.Emit(OpCodes.Ret);
            g.MarkLabel(go);
            g.Emit(OpCodes.Ldarg_0);
            g.Emit(OpCodes.Ldc_I4_1);
            g.Emit(OpCodes.Sub);
            g.Emit(OpCodes.Tailcall);
            g.Emit(OpCodes.Call, few);
            g.Emit(OpCodes.Ret);
            return t.CreateType().GetMethod("Few")!.Invoke(null, [200000]);
        });
        T("constraint", () => typeof(Con<>).MakeGenericType(typeof(string)).Name);
        T("constraint method", () => typeof(Program).GetMethod("OnlyNew", BindingFlags.Static |
            BindingFlags.NonPublic)!.MakeGenericMethod(typeof(Abs)));
        T("byref of byref", () => typeof(int).MakeByRefType().MakeByRefType());
        T("array of void", () => typeof(void).MakeArrayType());
        T("generic over span", () => typeof(List<>).MakeGenericType(typeof(Span<int>)));
        T("generic over pointer", () => typeof(List<>).MakeGenericType(typeof(int).MakePointerType()));
        T("array of spans", () => Array.CreateInstance(typeof(Span<int>), 1));
        T("rank", () => Array.CreateInstance(typeof(int), new int[33]));
        T("box span", () => Activator.CreateInstance(typeof(Span<int>)));
        T("ref struct invoke", () => typeof(Span<int>).GetMethod("ToArray")!.Invoke(null, null));
        T("switch emitted", () => Method("sw", typeof(int), g =>
        {
            Label a = g.DefineLabel(), b = g.DefineLabel();
            g.Emit(OpCodes.Ldc_I4_1);
            g.Emit(OpCodes.Switch, new[] { a, b });
            g.Emit(OpCodes.Ldc_I4_0);
            g.Emit(OpCodes.Ret);
            g.MarkLabel(a);
            g.Emit(OpCodes.Ldc_I4_5);
            g.Emit(OpCodes.Ret);
            g.MarkLabel(b);
            g.Emit(OpCodes.Ldc_I4, 77);
            g.Emit(OpCodes.Ret);
        }));
        T("fault block", () =>
        {
            var t = New("Fault");
            MethodBuilder mb = t.DefineMethod("Run", MethodAttributes.Public | MethodAttributes.Static, typeof(void), []);
            ILGenerator g = mb.GetILGenerator();
            g.BeginExceptionBlock();
            g.Emit(OpCodes.Ldnull);
            g.Emit(OpCodes.Throw);
            g.BeginFaultBlock();
            g.EmitWriteLine("fault ran");
            g.EndExceptionBlock();
            g.Emit(OpCodes.Ret);
            return t.CreateType().GetMethod("Run")!.Invoke(null, null);
        });
        T("filter emitted", () =>
        {
            var t = New("Filt");
            MethodBuilder mb = t.DefineMethod("Run", MethodAttributes.Public | MethodAttributes.Static, typeof(void), []);
            ILGenerator g = mb.GetILGenerator();
            g.BeginExceptionBlock();
            g.Emit(OpCodes.Newobj, typeof(FormatException).GetConstructor([])!);
            g.Emit(OpCodes.Throw);
            g.BeginExceptFilterBlock();
            g.Emit(OpCodes.Pop);
            g.EmitWriteLine("filter");
            g.Emit(OpCodes.Ldc_I4_1);
            g.BeginCatchBlock(null!);
            g.Emit(OpCodes.Pop);
            g.EmitWriteLine("handler");
            g.EndExceptionBlock();
            g.Emit(OpCodes.Ret);
            return t.CreateType().GetMethod("Run")!.Invoke(null, null);
        });
        T("block memory", () => Method("blk", typeof(int), g =>
        {
            var l = g.DeclareLocal(typeof(long));
            g.Emit(OpCodes.Ldloca, l);
            g.Emit(OpCodes.Ldc_I4, 3);
            g.Emit(OpCodes.Ldc_I4_8);
            g.Emit(OpCodes.Unaligned, (byte)1);
            g.Emit(OpCodes.Initblk);
            g.Emit(OpCodes.Ldloca, l);
            g.Emit(OpCodes.Volatile);
            g.Emit(OpCodes.Ldind_I4);
            g.Emit(OpCodes.Ret);
        }));
        T("overflow opcodes", () => Method("ovf", typeof(int), g =>
        {
            g.Emit(OpCodes.Ldc_I4, int.MinValue);
            g.Emit(OpCodes.Conv_Ovf_U2_Un);
            g.Emit(OpCodes.Ret);
        }));
        T("return address", () => Method("calli", typeof(int), g =>
        {
            g.Emit(OpCodes.Ldc_I4, 4);
            g.Emit(OpCodes.Ldftn, typeof(Program).GetMethod("Callee")!);
            g.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(int), [typeof(int)], null);
            g.Emit(OpCodes.Ret);
        }));
    }

    public static int Callee(int x) => x * 2;
    private sealed class Con<X> where X : struct { }
    private static X OnlyNew<X>() where X : new() => new();
}
