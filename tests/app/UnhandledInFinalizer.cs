// expect-exit: 134
// An exception that leaves a finalizer ends the process.
using System.Runtime.CompilerServices;

internal sealed class Bad { ~Bad() => throw new InvalidOperationException("from a finalizer"); }

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Make() { for (int i = 0; i < 10; i++) _ = new Bad(); }

    private static void Main()
    {
        Make();
        Console.WriteLine("made");
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine("not reached");
    }
}
