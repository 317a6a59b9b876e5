// ControlledExecution: a loop, a wait, a lock, a nested call and foreign code are left when the token is cancelled; handlers run, the abort goes on after each.
using System.Runtime;
#pragma warning disable SYSLIB0046

internal static class Program
{
    private static int s_count;

    private static void Run(string what, Action<Action> body, bool before = false)
    {
        using var cts = new CancellationTokenSource();
        using var ready = new ManualResetEventSlim();
        var log = new List<string>();
        var t = new Thread(() =>
        {
            try { ControlledExecution.Run(() => { try { body(() => ready.Set()); } finally { log.Add($"finally {Thread.CurrentThread.ThreadState}"); } }, cts.Token); log.Add("ran"); }
            catch (OperationCanceledException e) { log.Add($"cancelled {e.CancellationToken == cts.Token} {e.InnerException?.GetType().Name}"); }
            catch (Exception e) { log.Add(e.GetType().Name + " " + e.Message); }
            try { Thread.Sleep(1); log.Add($"goes on {Thread.CurrentThread.ThreadState}"); } catch (Exception e) { log.Add(e.GetType().Name); }
        });
        if (before) cts.Cancel();
        t.Start();
        if (!before)
        {
            ready.Wait();
            if (what == "nothing") t.Join();
            Thread.Sleep(2);
            cts.Cancel();
        }
        Console.WriteLine($"{what}: {(t.Join(20000) ? string.Join(", ", log) : "stuck")}");
    }

    private static void Main()
    {
        Run("nothing", ready => ready());
        Run("cancelled before", ready => { ready(); Thread.Sleep(100); }, before: true);
        Run("loop", ready => { ready(); while (true) s_count++; });
        Run("calls", ready => { ready(); while (true) Count(s_count); });
        Run("sleep", ready => { ready(); Thread.Sleep(60); Count(1); });
        Run("event", ready => { ready(); new ManualResetEvent(false).WaitOne(60); Count(1); });
        Run("monitor", ready => { object o = new(); ready(); lock (o) Monitor.Wait(o, 60); Count(1); });
        Run("task", ready => { ready(); new TaskCompletionSource().Task.Wait(60); Count(1); });
        Run("catch all", ready =>
        {
            ready();
            try { while (true) Count(s_count); }
            catch (Exception e) { Console.WriteLine("  caught " + e.GetType().Name + " " + e.Message); }
            Console.WriteLine("  not reached");
        });
        Run("catch, new exception", ready =>
        {
            ready();
            try { while (true) Count(s_count); }
            catch (Exception) { throw new FormatException("instead"); }
        });
        Run("finally", ready =>
        {
            try { ready(); while (true) s_count++; }
            finally { int n = 0; for (int i = 0; i < 1000; i++) n += i; Console.WriteLine("  inner finally " + n); }
        });
        Run("exception of its own", ready => { ready(); throw new InvalidOperationException("own"); });
        try { ControlledExecution.Run(null!, default); }
        catch (Exception e) { Console.WriteLine(e.GetType().Name + " " + e.Message); }
    }

    private static void Count(int n) { s_count = n + 1; if (n < 0) Main(); }
}
