// Exceptions through generic, shared, interface, delegate, iterator, async, reflection, native callback, static
// constructor and finalizer-free frames.
using System.Reflection;
using System.Runtime.InteropServices;

internal interface IRun { void Run(); T RunG<T>(T t); void Default() { try { Run(); } finally { Console.Write("[default finally]"); } } }

internal sealed class R : IRun
{
    public void Run() => throw new InvalidOperationException("run");
    public T RunG<T>(T t) => throw new ArgumentException("rung " + typeof(T).Name);
}

internal struct SR : IRun
{
    public int N;
    public void Run() { try { throw new InvalidOperationException("struct"); } finally { N++; } }
    public readonly T RunG<T>(T t) => throw new ArgumentException("s " + N);
}

internal class G<T>
{
    public virtual void M(T t, Action a)
    {
        try { a(); }
        catch (Exception e) when (e is T) { Console.Write("[filtered by " + typeof(T).Name + "]"); throw; }
        finally { Console.Write("[G<" + typeof(T).Name + ">]"); }
    }

    public static T S = Init();
    private static T Init() => throw new NotSupportedException("static " + typeof(T).Name);
    static G() { }
}

internal sealed class H<T>
{
    public void Catch<E>(Action a) where E : Exception
    {
        try { a(); } catch (E e) { Console.Write("[H caught " + e.Message + " as " + typeof(E).Name + "]"); }
    }

    public string Get(List<T> l, int i)
    {
        try { return l[i]!.ToString()!; } catch (ArgumentOutOfRangeException) { return "oor " + typeof(T).Name; }
    }
}

internal sealed class Finally<T> : IDisposable { public void Dispose() => Console.Write("[dispose " + typeof(T).Name + "]"); }

internal static class Program
{
    private static void T(string n, Action a)
    {
        Console.Write(n + ": ");
        try { a(); Console.WriteLine("none"); }
        catch (Exception e)
        {
            Console.WriteLine(e.GetType().Name + " " + e.Message + (e.InnerException == null ? ""
                : " <- " + e.InnerException.GetType().Name + " " + e.InnerException.Message));
        }
    }

    private static void Boom(string s) => throw new InvalidOperationException(s);

    private static IEnumerable<T> It<T>(T t)
    {
        using var f = new Finally<T>();
        try { yield return t; Boom("iterator"); yield return t; } finally { Console.Write("[it]"); }
    }

    private static async Task<T> As<T>(T t, bool sync)
    {
        using var f = new Finally<T>();
        if (!sync) await Task.Delay(1);
        Boom("async " + t);
        return t;
    }

    private static async Task Outer()
    {
        try { await As("x", false); }
        catch (InvalidOperationException e) { Console.Write("[" + e.Message + "]"); await As(5, true); }
        finally { await Task.Yield(); Console.Write("[outer]"); }
    }

    private static async IAsyncEnumerable<int> AsyncIt()
    {
        try { yield return 1; await Task.Yield(); Boom("async iterator"); } finally { Console.Write("[ai]"); }
    }

    private static async Task Consume() { await foreach (int i in AsyncIt()) Console.Write(i); }

    private static async void VoidAsync(TaskCompletionSource s)
    {
        try { await Task.Yield(); Boom("void"); } catch (Exception e) { s.SetException(e); }
    }

    [UnmanagedCallersOnly]
    private static unsafe int Cmp(int* a, int* b)
    {
        try { Boom("callback"); return 0; } catch (InvalidOperationException) { Console.Write("."); return *a - *b; }
    }

    [DllImport("libc")] private static extern unsafe void qsort(void* d, nuint n, nuint s, delegate* unmanaged<int*, int*, int> c);

