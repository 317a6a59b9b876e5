// Recursion without end, one kind by the argument ("all KIND...": this program once for each): the message, the frames that repeat, 134; and how much stack the checks leave.
using System.Runtime.CompilerServices;
#pragma warning disable CS8500

internal interface IDeep { int Go(int n); }
internal struct Big { public long A, B, C, D, E, F, G, H; }
internal sealed class Deep : IDeep
{
    public int Go(int n) => ((IDeep)this).Go(n + 1) + 1;
    public int this[int n] => this[n + 1] + 1;
    public override string ToString() => $"{this}";
    public override bool Equals(object? o) => o!.Equals(this);
    public override int GetHashCode() => 1;
}
internal static class Inner { public static readonly int X = Other.Y + 1; private static class Other { public static readonly int Y = X; } }

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Plain(int n) => Plain(n + 1) + 1;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Ping(int n) => Pong(n + 1) + 1;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Pong(int n) => Ping(n + 1) + 2;
    [MethodImpl(MethodImplOptions.NoInlining)] private static T Generic<T>(T t) where T : class { T r = Generic(t); return r ?? t; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static Big Struct(Big b) { b.A++; Big r = Struct(b); r.B++; return r; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int InTry(int n) { try { return InTry(n + 1) + 1; } catch (Exception) { return 0; } finally { s_n++; } }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int InCatch(int n) { try { throw new FormatException(); } catch (FormatException) { return InCatch(n + 1) + 1; } }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int InFinally(int n) { try { return n; } finally { s_n += InFinally(n + 1) + 1; } }
    [MethodImpl(MethodImplOptions.NoInlining)] private static bool InFilter(int n) { try { throw new FormatException(); } catch (FormatException) when (InFilter(n + 1)) { return true; } }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Alloc(int n) { Span<byte> s = stackalloc byte[4000]; s[n % 4000] = 1; return Alloc(n + 1) + s[7]; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Large(int n) { Span<byte> s = stackalloc byte[200_000]; s[n] = 1; return Large(n + 1) + s[7]; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Lambda(int n) { Func<int, int> f = null!; f = x => f(x + 1) + 1; return f(n); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static IEnumerable<int> Walk(int n) { foreach (int i in Walk(n + 1)) yield return i; yield return n; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Invoked(int n) => (int)typeof(Program).GetMethod("Invoked", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.Invoke(null, [n + 1])! + 1;
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Sort(int n) { int[] a = [2, 1]; Array.Sort(a, (x, y) => Sort(n + 1)); return a[0]; }
    private static int s_n;

    private static int Guarded(int n) { RuntimeHelpers.EnsureSufficientExecutionStack(); return Guarded(n + 1) + 1; }
    private static int Tried(int n) { if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) return n; int r = Tried(n + 1); s_n++; return r; }

    private static void Run(string how)
    {
        switch (how)
        {
        case "plain": Plain(0); break;
        case "pair": Ping(0); break;
        case "interface": new Deep().Go(0); break;
        case "indexer": _ = new Deep()[0]; break;
        case "text": new Deep().ToString(); break;
        case "equals": new Deep().Equals(new Deep()); break;
        case "generic": Generic("x"); break;
        case "struct": Struct(default); break;
        case "try": InTry(0); break;
        case "catch": InCatch(0); break;
        case "finally": InFinally(0); break;
        case "filter": InFilter(0); break;
        case "stackalloc": Alloc(0); break;
        case "large": Large(0); break;
        case "lambda": Lambda(0); break;
        case "iterator": foreach (int _ in Walk(0)) { } break;
        case "invoke": Invoked(0); break;
        case "sort": Sort(0); break;
        }
    }

    private static void Children(string[] all)
    {
        foreach (string one in all)
        {
            var i = new System.Diagnostics.ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
            i.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
            foreach (string a in one.Split('+')) i.ArgumentList.Add(a);
            using var p = System.Diagnostics.Process.Start(i)!;
            Task<string> err = p.StandardError.ReadToEndAsync();
            p.StandardOutput.ReadToEnd();
            string[] lines = err.Result.Split('\n');
            int frames = lines.Count(l => l.StartsWith("   at Program") || l.StartsWith("   at Deep"));
            p.WaitForExit();
            Console.WriteLine($"{one}: {p.ExitCode} {lines[0]} repeated {lines.Any(l => l.StartsWith("Repeated "))} {frames > 1} to the bottom {one.Contains('+') || lines.Any(l => l.StartsWith("   at Program.Main("))}");
        }
    }

    private static void Main(string[] args)
    {
        if (args[0] == "all") { Children(args[1..]); return; }
        Console.WriteLine(args[0]);
        if (args[0] == "ensure")
        {
            for (int i = 0; i < 3; i++)
            {
                try { Guarded(0); } catch (InsufficientExecutionStackException e) { Console.WriteLine(e.Message); }
                Console.WriteLine(Tried(0) > 1000);
                var t = new Thread(() => { try { Guarded(0); } catch (InsufficientExecutionStackException) { Console.WriteLine("in thread"); } Console.WriteLine(Tried(0) > 100); }, 256 * 1024);
                t.Start();
                t.Join();
                Task.Run(() => Console.WriteLine(Tried(0) > 1000)).Wait();
            }
            return;
        }
        if (args.Length == 1) Run(args[0]);
        else if (args[1] == "thread") { var t = new Thread(() => Run(args[0])); t.Start(); t.Join(); }
        else if (args[1] == "small") { var t = new Thread(() => Run(args[0]), 256 * 1024); t.Start(); t.Join(); }
        else if (args[1] == "pool") Task.Run(() => Run(args[0])).Wait();
    }
}
