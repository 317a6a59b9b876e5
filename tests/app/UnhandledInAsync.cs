// expect-exit: 134
// An exception out of an asynchronous Main, through an AggregateException and a type initialiser.
using System.Runtime.CompilerServices;

internal static class Bad
{
    public static readonly int V = Fail();
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Fail() => throw new FormatException("init");
    static Bad() { }
}

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)] private static async Task<int> Inner() { await Task.CompletedTask; return Bad.V; }

    private static async Task Main()
    {
        Console.WriteLine("start");
        try { await Inner(); } catch (TypeInitializationException e) { throw new AggregateException("several", e, new Exception("other")); }
    }
}
