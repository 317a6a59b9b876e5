// Named mutexes: names and prefixes, one mutex under one name, errors, sharing and abandonment across processes.
using System.Diagnostics;
#pragma warning disable CA1416

internal static class Program
{
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message.Replace(Environment.ProcessId.ToString(), "N")} {e.HResult:x}"); }
    }
    private static void On(ThreadStart a) { var t = new Thread(a); t.Start(); t.Join(); }

    private static Process Child(string name, string how)
    {
        var i = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        i.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        i.ArgumentList.Add(name);
        i.ArgumentList.Add(how);
        return Process.Start(i)!;
    }

    private static int ChildMain(string name, string how)
    {
        using var m = new Mutex(false, name, out bool made);
        try { Console.WriteLine($"{made} {m.WaitOne(how == "try" ? 0 : 5000)}"); }
        catch (AbandonedMutexException) { Console.WriteLine("abandoned"); }
        if (how == "leave") Environment.Exit(3);
        Console.In.ReadLine();
        if (how == "hold") m.ReleaseMutex();
        return 0;
    }

    private static int Main(string[] args)
    {
        if (args.Length == 2) return ChildMain(args[0], args[1]);
        string n = "stator-" + Environment.ProcessId;
        T("open missing", () => Mutex.OpenExisting(n));
        T("try open missing", () => Mutex.TryOpenExisting(n, out _));
        using (var a = new Mutex(false, n, out bool made))
        using (var b = new Mutex(true, n, out bool again))
        {
            T("made", () => $"{made} {again}");
            T("second owner", () => { bool r = true; On(() => r = a.WaitOne(0)); return r; });
            T("initially owned, existing", () => { b.ReleaseMutex(); return null; });
            T("open", () => { using Mutex c = Mutex.OpenExisting(n); return c.WaitOne(0); });
            T("recursion through another handle", () => { bool r = b.WaitOne(0); b.ReleaseMutex(); a.ReleaseMutex(); return r; });
            T("not owned", () => { a.ReleaseMutex(); return null; });
            T("Local", () => { using var c = new Mutex(false, @"Local\" + n, out bool m); return m; });
            T("Global", () => { using var c = new Mutex(false, @"Global\" + n, out bool m); return m; });
            T("any", () => WaitHandle.WaitAny([a, new ManualResetEvent(false)], 0));
            T("all", () => WaitHandle.WaitAll([a, new ManualResetEvent(true)], 0));
            T("signal and wait", () => WaitHandle.SignalAndWait(new ManualResetEvent(false), a));
            T("signal it", () => WaitHandle.SignalAndWait(a, new ManualResetEvent(true)));
            On(() => { a.WaitOne(); });
            T("abandoned", () => a.WaitOne(0));
            T("after", () => { a.ReleaseMutex(); return a.WaitOne(0); });
            a.ReleaseMutex();
        }
        T("gone", () => Mutex.TryOpenExisting(n, out _));
        T("empty name", () => { using var c = new Mutex(false, "", out bool m); return m; });
        T("slash", () => new Mutex(false, "a/b" + n));
        T("prefix only", () => new Mutex(false, @"Global\"));
        T("other prefix", () => new Mutex(false, @"Other\" + n));
        T("two backslashes", () => new Mutex(false, @"Global\a\" + n));
        T("long", () => new Mutex(false, new string('x', 300)));
        T("open slash", () => Mutex.OpenExisting("a/b"));
        T("open empty", () => Mutex.OpenExisting(""));
        T("open null", () => Mutex.OpenExisting(null!));
        T("case", () => { using var a = new Mutex(false, n + "a"); using var b = new Mutex(false, n + "A", out bool m); return m; });
        T("options", () => { using var a = new Mutex(true, n + "o", new NamedWaitHandleOptions { CurrentUserOnly = true, CurrentSessionOnly = true }, out bool m); return m; });
        T("options global", () => { using var a = new Mutex(true, n + "o", new NamedWaitHandleOptions { CurrentUserOnly = false, CurrentSessionOnly = false }, out bool m); return m; });
        T("options and prefix", () => new Mutex(true, @"Global\" + n, new NamedWaitHandleOptions(), out _));

        using var shared = new Mutex(false, n + "p");
        using (Process p = Child(n + "p", "hold"))
        {
            T("child holds", () => p.StandardOutput.ReadLine());
            T("taken", () => shared.WaitOne(10));
            p.StandardInput.WriteLine();
            T("released", () => shared.WaitOne(5000));
            p.WaitForExit();
        }
        using (Process p = Child(n + "p", "try"))
        {
            T("child refused", () => p.StandardOutput.ReadLine());
            p.StandardInput.WriteLine();
            p.WaitForExit();
        }
        shared.ReleaseMutex();
        using (Process p = Child(n + "p", "leave"))
        {
            T("child takes it with it", () => p.StandardOutput.ReadLine());
            p.WaitForExit();
            T("code", () => p.ExitCode);
        }
        T("abandoned by a process", () => shared.WaitOne(0));
        T("then ours", () => { shared.ReleaseMutex(); bool r = shared.WaitOne(0); shared.ReleaseMutex(); return r; });
        using (Process p = Child(n + "p", "kill"))
        {
            T("child holds", () => p.StandardOutput.ReadLine());
            p.Kill();
            p.WaitForExit();
        }
        T("abandoned by a killed process", () => shared.WaitOne(1000));
        return 0;
    }
}
