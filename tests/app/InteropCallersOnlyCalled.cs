// Managed code calls the address of an UnmanagedCallersOnly method as if it were a managed one: the process ends and says so.
// expect-exit: 134
// maps: no
using System.Runtime.InteropServices;

internal static unsafe class Program
{
    [UnmanagedCallersOnly] private static int Plus(int x) => x + 1;

    private static void Main()
    {
        var native = (delegate* unmanaged<int, int>)&Plus;
        Console.WriteLine(native(4));
        Console.WriteLine(((delegate*<int, int>)(void*)native)(4));
    }
}
