// expect-exit: 134
// An exception that leaves a thread's start method ends the process.
using System.Runtime.CompilerServices;

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Work(object? o) => throw new FormatException("in thread " + o);

    private static void Main()
    {
        Console.WriteLine("start");
        var t = new Thread(Work) { Name = "worker" };
        t.Start(5);
        t.Join();
        Console.WriteLine("not reached");
    }
}
