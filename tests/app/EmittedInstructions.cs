// Each group of ILGenerator operations in one run: arithmetic, conversions, arrays, indirect access, calls of every kind, prefixes, vararg, arglist.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

public class Parent { public virtual string Say(int x) => "parent " + x; public int F = 3; public static int S = 4; public volatile int Vol; }
public class Child : Parent { public override string Say(int x) => "child " + x; }
public struct Value { public int A; public string B; public override string ToString() => A + B; public int Add(int x) => A + x; }

internal static class Program
{
    private static int number;
    private static readonly ModuleBuilder mb = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Ops"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");

    private static void Run(string what, Type result, Type[] parameters, object?[] args, Action<ILGenerator> emit)
    {
        foreach (bool dynamic in new[] { false, true })
        {
            try
            {
                object? r;
                if (dynamic)
                {
                    var d = new DynamicMethod("d", result, parameters, typeof(Program).Module, true);
                    emit(d.GetILGenerator());
                    r = d.Invoke(null, args.ToArray());
                }
                else
                {
                    TypeBuilder t = mb.DefineType("T" + number++, TypeAttributes.Public);
                    MethodBuilder m = t.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static, result, parameters);
                    emit(m.GetILGenerator());
                    r = t.CreateType().GetMethod("m")!.Invoke(null, args.ToArray());
                }
                Console.WriteLine($"{what} [{(dynamic ? "dynamic" : "built")}] {r ?? "null"}");
            }
            catch (Exception e)
            {
                while (e is TargetInvocationException && e.InnerException != null) e = e.InnerException;
                Console.WriteLine($"{what} [{(dynamic ? "dynamic" : "built")}] {e.GetType().Name}: {e.Message}");
            }
        }
    }

    private static void Binary(string what, OpCode op, object a, object b) => Run(what, a.GetType(), [a.GetType(), b.GetType()], [a, b], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldarg_1); g.Emit(op); g.Emit(OpCodes.Ret); });
    private static void Unary(string what, OpCode op, object a, Type result) => Run(what, result, [a.GetType()], [a], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(op); g.Emit(OpCodes.Ret); });

    private static void Numbers()
    {
        foreach (OpCode op in new[] { OpCodes.Add, OpCodes.Add_Ovf, OpCodes.Add_Ovf_Un, OpCodes.Sub, OpCodes.Sub_Ovf, OpCodes.Sub_Ovf_Un, OpCodes.Mul, OpCodes.Mul_Ovf, OpCodes.Mul_Ovf_Un, OpCodes.Div, OpCodes.Div_Un, OpCodes.Rem, OpCodes.Rem_Un, OpCodes.And, OpCodes.Or, OpCodes.Xor, OpCodes.Shl, OpCodes.Shr, OpCodes.Shr_Un })
        {
            Binary(op.Name + " int", op, -7, 3);
            if (op.StackBehaviourPop == StackBehaviour.Pop1_pop1 && !op.Name!.StartsWith("sh")) Binary(op.Name + " long", op, long.MaxValue, 2L);
        }
        Binary("divide by zero", OpCodes.Div, 1, 0);
        Binary("min / -1", OpCodes.Div, int.MinValue, -1);
        Binary("double", OpCodes.Rem, 7.5, 2.0);
        Unary("neg", OpCodes.Neg, 5, typeof(int));
        Unary("not", OpCodes.Not, 5L, typeof(long));
        foreach ((OpCode op, Type t) in new[] { (OpCodes.Conv_I1, typeof(sbyte)), (OpCodes.Conv_U1, typeof(byte)), (OpCodes.Conv_I2, typeof(short)), (OpCodes.Conv_U2, typeof(ushort)), (OpCodes.Conv_I4, typeof(int)), (OpCodes.Conv_U4, typeof(uint)), (OpCodes.Conv_I8, typeof(long)), (OpCodes.Conv_U8, typeof(ulong)), (OpCodes.Conv_R4, typeof(float)), (OpCodes.Conv_R8, typeof(double)), (OpCodes.Conv_Ovf_I1, typeof(sbyte)), (OpCodes.Conv_Ovf_U1, typeof(byte)), (OpCodes.Conv_Ovf_U4, typeof(uint)), (OpCodes.Conv_Ovf_I4_Un, typeof(int)), (OpCodes.Conv_Ovf_U8, typeof(ulong)), (OpCodes.Conv_I, typeof(nint)) })
            Unary(op.Name!, op, -300, t);
        Unary("conv.r.un", OpCodes.Conv_R_Un, -1, typeof(double));
        Unary("ckfinite", OpCodes.Ckfinite, double.NaN, typeof(double));
        foreach (OpCode op in new[] { OpCodes.Beq, OpCodes.Bge, OpCodes.Bge_Un, OpCodes.Bgt, OpCodes.Bgt_Un, OpCodes.Ble, OpCodes.Ble_Un, OpCodes.Blt, OpCodes.Blt_Un, OpCodes.Bne_Un })
            Run(op.Name!, typeof(bool), [typeof(int), typeof(int)], [-1, 1], g => { Label yes = g.DefineLabel(); g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldarg_1); g.Emit(op, yes); g.Emit(OpCodes.Ldc_I4_0); g.Emit(OpCodes.Ret); g.MarkLabel(yes); g.Emit(OpCodes.Ldc_I4_1); g.Emit(OpCodes.Ret); });
        Run("constants", typeof(string), [], [], g =>
        {
            g.Emit(OpCodes.Ldc_I4_M1);
            g.Emit(OpCodes.Ldc_I4_S, (sbyte)-100);
            g.Emit(OpCodes.Add);
            g.Emit(OpCodes.Box, typeof(int));
            g.Emit(OpCodes.Ldc_R4, 1.25f);
            g.Emit(OpCodes.Box, typeof(float));
            g.Emit(OpCodes.Ldc_I8, long.MinValue);
            g.Emit(OpCodes.Box, typeof(long));
            g.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(object), typeof(object), typeof(object)])!);
            g.Emit(OpCodes.Ret);
        });
    }

    private static void Memory()
    {
        Run("array", typeof(int), [], [], g =>
        {
            LocalBuilder a = g.DeclareLocal(typeof(int[]));
            g.Emit(OpCodes.Ldc_I4_5);
            g.Emit(OpCodes.Newarr, typeof(int));
            g.Emit(OpCodes.Stloc, a);
            g.Emit(OpCodes.Ldloc, a);
            g.Emit(OpCodes.Ldc_I4_2);
            g.Emit(OpCodes.Ldc_I4, 40);
            g.Emit(OpCodes.Stelem_I4);
            g.Emit(OpCodes.Ldloc, a);
            g.Emit(OpCodes.Ldc_I4_3);
            g.Emit(OpCodes.Ldelema, typeof(int));
            g.Emit(OpCodes.Ldc_I4_2);
            g.Emit(OpCodes.Stobj, typeof(int));
            g.Emit(OpCodes.Ldloc, a);
            g.Emit(OpCodes.Ldc_I4_2);
            g.Emit(OpCodes.Ldelem, typeof(int));
            g.Emit(OpCodes.Ldloc, a);
            g.Emit(OpCodes.Ldc_I4_3);
            g.Emit(OpCodes.Ldelem_I4);
            g.Emit(OpCodes.Add);
            g.Emit(OpCodes.Ldloc, a);
            g.Emit(OpCodes.Ldlen);
            g.Emit(OpCodes.Conv_I4);
            g.Emit(OpCodes.Add);
            g.Emit(OpCodes.Ret);
        });
        Run("array store check", typeof(void), [typeof(object[]), typeof(object)], [new string[1], 5], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldc_I4_0); g.Emit(OpCodes.Ldarg_1); g.Emit(OpCodes.Stelem_Ref); g.Emit(OpCodes.Ret); });
        Run("readonly ldelema", typeof(string), [typeof(object[])], [new[] { "s" }], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldc_I4_0); g.Emit(OpCodes.Readonly); g.Emit(OpCodes.Ldelema, typeof(object)); g.Emit(OpCodes.Ldind_Ref); g.Emit(OpCodes.Castclass, typeof(string)); g.Emit(OpCodes.Ret); });
        Run("localloc, cpblk, initblk", typeof(int), [], [], g =>
        {
            LocalBuilder p = g.DeclareLocal(typeof(byte*));
            g.Emit(OpCodes.Ldc_I4, 64);
            g.Emit(OpCodes.Conv_U);
            g.Emit(OpCodes.Localloc);
            g.Emit(OpCodes.Stloc, p);
            g.Emit(OpCodes.Ldloc, p);
            g.Emit(OpCodes.Ldc_I4_1);
            g.Emit(OpCodes.Ldc_I4, 32);
            g.Emit(OpCodes.Unaligned, (byte)1);
            g.Emit(OpCodes.Initblk);
            g.Emit(OpCodes.Ldloc, p);
            g.Emit(OpCodes.Ldc_I4, 32);
            g.Emit(OpCodes.Add);
            g.Emit(OpCodes.Ldloc, p);
            g.Emit(OpCodes.Ldc_I4, 32);
            g.Emit(OpCodes.Cpblk);
            g.Emit(OpCodes.Ldloc, p);
            g.Emit(OpCodes.Ldc_I4, 40);
            g.Emit(OpCodes.Add);
            g.Emit(OpCodes.Volatile);
            g.Emit(OpCodes.Unaligned, (byte)2);
            g.Emit(OpCodes.Ldind_I4);
            g.Emit(OpCodes.Ret);
        });
        Run("struct", typeof(string), [typeof(Value)], [new Value { A = 5, B = "five" }], g =>
        {
            LocalBuilder v = g.DeclareLocal(typeof(Value)), w = g.DeclareLocal(typeof(Value));
            g.Emit(OpCodes.Ldloca, v);
            g.Emit(OpCodes.Ldarga, (short)0);
            g.Emit(OpCodes.Cpobj, typeof(Value));
            g.Emit(OpCodes.Ldloca, w);
            g.Emit(OpCodes.Ldloca, v);
            g.Emit(OpCodes.Ldobj, typeof(Value));
            g.Emit(OpCodes.Stobj, typeof(Value));
            g.Emit(OpCodes.Ldloca, w);
            g.Emit(OpCodes.Ldloca, w);
            g.Emit(OpCodes.Ldc_I4_7);
            g.Emit(OpCodes.Call, typeof(Value).GetMethod("Add")!);
            g.Emit(OpCodes.Stfld, typeof(Value).GetField("A")!);
            g.Emit(OpCodes.Ldloca, w);
            g.Emit(OpCodes.Constrained, typeof(Value));
            g.Emit(OpCodes.Callvirt, typeof(object).GetMethod("ToString")!);
            g.Emit(OpCodes.Sizeof, typeof(Value));
            g.Emit(OpCodes.Box, typeof(int));
            g.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(object), typeof(object)])!);
            g.Emit(OpCodes.Ret);
        });
        Run("fields", typeof(int), [typeof(Parent)], [new Parent()], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldflda, typeof(Parent).GetField("F")!); g.Emit(OpCodes.Ldind_I4); g.Emit(OpCodes.Ldsflda, typeof(Parent).GetField("S")!); g.Emit(OpCodes.Ldind_I4); g.Emit(OpCodes.Add); g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Volatile); g.Emit(OpCodes.Ldfld, typeof(Parent).GetField("Vol")!); g.Emit(OpCodes.Add); g.Emit(OpCodes.Ret); });
        Run("null field", typeof(int), [typeof(Parent)], [null], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldfld, typeof(Parent).GetField("F")!); g.Emit(OpCodes.Ret); });
        Run("typed reference", typeof(int), [typeof(int)], [6], g => { g.Emit(OpCodes.Ldarga_S, (byte)0); g.Emit(OpCodes.Mkrefany, typeof(int)); g.Emit(OpCodes.Refanyval, typeof(int)); g.Emit(OpCodes.Ldind_I4); g.Emit(OpCodes.Ret); });
    }

    private static void Calls()
    {
        MethodInfo say = typeof(Parent).GetMethod("Say")!;
        foreach (OpCode op in new[] { OpCodes.Call, OpCodes.Callvirt })
            Run(op.Name!, typeof(string), [typeof(Parent)], [new Child()], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldc_I4_1); g.Emit(op, say); g.Emit(OpCodes.Ret); });
        Run("tail call", typeof(string), [typeof(Parent)], [new Child()], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldc_I4_2); g.Emit(OpCodes.Tailcall); g.Emit(OpCodes.Callvirt, say); g.Emit(OpCodes.Ret); });
        Run("ldftn", typeof(string), [typeof(Parent)], [new Child()], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldftn, say); g.Emit(OpCodes.Newobj, typeof(Func<int, string>).GetConstructors()[0]); g.Emit(OpCodes.Ldc_I4_3); g.Emit(OpCodes.Callvirt, typeof(Func<int, string>).GetMethod("Invoke")!); g.Emit(OpCodes.Ret); });
        Run("ldvirtftn", typeof(string), [typeof(Parent)], [new Child()], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Dup); g.Emit(OpCodes.Ldvirtftn, say); g.Emit(OpCodes.Newobj, typeof(Func<int, string>).GetConstructors()[0]); g.Emit(OpCodes.Ldc_I4_4); g.Emit(OpCodes.Callvirt, typeof(Func<int, string>).GetMethod("Invoke")!); g.Emit(OpCodes.Ret); });
        Run("calli with this", typeof(string), [typeof(Parent)], [new Parent()], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Ldc_I4_5); g.Emit(OpCodes.Ldftn, say); g.EmitCalli(OpCodes.Calli, CallingConventions.HasThis, typeof(string), [typeof(int)], null); g.Emit(OpCodes.Ret); });
        Run("calli unmanaged", typeof(bool), [], [], g => { g.Emit(OpCodes.Ldc_I8, (long)NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "getpid")); g.Emit(OpCodes.Conv_I); g.EmitCalli(OpCodes.Calli, CallingConvention.Cdecl, typeof(int), []); g.Emit(OpCodes.Call, typeof(Environment).GetProperty("ProcessId")!.GetMethod!); g.Emit(OpCodes.Ceq); g.Emit(OpCodes.Ret); });
        Run("cast", typeof(string), [typeof(object)], [5], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Castclass, typeof(string)); g.Emit(OpCodes.Ret); });
        Run("unbox", typeof(int), [typeof(object)], [5], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Unbox, typeof(int)); g.Emit(OpCodes.Ldind_I4); g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Unbox_Any, typeof(int)); g.Emit(OpCodes.Add); g.Emit(OpCodes.Ret); });
        Run("unbox null", typeof(int), [typeof(object)], [null], g => { g.Emit(OpCodes.Ldarg_0); g.Emit(OpCodes.Unbox_Any, typeof(int)); g.Emit(OpCodes.Ret); });
        Run("interface", typeof(int), [], [], g => { g.Emit(OpCodes.Ldstr, "b"); g.Emit(OpCodes.Ldstr, "a"); g.Emit(OpCodes.Callvirt, typeof(IComparable<string>).GetMethod("CompareTo")!); g.Emit(OpCodes.Ret); });
        Run("multi-dimensional", typeof(int), [], [], g => { g.Emit(OpCodes.Ldc_I4_2); g.Emit(OpCodes.Ldc_I4_3); g.Emit(OpCodes.Newobj, typeof(int[,]).GetConstructor([typeof(int), typeof(int)])!); g.Emit(OpCodes.Dup); g.Emit(OpCodes.Ldc_I4_1); g.Emit(OpCodes.Ldc_I4_2); g.Emit(OpCodes.Ldc_I4, 66); g.Emit(OpCodes.Call, typeof(int[,]).GetMethod("Set")!); g.Emit(OpCodes.Ldc_I4_1); g.Emit(OpCodes.Ldc_I4_2); g.Emit(OpCodes.Call, typeof(int[,]).GetMethod("Get")!); g.Emit(OpCodes.Ret); });
        Run("jmp", typeof(int), [typeof(int)], [21], g => { g.Emit(OpCodes.Jmp, typeof(Program).GetMethod("Twice")!); });
        Run("throw null", typeof(void), [], [], g => { g.Emit(OpCodes.Ldnull); g.Emit(OpCodes.Throw); });
        Run("write line", typeof(void), [], [], g => { LocalBuilder l = g.DeclareLocal(typeof(int)); g.Emit(OpCodes.Ldc_I4_8); g.Emit(OpCodes.Stloc, l); g.EmitWriteLine(l); g.EmitWriteLine("text"); g.EmitWriteLine(typeof(Parent).GetField("S")!); g.Emit(OpCodes.Ret); });
        Run("scopes", typeof(int), [], [], g => { g.BeginScope(); LocalBuilder l = g.DeclareLocal(typeof(int)); g.Emit(OpCodes.Ldc_I4_4); g.Emit(OpCodes.Stloc, l); g.EndScope(); g.UsingNamespace("System"); g.Emit(OpCodes.Nop); g.Emit(OpCodes.Break); g.Emit(OpCodes.Ldloc, l); g.Emit(OpCodes.Ret); });
        Run("many locals", typeof(int), [], [], g => { LocalBuilder[] l = Enumerable.Range(0, 300).Select(_ => g.DeclareLocal(typeof(int))).ToArray(); for (int i = 0; i < 300; i++) { g.Emit(OpCodes.Ldc_I4, i); g.Emit(OpCodes.Stloc, l[i]); } g.Emit(OpCodes.Ldloc, l[299]); g.Emit(OpCodes.Ldloc, l[255]); g.Emit(OpCodes.Add); g.Emit(OpCodes.Ret); });
        Run("nested handlers", typeof(string), [], [], g =>
        {
            LocalBuilder s = g.DeclareLocal(typeof(string));
            MethodInfo concat = typeof(string).GetMethod("Concat", [typeof(string), typeof(string)])!;
            void Note(string text) { g.Emit(OpCodes.Ldloc, s); g.Emit(OpCodes.Ldstr, text); g.Emit(OpCodes.Call, concat); g.Emit(OpCodes.Stloc, s); }
            Label outside = g.DefineLabel();
            g.BeginExceptionBlock();
            g.BeginExceptionBlock();
            g.BeginExceptionBlock();
            g.ThrowException(typeof(FormatException));
            g.BeginFinallyBlock();
            Note("finally ");
            g.EndExceptionBlock();
            g.BeginCatchBlock(typeof(FormatException));
            g.Emit(OpCodes.Pop);
            Note("catch ");
            g.Emit(OpCodes.Leave, outside);
            g.EndExceptionBlock();
            Note("never ");
            g.BeginFinallyBlock();
            Note("outer ");
            g.EndExceptionBlock();
            g.MarkLabel(outside);
            g.Emit(OpCodes.Ldloc, s);
            g.Emit(OpCodes.Ret);
        });
    }

    public static int Twice(int x) => x * 2;

    private static void Main()
    {
        Numbers();
        Memory();
        Calls();
        // one assembly with much in it
        ModuleBuilder big = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Big"), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("m");
        TypeBuilder many = big.DefineType("Many", TypeAttributes.Public);
        for (int i = 0; i < 3000; i++)
        {
            ILGenerator g = many.DefineMethod("M" + i, MethodAttributes.Public | MethodAttributes.Static, typeof(string), []).GetILGenerator();
            g.Emit(OpCodes.Ldstr, "result of method number " + i);
            g.Emit(OpCodes.Ret);
        }
        Type made = many.CreateType();
        Console.WriteLine(made.GetMethod("M2999")!.Invoke(null, []) + " " + made.GetMethods(BindingFlags.Static | BindingFlags.Public).Length);
        for (int i = 0; i < 400; i++) big.DefineType("N" + i % 7 + ".Type" + i, TypeAttributes.Public, i % 2 == 0 ? typeof(object) : typeof(ValueType)).CreateType();
        Console.WriteLine(made.Assembly.GetTypes().Length + " " + made.Assembly.GetType("N3.Type388"));
    }
}
