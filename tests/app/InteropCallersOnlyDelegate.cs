// A delegate made by reflection over an UnmanagedCallersOnly method knows its method; a call of it ends the process, which says so.
// expect-exit: 134
// maps: no
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;

internal static class Program
{
    [UnmanagedCallersOnly] public static int Plus(int x) => x + 1;

    private static void Main()
    {
        MethodInfo plus = typeof(Program).GetMethod("Plus")!;
        var d = plus.CreateDelegate<Func<int, int>>();
        Console.WriteLine($"{d.Method.Name} {d.Target == null} {d.Equals(plus.CreateDelegate<Func<int, int>>())}");
        var made = new DynamicMethod("made", typeof(Func<int, int>), [], typeof(Program).Module, true);
        ILGenerator il = made.GetILGenerator();
        il.Emit(OpCodes.Ldnull);
        il.Emit(OpCodes.Ldftn, plus);
        il.Emit(OpCodes.Newobj, typeof(Func<int, int>).GetConstructors()[0]);
        il.Emit(OpCodes.Ret);
        try { made.CreateDelegate<Func<Delegate>>()(); }
        catch (NotSupportedException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(d(1));
    }
}
