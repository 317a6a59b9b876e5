// Members of Thread: what each state allows, priorities, names, apartments and the other refusals, data slots, principal, culture by thread.
using System.Globalization;
using System.Security.Principal;
#pragma warning disable SYSLIB0006, SYSLIB0003, CS0618, CA1416

internal static class Program
{
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }
    private static void T(string what, Action f) => T(what, () => { f(); return "done"; });

    private static void Main()
    {
        var unstarted = new Thread(() => { });
        var dead = new Thread(() => { }) { Name = "dead" };
        dead.Start();
        dead.Join();
        using var go = new ManualResetEvent(false);
        var live = new Thread(() => go.WaitOne()) { Name = "live", Priority = ThreadPriority.AboveNormal };
        live.Start();
        while ((live.ThreadState & ThreadState.WaitSleepJoin) == 0) Thread.Sleep(1);
        foreach ((string n, Thread t) in new[] { ("unstarted", unstarted), ("live", live), ("dead", dead) })
        {
            T(n + " state", () => t.ThreadState);
            T(n + " alive", () => t.IsAlive);
            T(n + " name", () => t.Name);
            T(n + " rename", () => { t.Name = "x" + n; return t.Name; });
            T(n + " no name", () => { t.Name = null; return t.Name; });
            T(n + " background", () => t.IsBackground);
            T(n + " set background", () => { t.IsBackground = true; return t.ThreadState; });
            T(n + " set foreground", () => { t.IsBackground = false; return t.ThreadState; });
            T(n + " pool", () => t.IsThreadPoolThread);
            T(n + " priority", () => t.Priority);
            foreach (ThreadPriority p in Enum.GetValues<ThreadPriority>()) T(n + " " + p, () => { t.Priority = p; return t.Priority; });
            T(n + " bad priority", () => t.Priority = (ThreadPriority)5);
            T(n + " low priority", () => t.Priority = (ThreadPriority)(-1));
            T(n + " apartment", () => t.GetApartmentState());
            T(n + " ApartmentState", () => t.ApartmentState);
            T(n + " try STA", () => t.TrySetApartmentState(ApartmentState.STA));
            T(n + " try MTA", () => t.TrySetApartmentState(ApartmentState.MTA));
            T(n + " try unknown", () => t.TrySetApartmentState(ApartmentState.Unknown));
            T(n + " try 7", () => t.TrySetApartmentState((ApartmentState)7));
            T(n + " STA", () => t.SetApartmentState(ApartmentState.STA));
            T(n + " MTA", () => t.SetApartmentState(ApartmentState.MTA));
            T(n + " unknown", () => t.SetApartmentState(ApartmentState.Unknown));
            T(n + " set ApartmentState", () => t.ApartmentState = ApartmentState.STA);
            T(n + " abort", () => t.Abort());
            T(n + " abort with", () => t.Abort("why"));
            T(n + " suspend", () => t.Suspend());
            T(n + " resume", () => t.Resume());
            T(n + " join 0", () => t.Join(0));
            T(n + " join -2", () => t.Join(-2));
            T(n + " join span", () => t.Join(TimeSpan.FromDays(100)) ? "ended" : "not");
            if (t == live) go.Set();
            T(n + " culture", () => t.CurrentCulture.Name == CultureInfo.CurrentCulture.Name);
            T(n + " set culture", () => t.CurrentCulture = CultureInfo.InvariantCulture);
            T(n + " set UI culture", () => t.CurrentUICulture = CultureInfo.InvariantCulture);
            T(n + " null culture", () => t.CurrentCulture = null!);
            T(n + " context", () => t.ExecutionContext == null);
            T(n + " compressed stack", () => t.GetCompressedStack());
            T(n + " set compressed stack", () => t.SetCompressedStack(null!));
            T(n + " eager", () => t.DisableComObjectEagerCleanup());
            T(n + " hash", () => t.GetHashCode() == t.ManagedThreadId);
            if (t != unstarted) T(n + " start", t.Start);
            if (t != unstarted) T(n + " start with", () => t.Start(1));
            if (t != unstarted) T(n + " unsafe start", t.UnsafeStart);
        }
        T("parameter for none", () => unstarted.Start("x"));
        T("then start", () => { unstarted.Start(); unstarted.Join(); return unstarted.ThreadState; });
        T("null start", () => new Thread((ParameterizedThreadStart)null!));
        T("negative stack", () => new Thread(() => { }, -1));
        T("small stack", () => { int r = 0; var t = new Thread(() => r = 4, 65536); t.Start(); t.Join(); return r; });
        T("unsafe start with", () => { object? r = null; var t = new Thread(o => r = o); t.UnsafeStart("given"); t.Join(); return r; });
        T("reset abort", Thread.ResetAbort);
        T("domain", () => Thread.GetDomain() == AppDomain.CurrentDomain);
        T("domain id", () => Thread.GetDomainID());
        T("processor", () => Thread.GetCurrentProcessorId() >= 0);
        T("regions", () =>
        {
            Thread.BeginCriticalRegion(); Thread.EndCriticalRegion(); Thread.BeginThreadAffinity(); Thread.EndThreadAffinity();
            return null;
        });
        T("main", () => $"{Thread.CurrentThread.ManagedThreadId} {Thread.CurrentThread.IsBackground} {Thread.CurrentThread.Name ?? "none"}");
        T("main STA", () => Thread.CurrentThread.TrySetApartmentState(ApartmentState.STA));
        T("join self", () => Thread.CurrentThread.Join(1));
        T("sleep span", () => Thread.Sleep(TimeSpan.FromMilliseconds(int.MaxValue + 1.0)));
        T("sleep below", () => Thread.Sleep(-2));
        T("spin", () => Thread.SpinWait(-5));

        LocalDataStoreSlot slot = Thread.AllocateDataSlot(), named = Thread.AllocateNamedDataSlot("n");
        T("slot", () => { Thread.SetData(slot, 5); return Thread.GetData(slot); });
        T("named slot", () => { Thread.SetData(named, "v"); return Thread.GetData(Thread.GetNamedDataSlot("n")); });
        T("twice", () => Thread.AllocateNamedDataSlot("n"));
        T("new by get", () => Thread.GetData(Thread.GetNamedDataSlot("m")));
        T("freed", () => { Thread.FreeNamedDataSlot("n"); return Thread.GetData(Thread.GetNamedDataSlot("n")); });
        T("other thread", () => { object? r = 1; var t = new Thread(() => r = Thread.GetData(slot)); t.Start(); t.Join(); return r; });

        T("principal", () => Thread.CurrentPrincipal);
        T("policy", () => { AppDomain.CurrentDomain.SetPrincipalPolicy(PrincipalPolicy.NoPrincipal); return Thread.CurrentPrincipal; });
        T("set principal", () =>
        {
            Thread.CurrentPrincipal = new GenericPrincipal(new GenericIdentity("me"), ["r"]);
            string? seen = null;
            var t = new Thread(() => seen = Thread.CurrentPrincipal?.Identity?.Name);
            t.Start();
            t.Join();
            return $"{seen} {Task.Run(() => Thread.CurrentPrincipal?.Identity?.Name).Result}";
        });

        T("default culture", () =>
        {
            CultureInfo.DefaultThreadCurrentCulture = new CultureInfo("fr-FR");
            CultureInfo.DefaultThreadCurrentUICulture = new CultureInfo("it-IT");
            string s = "";
            var t = new Thread(() => s = CultureInfo.CurrentCulture.Name + CultureInfo.CurrentUICulture.Name);
            t.UnsafeStart();
            t.Join();
            return s;
        });
        T("flowing culture", () =>
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            CultureInfo.CurrentUICulture = new CultureInfo("ja-JP");
            string s = "";
            var t = new Thread(() => { s = CultureInfo.CurrentCulture.Name + CultureInfo.CurrentUICulture.Name; CultureInfo.CurrentCulture = new CultureInfo("pl-PL"); });
            t.Start();
            t.Join();
            var own = new Thread(() => s += CultureInfo.CurrentCulture.Name) { CurrentCulture = new CultureInfo("sv-SE") };
            own.Start();
            own.Join();
            s += Task.Run(() => CultureInfo.CurrentCulture.Name).Result + CultureInfo.CurrentCulture.Name;
            ThreadPool.UnsafeQueueUserWorkItem(_ => { s += CultureInfo.CurrentCulture.Name; go.Set(); }, null);
            go.Reset();
            go.WaitOne(50);
            return s;
        });
    }
}
