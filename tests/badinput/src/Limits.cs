// What a process runs out of: stack, heap, sizes.  The argument says which.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;

static class Limits
{
    static int depth;
    [MethodImpl(MethodImplOptions.NoInlining)] static int Down(int n) { depth++; return Down(n + 1) + 1; }
    [MethodImpl(MethodImplOptions.NoInlining)] static int Even(int n) => Odd(n + 1) + 1;
    [MethodImpl(MethodImplOptions.NoInlining)] static int Odd(int n) => Even(n + 1) + 1;
    [MethodImpl(MethodImplOptions.NoInlining)] static int Guarded(int n)
    {
        try { return Guarded(n + 1) + 1; }
        catch (Exception) { return -1; }
        finally { depth++; }
    }
    [MethodImpl(MethodImplOptions.NoInlining)] static int Filtered(int n)
    {
        try { throw new InvalidOperationException(); }
        catch (InvalidOperationException) { return Filtered(n + 1) + 1; }
    }
    [MethodImpl(MethodImplOptions.NoInlining)] static unsafe int Big(int n) { byte* p = stackalloc byte[60000]; p[n & 1023] = 1; return Big(n + 1) + p[0]; }
    sealed class Bad { public override string ToString() => ToString() + "x"; }
    static T Generic<T>(int n) => n < 0 ? default! : Generic<T>(n + 1);
    struct Wide { public long A, B, C, D, E, F, G, H; }
    [MethodImpl(MethodImplOptions.NoInlining)] static Wide ByValue(Wide w) { w.A++; Wide r = ByValue(w); r.B++; return r; }

    static void Show(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f()}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().FullName} 0x{e.HResult:x8}: {e.Message}"); }
    }

    static void Fill(bool print)
    {
        var keep = new List<byte[]>();
        try { for (;;) keep.Add(new byte[100_000]); }
        catch (OutOfMemoryException e)
        {
            int n = keep.Count;
            keep.Clear();
            if (print) Console.WriteLine($"{e.GetType()}: {e.Message} {n > 100}");
        }
    }
    sealed class Node { public Node? Next; public long A, B, C; }
    static void FillSmall()
    {
        Node? head = null;
        try { for (;;) head = new Node { Next = head }; }
        catch (OutOfMemoryException) { head = null; Console.WriteLine("small objects: out of memory"); }
    }

    static void Main(string[] args)
    {
        Console.WriteLine("start " + args[0]);
        switch (args[0])
        {
        case "down": Down(0); break;
        case "mutual": Even(0); break;
        case "guarded": Guarded(0); break;
        case "filtered": Filtered(0); break;
        case "big": Big(0); break;
        case "tostring": new Bad().ToString(); break;
        case "generic": Generic<string>(0); break;
        case "byvalue": ByValue(default); break;
        case "lambda": { Func<int, int> f = null!; f = n => f(n + 1) + 1; f(0); break; }
        case "thread": { var t = new Thread(() => Down(0), 512 * 1024); t.Start(); t.Join(); break; }
        case "cctor": Console.WriteLine(Init.X); break;
        case "heap":
            for (int i = 0; i < 3; i++) Fill(true);
            FillSmall();
            for (int i = 0; i < 1000; i++) new byte[10000].AsSpan().Fill(1);
            Show("one too large", () => new byte[300_000_000].Length);
            Show("string", () => new string('x', 200_000_000).Length);
            Show("list", () => { var l = new List<long>(); for (long i = 0; ; i++) l.Add(i); });
            Show("clone", () => { object[] a = new object[20_000_000]; return (a.Clone() as object[])!.Length; });
            Show("thread", () => { Exception? got = null; var t = new Thread(() => { try { Fill(false); throw new Exception("fine"); } catch (Exception e) { got = e; } }); t.Start(); t.Join(); return got!.Message; });
            Console.WriteLine("goes on " + GC.GetTotalMemory(true) / 100_000_000);
            break;
        case "heap-unhandled": { var keep = new List<byte[]>(); for (;;) keep.Add(new byte[100_000]); }
        case "arrays":
            int neg = int.Parse("-1"), max = int.MaxValue, most = 0x7fffffc7;
            Show("negative", () => new int[neg]);
            Show("most negative", () => new object[int.MinValue + neg + 1]);
            Show("longs, max", () => new long[max].Length);
            Show("bytes, max", () => new byte[max].Length);
            Show("bytes, one too many", () => new byte[most + 1].Length);
            Show("strings, max", () => new string[max].Length);
            Show("empty", () => new byte[0].Length);
            Show("two dimensions", () => new int[max, 2].Length);
            Show("two dimensions, overflow", () => new byte[max, max].Length);
            Show("two dimensions, negative", () => new byte[neg, 2].Length);
            Show("two dimensions, none", () => new byte[0, max].Length);
            Show("three dimensions", () => new byte[65536, 65536, 65536].Length);
            Show("create", () => Array.CreateInstance(typeof(int), neg));
            Show("create long", () => Array.CreateInstance(typeof(int), 1L << 40));
            Show("create bounds", () => Array.CreateInstance(typeof(int), new[] { 2, 2 }, new[] { max, 0 }));
            Show("create void", () => Array.CreateInstance(typeof(void), 1));
            Show("create byref", () => Array.CreateInstance(typeof(int).MakeByRefType(), 1));
            Show("create span", () => Array.CreateInstance(typeof(Span<int>), 1));
            Show("string, negative", () => new string('x', neg));
            Show("string, max", () => new string('x', max).Length);
            Show("string, too long", () => new string('x', 0x3fffffe0).Length);
            Show("uninitialized", () => GC.AllocateUninitializedArray<byte>(neg));
            Show("pinned", () => GC.AllocateArray<byte>(neg, true));
            Show("resize", () => { int[] a = new int[1]; Array.Resize(ref a, neg); return a.Length; });
            Show("list", () => new List<int>(neg));
            Show("rank 33", () => typeof(int).MakeArrayType(33));
            Show("rank 32", () => typeof(int).MakeArrayType(32).Name.Length);
            break;
        }
        Console.WriteLine("end");
    }
    static class Init { public static readonly int X = Down(0); }
}
