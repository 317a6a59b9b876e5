// A type of another assembly may derive from, implement and override only what it may see; being named as a friend counts with the right key only.
using System;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Friend")]
[assembly: InternalsVisibleTo("Keyed, PublicKey=002400000480000094000000060200000024000052534131000400000100010077f5e87030dadccce6902c6adab7a987bd69cb5819991531f560785eacfc89b6fcddf6bb2a00743a7194e454c0273447fc6eec36474ba8e5a3823147d214298e4f9a631b1afee1a51ffeae4672d498f14b000e3d321453cdd8ac064de7e1cf4d222b7e81f54d4fd46725370d702a05b48738cc29d09228f1aa722ae1a9ca02fb")]

internal interface IHidden { }
internal class Hidden { }
public interface IOpen<T> { }
public class Open<T> { }
public class Base
{
    internal virtual string Internal() => "Base";
    private protected virtual string PrivateProtected() => "Base";
    protected internal virtual string ProtectedInternal() => "Base";
    protected virtual string Protected() => "Base";
    protected class NestedProtected { }
    private interface INestedPrivate { }
    public static Type Private => typeof(INestedPrivate);
    public static Type Protected2 => typeof(NestedProtected);
}
public class Holder { internal class Inner { } public class Shown { } }

static class InaccessibleParents
{
    static ModuleBuilder Module(string name) => AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.Run).DefineDynamicModule(name);

    static void Try(string what, ModuleBuilder m, Type parent, Type[] interfaces, string method = null, MethodAttributes access = 0, bool newSlot = false)
    {
        try
        {
            TypeBuilder t = m.DefineType("T_" + what, TypeAttributes.Public, parent, interfaces);
            if (method != null)
            {
                MethodBuilder b = t.DefineMethod(method, MethodAttributes.Virtual | MethodAttributes.HideBySig | access | (newSlot ? MethodAttributes.NewSlot : 0), typeof(string), Type.EmptyTypes);
                ILGenerator il = b.GetILGenerator();
                il.Emit(OpCodes.Ldstr, "T");
                il.Emit(OpCodes.Ret);
            }
            Type made = t.CreateType();
            object o = Activator.CreateInstance(made);
            string said = method == null ? "" : (string)typeof(Base).GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic).Invoke(o, null);
            Console.WriteLine($"{m.Assembly.GetName().Name} {what}: created {said}");
        }
        catch (Exception e) { Console.WriteLine($"{m.Assembly.GetName().Name} {what}: {e.GetType().Name}: {e.Message}"); }
    }

    static void Main()
    {
        foreach (string name in new[] { "Stranger", "Friend", "Keyed" })
        {
            ModuleBuilder m = Module(name);
            Try("interface", m, typeof(object), [typeof(IHidden)]);
            Try("base", m, typeof(Hidden), []);
            Try("argument of interface", m, typeof(object), [typeof(IOpen<Hidden>)]);
            Try("argument of base", m, typeof(Open<Hidden>), []);
            Try("nested base", m, typeof(Holder.Inner), []);
            Try("shown base", m, typeof(Holder.Shown), []);
            Try("protected base", m, Base.Protected2, []);
            Try("private interface", m, typeof(object), [Base.Private]);
            Try("internal", m, typeof(Base), [], "Internal", MethodAttributes.Assembly);
            Try("internal, new slot", m, typeof(Base), [], "Internal", MethodAttributes.Assembly, true);
            Try("internal as public", m, typeof(Base), [], "Internal", MethodAttributes.Public);
            Try("private protected", m, typeof(Base), [], "PrivateProtected", MethodAttributes.FamANDAssem);
            Try("protected internal", m, typeof(Base), [], "ProtectedInternal", MethodAttributes.FamORAssem);
            Try("protected internal as protected", m, typeof(Base), [], "ProtectedInternal", MethodAttributes.Family);
            Try("protected", m, typeof(Base), [], "Protected", MethodAttributes.Family);
            Try("protected as private", m, typeof(Base), [], "Protected", MethodAttributes.Private);
        }
    }
}
