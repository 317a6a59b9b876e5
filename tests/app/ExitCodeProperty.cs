// expect-exit: 200
// A void Main: Environment.ExitCode counts; background threads do not keep the process, foreground ones do.
internal static class Program
{
    private static void Main()
    {
        var gone = new ManualResetEventSlim();
        new Thread(() => { Thread.Sleep(Timeout.Infinite); }) { IsBackground = true }.Start();
        new Thread(() => { gone.Wait(); Thread.Sleep(30); Console.WriteLine("foreground done"); Environment.ExitCode = 200; }).Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("exit");
        Environment.ExitCode = 9;
        Console.WriteLine("main done");
        gone.Set();
    }
}
