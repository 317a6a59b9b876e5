// The ways a process ends, one by the argument; "all NAME..." runs this program for each and shows what it printed and returned, without the
// library's own frames: Environment.Exit from each place, FailFast, unhandled exceptions with and without handlers, exit codes.
// stress: no
// also: common/Children.cs
using System.Runtime.CompilerServices;

internal sealed class Dying(Action a) { ~Dying() => a(); }

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Throw(string s) => throw new FormatException(s);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Make(Action a) => _ = new Dying(a);
    private static void Finalize(Action a)
    {
        Make(a);
        Thread t = new(() => { for (int i = 0; i < 10; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); } });
        t.Start();
        t.Join();
    }
    private static int Nested(int n) { try { if (n == 0) Environment.Exit(21); return Nested(n - 1); } catch (Exception) { Console.WriteLine("not reached"); return 0; } finally { Console.WriteLine("no finally"); } }
    private static int Last() { Console.WriteLine("filter"); Environment.Exit(22); return 1; }

    private static int Main(string[] args)
    {
        if (args[0] == "all") { Children.Run(args.Skip(1)); return 0; }
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("exit " + Environment.ExitCode);
        Console.WriteLine(args[0]);
        switch (args[0])
        {
        case "main": return 259;
        case "negative": return -1;
        case "exit": Environment.Exit(3); break;
        case "large": Environment.Exit(0x12345); break;
        case "nested": Nested(5); break;
        case "thread": { var t = new Thread(() => Environment.Exit(4)); t.Start(); Thread.Sleep(Timeout.Infinite); break; }
        case "pool": ThreadPool.QueueUserWorkItem(_ => Environment.Exit(5)); Thread.Sleep(Timeout.Infinite); break;
        case "task": Task.Run(() => Environment.Exit(6)).Wait(); break;
        case "timer": { using var t = new Timer(_ => Environment.Exit(7), null, 1, -1); Thread.Sleep(Timeout.Infinite); break; }
        case "handler-throws": AppDomain.CurrentDomain.ProcessExit += (_, _) => Throw("in handler"); return 11;
        case "handler-code": AppDomain.CurrentDomain.ProcessExit += (_, _) => Environment.ExitCode = 12; return 13;
        case "background": { var t = new Thread(() => { try { Thread.Sleep(Timeout.Infinite); } finally { Console.WriteLine("no finally"); } }) { IsBackground = true }; t.Start(); return 16; }
        case "foreground": { var t = new Thread(() => { Thread.Sleep(150); Console.WriteLine("waited for"); Environment.ExitCode = 99; }); t.Start(); return 17; }
        case "filter": try { Throw("x"); } catch (FormatException) when (Last() == 1) { Console.WriteLine("not reached"); } break;
        case "unhandled": AppDomain.CurrentDomain.UnhandledException += (s, e) => Console.WriteLine($"handler {((Exception)e.ExceptionObject).Message} {e.IsTerminating} {s == AppDomain.CurrentDomain}"); Throw("main"); break;
        case "unhandled-exit": AppDomain.CurrentDomain.UnhandledException += (_, _) => { Console.WriteLine("handler"); Environment.Exit(23); }; Throw("main"); break;
        case "unhandled-throws": AppDomain.CurrentDomain.UnhandledException += (_, _) => { Console.WriteLine("handler"); Throw("from handler"); }; Throw("main"); break;
        case "unhandled-two": AppDomain.CurrentDomain.UnhandledException += (_, _) => Console.WriteLine("first"); AppDomain.CurrentDomain.UnhandledException += (_, _) => Console.WriteLine("second"); Throw("main"); break;
        case "unhandled-thread": AppDomain.CurrentDomain.UnhandledException += (_, e) => Console.WriteLine("handler " + ((Exception)e.ExceptionObject).Message); { var t = new Thread(() => { try { Throw("thread"); } finally { Console.WriteLine("a finally"); } }); t.Start(); t.Join(); } break;
        case "unhandled-pool": AppDomain.CurrentDomain.UnhandledException += (_, e) => Console.WriteLine("handler " + ((Exception)e.ExceptionObject).Message); ThreadPool.QueueUserWorkItem(_ => Throw("pool")); Thread.Sleep(Timeout.Infinite); break;
        case "unhandled-async": { async void F() { await Task.Yield(); Throw("async void"); } F(); Thread.Sleep(Timeout.Infinite); break; }
        case "unhandled-finaliser": AppDomain.CurrentDomain.UnhandledException += (_, e) => Console.WriteLine("handler"); Finalize(() => Throw("finaliser")); break;
        case "unhandled-cctor": _ = Failing.Value; break;
        case "unhandled-aggregate": Task.Run(() => Throw("inner")).Wait(); break;
        case "unhandled-set": System.Runtime.ExceptionServices.ExceptionHandling.SetUnhandledExceptionHandler(e => { Console.WriteLine("ignored " + e.Message); return true; }); { var t = new Thread(() => Throw("thread")); t.Start(); t.Join(); } return 24;
        case "fail-fast": Environment.FailFast("the message"); break;
        case "fail-fast-null": Environment.FailFast(null); break;
        case "fail-fast-exception": try { Throw("cause"); } catch (Exception e) { Environment.FailFast("the message", e); } break;
        case "fail-fast-thread": { var t = new Thread(() => Environment.FailFast("thread")); t.Start(); t.Join(); break; }
        case "assert": System.Diagnostics.Debug.Assert(true); System.Diagnostics.Trace.Assert(true); return 25;
        case "shutdown-started": AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine(Environment.HasShutdownStarted + " " + AppDomain.CurrentDomain.IsFinalizingForUnload()); Console.WriteLine(Environment.HasShutdownStarted); return 26;
        case "unloading": System.Runtime.Loader.AssemblyLoadContext.Default.Unloading += c => Console.WriteLine("unloading " + c.Name); return 27;
        case "finalisers-not-run": Make(() => Console.WriteLine("no finaliser")); return 28;
        case "console-out": Console.Out.Write("no newline"); Console.Error.Write("error text"); return 29;
        case "thread-in-exit": AppDomain.CurrentDomain.ProcessExit += (_, _) => { var t = new Thread(() => Console.WriteLine("thread at exit")); t.Start(); t.Join(); }; return 30;
        }
        return 1;
    }

    private static class Failing { public static readonly int Value = int.Parse("x"); }
}
