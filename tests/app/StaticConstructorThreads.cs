// Static constructors and threads: others wait for the running one; cycles between two threads do not deadlock; failures are seen by all.
internal static class Slow
{
    public static int V;
    static Slow() { Console.WriteLine("slow start"); Thread.Sleep(60); V = 42; Console.WriteLine("slow end"); }
}

internal static class A { public static int X; static A() { Gate.Signal(0); Gate.WaitFor(1); X = B.Y + 1; } public static void Touch() { } }

internal static class B
{
    public static int Y;
    static B() { Gate.Signal(1); Gate.WaitFor(0); Y = A.X + 10; }
    public static void Touch() { }
}

internal static class Gate
{
    private static readonly ManualResetEventSlim[] s_e = [new(), new()];
    public static void Signal(int i) => s_e[i].Set();
    public static void WaitFor(int i) => s_e[i].Wait();
}

internal static class Fails { static Fails() { Thread.Sleep(30); throw new Exception("fails"); } public static void Touch() { } }

internal static class SelfUse
{
    public static readonly int First = 1;
    public static int Seen;
    static SelfUse() { var t = new Thread(() => { }); t.Start(); t.Join(); Seen = First + Helper(); }
    private static int Helper() => First * 10;
}

/* Shared code: what the running initialiser looks up for itself is not yet for others. */
internal sealed class Shared<T>
{
    private static readonly object s_first = new();
    private static readonly object s_second = Slowly();
    private static object Slowly() { _ = s_second; Thread.Sleep(60); return new(); }
    public bool IsComplete() => s_first != null && s_second != null;
    public static void Touch() => _ = s_first;
}

internal static class Program
{
    private static void SharedCode()
    {
        bool complete = false;
        var first = new Thread(() => Shared<string>.Touch());
        var second = new Thread(() => { Thread.Sleep(20); complete = new Shared<string>().IsComplete(); });
        first.Start();
        second.Start();
        first.Join();
        second.Join();
        Console.WriteLine($"shared code: {complete}");
    }

    private static void Main()
    {
        int[] seen = new int[6];
        var ts = Enumerable.Range(0, 6).Select(i => new Thread(() => seen[i] = Slow.V)).ToArray();
        foreach (Thread t in ts) t.Start();
        foreach (Thread t in ts) t.Join();
        Console.WriteLine(string.Join(",", seen));
        var ta = new Thread(A.Touch);
        var tb = new Thread(B.Touch);
        ta.Start();
        tb.Start();
        ta.Join();
        tb.Join();
        Console.WriteLine(A.X is 1 or 11 or 12 && B.Y is 10 or 11 ? "no deadlock" : $"{A.X} {B.Y}");
        int failures = 0;
        ts = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            try { Fails.Touch(); }
            catch (TypeInitializationException e) when (e.InnerException!.Message == "fails") { Interlocked.Increment(ref failures); }
        })).ToArray();
        foreach (Thread t in ts) t.Start();
        foreach (Thread t in ts) t.Join();
        Console.WriteLine(failures);
        Console.WriteLine(SelfUse.Seen);
        SharedCode();
    }
}
