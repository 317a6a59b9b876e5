// also: common/GcLab.cs
// Finalisation: each object once, unless asked again; what they refer to is whole; critical ones last; resurrection; weak references of both
// kinds; old objects wait for an old collection; waiting; finalizers that allocate, collect, lock and start others.
using System.Runtime.CompilerServices;
using System.Runtime.ConstrainedExecution;
using System.Runtime.InteropServices;

internal sealed class Counted { public static int Ran, Broken; public object? Peer; public Probe P = new(5); public int Times; ~Counted() { if (!P.Is(5) || Peer is Counted { P: null }) Broken++; Times++; Interlocked.Increment(ref Ran); } }
internal sealed class Ordinary { public static int Ran; ~Ordinary() => Ran++; }
internal sealed class Critical : CriticalFinalizerObject { public static int Ran, BeforeOrdinary; public static int Expected; ~Critical() { Ran++; if (Ordinary.Ran < Expected) BeforeOrdinary++; } }
internal sealed class Again { public static int Ran; private int _times; ~Again() { Ran++; if (++_times < 4) GC.ReRegisterForFinalize(this); } }
internal sealed class Phoenix { public static readonly List<Phoenix> Back = []; public int Lives; public Probe P = new(9); ~Phoenix() { Lives++; lock (Back) Back.Add(this); } }
internal class Base(List<string> log) { protected List<string> Log = log; ~Base() { lock (Log) Log.Add("base"); } }
internal sealed class Derived(List<string> log) : Base(log) { ~Derived() { lock (Log) Log.Add("derived"); } }
internal sealed class Throwing { public static int Ran; public Throwing() => throw new InvalidOperationException(); ~Throwing() => Ran++; }
internal sealed class Slow { public static bool Done; ~Slow() { Thread.Sleep(60); Done = true; } }
internal sealed class Busy { public static int Ran; ~Busy() { Lab.Noise(2000); GC.Collect(Ran % 3); _ = new Ordinary(); Ran++; } }
internal sealed class OnThread { public static int Id; public static bool Background, Pool; ~OnThread() { Id = Environment.CurrentManagedThreadId; Background = Thread.CurrentThread.IsBackground; Pool = Thread.CurrentThread.IsThreadPoolThread; } }
internal sealed class OwnsHandle { public static int Freed; private GCHandle _h = GCHandle.Alloc(new byte[10], GCHandleType.Pinned); ~OwnsHandle() { _h.Free(); Freed++; } }
internal sealed class Generic<T>(T value) { public static int Ran; private readonly T _value = value; ~Generic() { if (_value is string { Length: 3 } or 3 or ValueTuple<int, string> { Item2: "a" }) Ran++; } }

internal static class Program
{
    private static void Settle(Func<bool> done)
    {
        for (int i = 0; i < 10 && !done(); i++) { Lab.Collect(); GC.WaitForPendingFinalizers(); }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Make<T>(int n, Func<T> make) { for (int i = 0; i < n; i++) make(); }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Short, WeakReference Long) Weak() { var o = new Phoenix(); return (new(o), new(o, true)); }

    private static void Once()
    {
        Make(5000, () => { var a = new Counted(); a.Peer = new Counted { Peer = a }; return a; });
        Settle(() => Counted.Ran >= 10_000);
        Lab.Expect("of 10,000 finalizers", Counted.Ran, 9_997, 10_000);
        Lab.Expect("objects found broken", Counted.Broken == 0, Counted.Broken);
        Counted.Ran = 0;
        Make(1000, () => { var c = new Counted(); GC.SuppressFinalize(c); return c; });
        Make(500, () => { var c = new Counted(); GC.SuppressFinalize(c); GC.ReRegisterForFinalize(c); return c; });
        Make(250, () => { var c = new Counted(); GC.ReRegisterForFinalize(c); return c; });
        Settle(() => Counted.Ran >= 1000);
        Lab.Expect("suppressed, registered again, registered twice", Counted.Ran, 990, 1003);
        Make(100, () => new Again());
        Settle(() => Again.Ran >= 400);
        Lab.Expect("finalizers that ask for another time", Again.Ran >= 390, Again.Ran);
    }

