// expect-exit: 134
// stderr: 2
// Environment.FailFast: message on stderr, no finally blocks, exit code 134.
internal static class Program
{
    private static void Main()
    {
        try { Console.WriteLine("before"); Environment.FailFast("giving up: code 7"); } finally { Console.WriteLine("not reached"); }
    }
}
