// stress: loose
// env: DOTNET_GCHeapHardLimit=4000000
// expect-exit: 134
// Nobody catches it: the message, the trace, and the usual end.
using System.Runtime.CompilerServices;

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] Large(int size) => new byte[size];

    private static void Main()
    {
        Console.WriteLine(Large(10_000_000).Length);
        Console.WriteLine(Large(500_000_000).Length);
    }
}
