// stress: loose 10
// env: DOTNET_GCHeapHardLimit=4000000
// also: common/GcLab.cs
// A heap of 64 MB: what can be had after collecting is had; what cannot is an OutOfMemoryException, from whatever asked for the memory.
// Handlers run, locks are let go, and the program goes on.  Argument: the one case to run.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

internal sealed class Chain(object? next, object value) { public readonly object? Next = next; public readonly object Value = value; }
internal sealed class TooLarge { public static readonly byte[] All = new byte[200_000_000]; public static int Number = 3; }
internal sealed class Greedy
{
    public static int Caught, Ran;
    ~Greedy()
    {
        Ran++;
        try { Program.Fill(1_000_000); } catch (OutOfMemoryException) { Caught++; }
    }
}
internal struct Wide { public long A, B, C, D, E, F, G, H; }

internal static class Program
{
    private static int s_finally, s_filters;
    private static object? s_keep;
    private static string? s_only;

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static int Fill(int size)
    {
        var all = new List<byte[]>(100_000);
        for (int i = 0; i < 100_000; i++) all.Add(new byte[size]);
        return all.Count;
    }

    private static void Try(string what, Action run)
    {
        if (s_only != null && s_only != what) return;
        Exception? seen = null;
        try { run(); } catch (Exception e) { seen = e; }
        s_keep = null;
        GC.Collect();
        string text = seen == null ? "no exception" : $"{seen.GetType().Name}: {seen.Message}";
        for (Exception? inner = seen?.InnerException; inner != null; inner = inner.InnerException) text += $" <- {inner.GetType().Name}";
        Console.WriteLine($"{what}: {text}");
        GoesOn(what);
    }

    // A good part of the limit can be had again afterwards.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GoesOn(string what)
    {
        var all = new byte[2000][];
        for (int i = 0; i < all.Length; i++) { all[i] = new byte[10_000]; all[i][9_999] = (byte)i; }
        for (int i = 0; i < all.Length; i++) Lab.Expect("after " + what, all[i][9_999] == (byte)i);
    }

    private static void Doubling()
    {
        string s = "0123456789";
        while (true) s += s;
    }

    private static void Boxing()
    {
        object? last = null;
        for (long i = 0; ; i++) { last = new Chain(last, i); s_keep = last; }
    }

    private static void Structs()
    {
        object? last = null;
        while (true) { last = new Chain(last, new Wide { A = 1 }); s_keep = last; }
    }

    private static void Closures()
    {
        Func<int> f = () => 0;
        for (int i = 0; ; i++) { Func<int> g = f; int n = i; f = () => g == null ? 0 : n; s_keep = f; }
    }

    private static void Growing<T>(Action<List<T>> add) { var l = new List<T>(); s_keep = l; while (true) add(l); }
    private static void Words() { var d = new Dictionary<int, string>(); s_keep = d; for (int i = 0; ; i++) d[i] = i.ToString(); }
    private static void Builder() { var b = new StringBuilder(); while (true) b.Append("some text of forty characters at least.."); }
    private static void Stream() { var m = new MemoryStream(); var block = new byte[4096]; while (true) m.Write(block); }
    private static void Matrices() { var all = new List<int[,]>(); while (true) all.Add(new int[300, 300]); }
    private static void Jagged() { var all = new object[2000]; s_keep = all; for (int i = 0; i < all.Length; i++) all[i] = new object[10_000]; }
    private static void Clones() { var a = new byte[10_000_000]; var all = new List<object>(); while (true) all.Add(a.Clone()); }
    private static void Members() { var c = new List<Exception>(); while (true) c.Add(new Exception(new string('m', 1000))); }
    private static void Pinned() { var all = new List<byte[]>(); while (true) all.Add(GC.AllocateArray<byte>(100_000, pinned: true)); }
    private static void Uninitialised() { var all = new List<byte[]>(); while (true) all.Add(GC.AllocateUninitializedArray<byte>(100_000)); }
    private static void Handles() { var all = new List<GCHandle>(); try { while (true) all.Add(GCHandle.Alloc(new byte[100_000], GCHandleType.Pinned)); } finally { foreach (GCHandle h in all) h.Free(); } }
    private static async Task Async() { await Task.Yield(); Fill(1_000_000); }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Unwinding(object gate)
    {
        lock (gate)
        {
            try
            {
                try { Fill(100_000); }
                finally { s_finally++; }
            }
            catch (OutOfMemoryException) when (Filter()) { throw; }
        }
    }

