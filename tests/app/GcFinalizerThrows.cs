// expect-exit: 134
// stderr: 1
// A finaliser's exception ends the program.
using System;
using System.Runtime.CompilerServices;

class Throws
{
    ~Throws() => throw new InvalidOperationException("in a finaliser");
}

static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Make() => new Throws();

    static void Main()
    {
        Console.WriteLine("before");
        Console.Out.Flush();
        Make();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        System.Threading.Thread.Sleep(5000);
        Console.WriteLine("not reached");
    }
}
