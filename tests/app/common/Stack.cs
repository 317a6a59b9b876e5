// For programs that count what lives: shared by the tests of handles and of weak tables.
using System.Runtime.CompilerServices;

// Collections after which words that dead frames left on the stack keep nothing.
internal static class Stack
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ClearStack()
    {
        Span<byte> s = stackalloc byte[8192];
        s.Clear();
    }

    public static void Collect(int generation = 2)
    {
        ClearStack();
        GC.Collect(generation);
        GC.WaitForPendingFinalizers();
        ClearStack();
    }
}
