// stress: loose
// SetWaitNotificationRequired: which waits of a thread go through its SynchronizationContext, with what arguments, and what its exceptions do.
internal sealed class WaitContext : SynchronizationContext
{
    public readonly List<string> Waits = [];
    public Func<int>? Answer;
    public WaitContext() => SetWaitNotificationRequired();
    public override int Wait(IntPtr[] handles, bool all, int ms)
    {
        int r = Answer != null ? Answer() : WaitHelper(handles, all, ms);
        Waits.Add($"{handles.Length} {all} {(ms > 100 ? "long" : ms > 0 ? "short" : ms)} = {r}");
        return r;
    }
}

internal static class Program
{
    private static readonly object Gate = new();
    private static readonly WaitContext Context = new();

    private static void Told(string what, Action a)
    {
        Context.Waits.Clear();
        SynchronizationContext.SetSynchronizationContext(Context);
        string result = "";
        try { a(); }
        catch (Exception e) { result = $" {e.GetType().Name}: {e.Message}"; }
        SynchronizationContext.SetSynchronizationContext(null);
        Console.WriteLine($"{what}: {string.Join(" | ", Context.Waits)}{result}{(Monitor.IsEntered(Gate) ? " still inside" : "")}");
    }

    // a runs while another thread has the lock, which it leaves after that time
    private static Action Held(int ms, Action a) => () =>
    {
        int inside = 0;
        var t = new Thread(() => { lock (Gate) { Volatile.Write(ref inside, 1); Thread.Sleep(ms); } });
        t.Start();
        while (Volatile.Read(ref inside) == 0) Thread.Sleep(1);
        try { a(); }
        finally { while (t.IsAlive) Thread.Sleep(1); }
    };

    private static void Enter(bool entered)
    {
        Context.Waits.Add(entered.ToString());
        if (entered) Monitor.Exit(Gate);
    }

    private static void Main()
    {
        Told("lock", Held(20, () => { lock (Gate) { } }));
        Told("TryEnter, too short", Held(20, () => Enter(Monitor.TryEnter(Gate, 5))));
        Told("TryEnter, long enough", Held(20, () => Enter(Monitor.TryEnter(Gate, 5000))));
        Told("TryEnter, no time", Held(20, () => Enter(Monitor.TryEnter(Gate))));
        Told("free lock", () => { lock (Gate) { } });
        Told("Wait, out of time", () => { lock (Gate) Context.Waits.Add(Monitor.Wait(Gate, 5).ToString()); });
        var pulses = new Thread(() => { lock (Gate) { Monitor.PulseAll(Gate); Thread.Sleep(30); } });
        Told("Wait, pulsed", () => { lock (Gate) { pulses.Start(); Context.Waits.Add(Monitor.Wait(Gate).ToString()); } });
        var sleeps = new Thread(() => Thread.Sleep(20));
        sleeps.Start();
        Told("Join", () => { Context.Waits.Add(sleeps.Join(0).ToString()); sleeps.Join(); });
        Told("Join of an ended one", () => sleeps.Join());
        Told("Sleep", () => Thread.Sleep(1));
        Told("SemaphoreSlim", () => new SemaphoreSlim(0).Wait(5));
        using var auto = new AutoResetEvent(false);
        using var set = new ManualResetEvent(true);
        Told("WaitOne", () => { auto.WaitOne(0); set.WaitOne(); });
        Told("several", () => { WaitHandle.WaitAny([auto, set]); WaitHandle.WaitAll([set, new Mutex()]); });
        Told("SignalAndWait", () => WaitHandle.SignalAndWait(set, auto, 5, false));
        Told("finalizers", GC.WaitForPendingFinalizers);

        Context.Answer = () => throw new FormatException("no wait here");
        Told("lock", Held(10, () => { lock (Gate) { } }));
        Told("Wait", () => { lock (Gate) Monitor.Wait(Gate); });
        var other = new Thread(() => Thread.Sleep(10));
        other.Start();
        Told("Join", () => other.Join());
        Told("WaitOne", () => auto.WaitOne(5));
        Told("finalizers", GC.WaitForPendingFinalizers);
        Context.Answer = () => { Thread.Sleep(5); return 0; };
        Told("returns early", () => auto.WaitOne());
        lock (Gate) { Console.WriteLine("free"); }
    }
}
