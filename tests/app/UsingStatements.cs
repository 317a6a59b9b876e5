// using and await using: order of disposal, with exceptions, declarations, null resources, pattern-based ref structs, async disposal.
internal sealed class Res(string name, bool fail = false) : IDisposable, IAsyncDisposable
{
    public string Name { get { Console.WriteLine("use " + name); return name; } }
    public void Dispose() { Console.WriteLine("dispose " + name); if (fail) throw new InvalidOperationException("dispose of " + name); }
    public async ValueTask DisposeAsync() { await Task.Yield(); Console.WriteLine("async dispose " + name); }
}

internal struct SRes(int n) : IDisposable { public int N = n; public void Dispose() => Console.WriteLine("struct dispose " + N); }
internal ref struct RRes { public void Dispose() => Console.WriteLine("ref dispose"); }

internal static class Program
{
    private static int Return() { using var a = new Res("ret"); return a.Name.Length; }

    private static void Order()
    {
        using Res a = new("1"), b = new("2");
        using var c = new Res("3");
        Console.WriteLine(a.Name + b.Name + c.Name);
    }

    private static async Task Async()
    {
        await using var a = new Res("A");
        await using (var b = new Res("B")) Console.WriteLine(b.Name);
        Console.WriteLine("between");
        try { await using var c = new Res("C"); throw new Exception("x"); } catch (Exception e) { Console.WriteLine(e.Message); }
    }

    private static void Main()
    {
        Order(); Console.WriteLine(Return());
        try { using var f = new Res("fails", true); throw new ArgumentException("body"); }
        catch (Exception e) { Console.WriteLine(e.GetType().Name + " " + e.Message); }
        using (Res? none = null) Console.WriteLine("null ok");
        using (new SRes(4)) Console.WriteLine("in struct");
        using (new RRes()) Console.WriteLine("in ref");
        for (int i = 0; i < 3; i++) { using var l = new Res("loop" + i); if (i == 0) continue; if (i == 1) break; }
        Async().GetAwaiter().GetResult();
        goto skip; skip: using (var g = new Res("g")) { goto end; } end: Console.WriteLine("done");
        foreach (var x in new Disposing()) Console.WriteLine(x);
    }

    private sealed class Disposing
    {
        public En GetEnumerator() => new();

        public struct En : IDisposable
        {
            private int _n;
            public bool MoveNext() => _n++ < 2;
            public readonly int Current => _n;
            public void Dispose() => Console.WriteLine("enumerator disposed");
        }
    }
}
