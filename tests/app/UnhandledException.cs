// expect-exit: 134
// An unhandled exception: finally blocks above do not run, the text goes to stderr, the exit code is 134.
using System.Runtime.CompilerServices;

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Inner(string s) { try { throw new InvalidOperationException(s); } finally { Console.WriteLine("finally"); } }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Outer()
    {
        try { Inner("first"); } catch (InvalidOperationException e) { throw new ApplicationException("second line 1\nline 2", e); }
    }

    private static void Main()
    {
        AppDomain.CurrentDomain.UnhandledException += (s,
            e) => Console.WriteLine("handler: " + ((Exception)e.ExceptionObject).GetType().Name + " " + e.IsTerminating);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("not reached");
        Console.WriteLine("start");
        Outer();
        Console.WriteLine("not reached");
    }
}