    private static bool Filter() { s_filters++; return true; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Drop() { for (int i = 0; i < 3; i++) _ = new Greedy(); }

    private static void Main(string[] args)
    {
        s_only = args.Length > 0 ? args[0] : null;
        Console.WriteLine($"limit {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes}");
        long total = 0;
        for (int i = 0; i < 300; i++) total += new byte[1_000_000].Length;
        Console.WriteLine($"garbage: {total} bytes");

        Try("arrays of 1 MB", () => Fill(1_000_000));
        Try("arrays of 100 KB", () => Fill(100_000));
        Try("arrays of 1 KB", () => Fill(1_000));
        Try("arrays of 24 bytes", () => { while (true) Growing<object>(l => l.Add(new object())); });
        Try("one of 100 MB", () => s_keep = new byte[100_000_000]);
        Try("one of 2,147,483,647 bytes", () => s_keep = new byte[int.MaxValue]);
        Try("one of 2,147,483,591 bytes", () => s_keep = new byte[Array.MaxLength]);
        Try("one of 2,147,483,591 longs", () => s_keep = new long[Array.MaxLength]);
        Try("two dimensions", () => s_keep = new int[40_000, 40_000]);
        Try("two dimensions, too many", () => s_keep = new int[70_000, 70_000]);
        Try("a negative length", () => { int n = -1; s_keep = new byte[n]; });
        Try("a string of 2,147,483,647", () => s_keep = new string('x', int.MaxValue));
        Try("a string of 500,000,000", () => s_keep = new string('x', 500_000_000));
        Try("a string, doubled", Doubling);
        Try("a list that grows", () => Growing<long>(l => l.Add(1)));
        Try("a list with capacity", () => s_keep = new List<long>(100_000_000));
        Try("a dictionary", Words);
        Try("a string builder", Builder);
        Try("a memory stream", Stream);
        Try("boxed numbers", Boxing);
        Try("boxed structs", Structs);
        Try("closures", Closures);
        Try("matrices", Matrices);
        Try("arrays of arrays", Jagged);
        Try("clones", Clones);
        Try("exceptions", Members);
        Try("pinned arrays", Pinned);
        Try("uninitialised arrays", Uninitialised);
        Try("pinned handles", Handles);
        Try("resized", () => { var a = new byte[40_000_000]; Array.Resize(ref a, 60_000_000); s_keep = a; });
        Try("a static constructor", () => s_keep = TooLarge.All);
        Try("a static constructor again", () => s_keep = TooLarge.Number);
        Try("reflection", () => typeof(Program).GetMethod("Fill", BindingFlags.Static | BindingFlags.NonPublic)!.Invoke(null, [1_000_000]));
        Try("Activator", () => s_keep = Activator.CreateInstance(typeof(List<long>), 100_000_000));
        Try("Array.CreateInstance", () => s_keep = Array.CreateInstance(typeof(long), 100_000_000));
        Try("a task", () => Task.Run(() => Fill(1_000_000)).Wait());
        Try("an async method", () => Async().GetAwaiter().GetResult());
        object gate = new();
        Try("finally, filter and lock", () => Unwinding(gate));
        Console.WriteLine($"{s_finally} finally, {s_filters} filter, locked {Monitor.IsEntered(gate)}");
        Drop();
        for (int i = 0; i < 5 && Greedy.Ran < 3; i++) { Lab.Collect(); GC.WaitForPendingFinalizers(); }
        Console.WriteLine($"finalizers: {Greedy.Ran} ran, {Greedy.Caught} caught");
        Thread? thread = null;
        Try("a thread", () => { Exception? e = null; thread = new Thread(() => { try { Fill(1_000_000); } catch (OutOfMemoryException o) { e = o; } }); thread.Start(); thread.Join(); throw e!; });
        Try("nothing", () => s_keep = new byte[1000]);
        for (int i = 0; i < 10; i++) { try { Fill(5_000_000); } catch (OutOfMemoryException) { total++; } }
        Console.WriteLine($"{total - 300_000_000} times in a row");
        Lab.Done("out of memory");
    }
}