    private static void Order()
    {
        Critical.Expected = 400;
        Ordinary.Ran = 0;
        Make(100, () => new Critical());
        Make(400, () => new Ordinary());
        Make(100, () => new Critical());
        Settle(() => Critical.Ran >= 200);
        Lab.Expect("critical finalizers", Critical.Ran, 195, 200);
        Lab.Expect("critical ones before ordinary ones", Critical.BeforeOrdinary == 0 || Ordinary.Ran < 400, Critical.BeforeOrdinary);
        var log = new List<string>();
        Make(1, () => new Derived(log));
        Settle(() => { lock (log) return log.Count == 2; });
        lock (log) Lab.Expect("derived before base", string.Join(" ", log) == "derived base", string.Join(" ", log));
    }

    private static void Resurrection()
    {
        Make(100, () => new Phoenix());
        Settle(() => { lock (Phoenix.Back) return Phoenix.Back.Count == 100; });
        lock (Phoenix.Back)
        {
            Lab.Expect("came back", Phoenix.Back.Count, 98, 100);
            Lab.Expect("came back whole", Phoenix.Back.TrueForAll(p => p.Lives == 1 && p.P.Is(9)));
        }
        WeakReference[] weak = Forget();
        Settle(() => Lab.Alive(weak) == 0);
        Lab.Expect("the second time they go", Lab.Alive(weak), 0, 2);
        lock (Phoenix.Back) Lab.Expect("no second finalizer", Phoenix.Back.Count == 0, Phoenix.Back.Count);
        (WeakReference s, WeakReference l) = Weak();
        Settle(() => !s.IsAlive);
        Lab.Expect("short weak reference is cleared first", !s.IsAlive);
        Lab.Expect("long weak reference follows", l.IsAlive && ((Phoenix)l.Target!).P.Is(9));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Forget()
    {
        lock (Phoenix.Back)
        {
            WeakReference[] weak = Phoenix.Back.Select(p => new WeakReference(p, true)).ToArray();
            Phoenix.Back.Clear();
            return weak;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeOld(int n)
    {
        var all = new object[n];
        for (int i = 0; i < n; i++) all[i] = new Ordinary();
        Lab.Age(all);
        for (int i = 0; i < n; i++) Lab.Expect("old object with a finalizer", GC.GetGeneration(all[i]) == 2);
    }

    private static void Old()
    {
        MakeOld(100);
        GC.WaitForPendingFinalizers();
        Ordinary.Ran = 0;
        Lab.Collect(0);
        Lab.Collect(1);
        GC.WaitForPendingFinalizers();
        Lab.Expect("finalizers of old objects after young collections", Ordinary.Ran == 0, Ordinary.Ran);
        Settle(() => Ordinary.Ran >= 100);
        Lab.Expect("finalizers of old objects after full collections", Ordinary.Ran, 97, 100);
    }

    private static void Main()
    {
        Once();
        Order();
        Resurrection();
        Old();
        Make(20, () => { try { return new Throwing(); } catch (InvalidOperationException) { return null; } });
        Settle(() => Throwing.Ran >= 20);
        Lab.Expect("constructor threw", Throwing.Ran, 17, 20);
        Make(2, () => new Slow());
        Settle(() => Slow.Done);
        Lab.Expect("waited for a slow finalizer", Slow.Done);
        Make(30, () => new Busy());
        Settle(() => Busy.Ran >= 30);
        Lab.Expect("finalizers that allocate and collect", Busy.Ran, 27, 30);
        Make(3, () => new OnThread());
        Settle(() => OnThread.Id != 0);
        Lab.Expect("thread of its own", OnThread.Id != 0 && OnThread.Id != Environment.CurrentManagedThreadId && OnThread.Background && !OnThread.Pool);
        Make(100, () => new OwnsHandle());
        Settle(() => OwnsHandle.Freed >= 100);
        Lab.Expect("handles freed by finalizers", OwnsHandle.Freed, 97, 100);
        Make(10, () => new Generic<string>("abc"));
        Make(10, () => new Generic<int>(3));
        Make(10, () => new Generic<(int, string)>((1, "a")));
        Settle(() => Generic<string>.Ran + Generic<int>.Ran + Generic<(int, string)>.Ran >= 30);
        Lab.Expect("generic finalizers", Generic<string>.Ran + Generic<int>.Ran + Generic<(int, string)>.Ran, 27, 30);
        var threads = Enumerable.Range(0, 3).Select(_ => new Thread(() => Make(1000, () => new Counted()))).ToList();
        Counted.Ran = 0;
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Settle(() => Counted.Ran >= 3000);
        Lab.Expect("finalizers of objects of ended threads", Counted.Ran, 2990, 3000);
        Lab.Expect("never broken", Counted.Broken == 0, Counted.Broken);
        Lab.Done("finalizers");
    }
}
