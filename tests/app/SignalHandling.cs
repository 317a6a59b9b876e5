// Signals: registrations by PosixSignalRegistration and Console.CancelKeyPress, cancelling and not, order; what an unhandled SIGTERM does.
// stress: no
// also: common/Children.cs
using System.Diagnostics;
using System.Runtime.InteropServices;

internal static unsafe partial class Program
{
    [DllImport("libc")] private static extern int kill(int pid, int sig);
    private static void Send(int sig) => kill(Environment.ProcessId, sig);

    private static int Main(string[] args)
    {
        if (args.Length > 0 && args[0] == "all") { Children.Run(args.Skip(1)); return 0; }
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("exit " + Environment.ExitCode);
        using var got = new AutoResetEvent(false);
        if (args.Length == 0 || args[0] == "handled")
        {
            foreach (PosixSignal s in new[] { PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM, PosixSignal.SIGCHLD, PosixSignal.SIGCONT, PosixSignal.SIGWINCH })
            {
                using PosixSignalRegistration r = PosixSignalRegistration.Create(s, c => { Console.WriteLine($"{c.Signal} {c.Cancel} {Thread.CurrentThread.IsThreadPoolThread}"); c.Cancel = true; got.Set(); });
                Send(s switch { PosixSignal.SIGHUP => 1, PosixSignal.SIGINT => 2, PosixSignal.SIGQUIT => 3, PosixSignal.SIGTERM => 15, PosixSignal.SIGCHLD => 17, PosixSignal.SIGCONT => 18, _ => 28 });
                Console.WriteLine(got.WaitOne(5000));
            }
            using (PosixSignalRegistration.Create((PosixSignal)10, c => { Console.WriteLine($"raw {(int)c.Signal}"); c.Cancel = true; got.Set(); })) { Send(10); Console.WriteLine(got.WaitOne(5000)); }
            try { PosixSignalRegistration.Create((PosixSignal)9, _ => { }); } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
            try { PosixSignalRegistration.Create((PosixSignal)4000, _ => { }); } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
            try { PosixSignalRegistration.Create(PosixSignal.SIGTERM, null!); } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
            int order = 0;
            using var a = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => { Interlocked.Add(ref order, 1); c.Cancel = true; });
            using var b = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => { Interlocked.Add(ref order, 10); got.Set(); });
            Send(15);
            Console.WriteLine(got.WaitOne(5000));
            SpinWait.SpinUntil(() => Volatile.Read(ref order) == 11, 5000);
            Console.WriteLine(order);
            Console.CancelKeyPress += (_, e) => { Console.WriteLine($"key {e.SpecialKey} {e.Cancel}"); e.Cancel = true; got.Set(); };
            Send(2);
            Console.WriteLine(got.WaitOne(5000));
            Send(3);
            Console.WriteLine(got.WaitOne(5000));
            return 0;
        }
        switch (args[0])
        {
        case "term": Send(15); break;
        case "term-code": Environment.ExitCode = 33; Send(15); break;
        case "term-handler": { var r = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Console.WriteLine("not cancelled")); Send(15); Thread.Sleep(Timeout.Infinite); GC.KeepAlive(r); break; }
        case "int": Send(2); break;
        case "int-handler": Console.CancelKeyPress += (_, e) => Console.WriteLine("key " + e.SpecialKey); Send(2); break;
        case "quit": Send(3); break;
        case "hup": Send(1); break;
        case "usr": Send(12); break;
        case "pipe": Send(13); Console.WriteLine("ignored"); return 3;
        case "segv": *(int*)0x7000000000 = 1; break;
        case "segv-native": Marshal.WriteByte((nint)0x7000000000, 1); break;
        case "kill": Send(9); break;
        }
        Thread.Sleep(5000);
        return 2;
    }
}
