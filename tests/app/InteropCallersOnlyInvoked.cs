// Reflection calls an UnmanagedCallersOnly method: the process ends, says so and shows who called.
// expect-exit: 134
// maps: no
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static class Program
{
    [UnmanagedCallersOnly] public static int Plus(int x) => x + 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Main() => Console.WriteLine(typeof(Program).GetMethod("Plus")!.Invoke(null, BindingFlags.Default, null, [1], null));
}