    private static void Main()
    {
        IRun r = new R();
        T("interface", r.Run);
        T("interface direct", () => r.Run());
        T("generic interface", () => r.RunG("s"));
        T("generic interface int", () => r.RunG(1));
        T("default", () => r.Default());
        IRun sr = new SR();
        T("boxed struct", () => sr.Run());
        T("boxed generic", () => sr.RunG(1));
        T("shared", () => new Shared<string>().Go(() => Boom("shared")));
        T("shared obj", () => new Shared<object>().Go(() => throw new ArgumentException("other")));
        T("exact", () => new Shared<int>().Go(() => Boom("exact")));
        var h = new H<string>();
        T("catch typed", () => h.Catch<InvalidOperationException>(() => Boom("typed")));
        T("catch untyped", () => h.Catch<ArgumentException>(() => Boom("passes")));
        T("catch base", () => new H<int>().Catch<Exception>(() => Boom("base")));
        Console.WriteLine(h.Get(["a"], 0) + h.Get([], 1) + new H<long>().Get([], 0));
        T("delegate", () => { Action a = () => Boom("multi"); a = (() => Console.Write("[first]")) + a; a(); });
        T("iterator", () => { foreach (string s in It("it")) Console.Write(s); });
        T("iterator int", () => It(3).ToList());
        T("linq", () => new[] { 1, 0 }.Select(x => 10 / x).OrderBy(x => x).ToArray());
        T("async", () => As("t", true).GetAwaiter().GetResult());
        T("async wait", () => As("t", false).Wait());
        T("async chain", () => Outer().GetAwaiter().GetResult());
        T("async iterator", () => Consume().GetAwaiter().GetResult());
        T("async void", () => { var s = new TaskCompletionSource(); VoidAsync(s); s.Task.GetAwaiter().GetResult(); });
        T("when all", () => Task.WhenAll(As("p", false), As("q", true)).Wait());
        T("continuation", () => Task.Run(() => Boom("first"))
            .ContinueWith(t => throw new FormatException("second", t.Exception!.InnerException)).GetAwaiter().GetResult());
        T("invoke", () => typeof(R).GetMethod("Run")!.Invoke(r, null));
        T("invoke unwrapped", () => typeof(R).GetMethod("Run")!.Invoke(r, BindingFlags.DoNotWrapExceptions, null, null, null));
        T("activator", () => Activator.CreateInstance<Throws>());
        T("activator type", () => Activator.CreateInstance(typeof(Throws)));
        T("new T", () => New<Throws>());
        T("dynamic invoke", () => ((Delegate)(Action)(() => Boom("dyn"))).DynamicInvoke());
        T("static generic", () => _ = G<string>.S);
        T("static generic again", () => _ = G<string>.S);
        T("static generic int", () => _ = G<int>.S);
        T("lazy", () =>
        {
            var l = new Lazy<int>(() => throw new FormatException("lazy"));
            try { _ = l.Value; } catch (FormatException) { Console.Write("[1]"); }
            _ = l.Value;
        });
        int[] d = [3, 1, 2];
        unsafe { fixed (int* p = d) qsort(p, 3, 4, &Cmp); }
        Console.WriteLine(string.Join("", d));
        T("thread", () =>
        {
            Exception? x = null;
            var t = new Thread(() => { try { Boom("thread"); } catch (Exception e) { x = e; } });
            t.Start();
            t.Join();
            throw x!;
        });
        T("sort", () => new List<int> { 2, 1 }.Sort((a, b) => throw new FormatException("cmp")));
        T("dictionary", () => new Dictionary<BadHash, int>()[new BadHash()] = 1);
        T("tostring", () => _ = $"{new BadHash()}");
        T("parallel", () => Parallel.For(0, 1, i => throw new FormatException("par")));
        T("finally runs", () => { try { new Shared<R>().Go(() => r.Run()); } finally { Console.Write("[main]"); } });
    }

    private static T New<T>() where T : new() => new();

    private sealed class Shared<T>
    {
        private readonly G2<T> _g = new();

        public void Go(Action a)
        {
            using var f = new Finally<T>();
            try { _g.M(a); } catch (ArgumentException) { Console.Write("[arg " + typeof(T).Name + "]"); throw; }
        }
    }

    private sealed class G2<T> { public void M(Action a) { try { a(); } finally { Console.Write("[" + typeof(T).Name + "]"); } } }
    private sealed class Throws { public Throws() => Boom("ctor"); }

    private sealed class BadHash
    {
        public override int GetHashCode() { Boom("hash"); return 0; }
        public override string ToString() { Boom("tostring"); return ""; }
    }
}
