// maps: no
// expect-exit: 3
// Standard error beside standard output, and an exit code.
internal static class Program
{
    private static int Main()
    {
        Console.WriteLine("out 1");
        Console.Error.WriteLine("err 1");
        Console.Out.Write("out 2");
        Console.Out.WriteLine();
        Console.Error.WriteLine(123);
        return 3;
    }
}
