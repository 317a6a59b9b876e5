// expect-exit: 7
// Environment.Exit from another thread, inside try: no finally, but ProcessExit handlers; the handler may change the code.
internal static class Program
{
    private static int Main()
    {
        AppDomain.CurrentDomain.ProcessExit += (s, e) =>
        {
            Console.WriteLine("exit handler " + Environment.ExitCode + " " + Environment.HasShutdownStarted);
            Environment.ExitCode = 7;
        };
        var t = new Thread(() => { try { Environment.Exit(5); } finally { Console.WriteLine("not reached"); } });
        t.Start(); t.Join(); return 1;
    }
}
