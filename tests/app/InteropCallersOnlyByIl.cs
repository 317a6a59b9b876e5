// IL that calls an UnmanagedCallersOnly method directly: the process ends when it gets there.
// expect-exit: 134
// maps: no
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static class Program
{
    [UnmanagedCallersOnly, MethodImpl(MethodImplOptions.NoInlining)]
    public static int Plus(int x) => x + 1;

    private static void Main()
    {
        var made = new DynamicMethod("made", typeof(int), [typeof(int)], typeof(Program).Module, true);
        ILGenerator il = made.GetILGenerator();
        Label over = il.DefineLabel();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Brfalse, over);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(Program).GetMethod("Plus")!);
        il.Emit(OpCodes.Ret);
        il.MarkLabel(over);
        il.Emit(OpCodes.Ldc_I4_7);
        il.Emit(OpCodes.Ret);
        var f = made.CreateDelegate<Func<int, int>>();
        Console.WriteLine(f(0));
        Console.WriteLine(f(1));
    }
}
