// An exception that leaves a callback of native code is not handled by the managed caller beyond: the process ends.
// native: lib/Interop.c
// expect-exit: 134
// stderr: 2
// maps: no
using System.Runtime.InteropServices;

internal delegate int Int(int x);
internal static class Program
{
    [DllImport("interop")] private static extern int call_int(Int f, int x);

    private static void Main()
    {
        Console.WriteLine(call_int(x => { try { throw new FormatException("inside"); } catch (FormatException) { return x; } }, 3));
        try { Console.WriteLine(call_int(x => throw new FormatException("from the callback"), 4)); }
        catch (FormatException e) { Console.WriteLine("caught " + e.Message); }
        finally { Console.WriteLine("finally"); }
    }
}
