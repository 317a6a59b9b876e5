// Exceptions that travel: ExceptionDispatchInfo, AggregateException, filters with side effects, data, nested finally with returns, throw expressions, custom types.
using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

internal sealed class Custom(string m, Exception? inner = null) : Exception(m, inner)
{
    public override string Message => "custom " + base.Message;
    public override string? StackTrace => base.StackTrace is null ? null : "trimmed";
    public override IDictionary Data => base.Data;
    public override string ToString() => $"Custom[{Message}]";
}

internal static class Program
{
    private static readonly List<string> log = [];
    private static bool Log(string s, bool r = false) { log.Add(s); return r; }
    private static void Flush(string what) { Console.WriteLine($"{what}: {string.Join(" ", log)}"); log.Clear(); }

    [MethodImpl(MethodImplOptions.NoInlining)] private static void Thrower(string m) => throw new InvalidOperationException(m);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Middle(string m) { try { Thrower(m); } finally { Log("finally"); } }

    private static int Returns(int how)
    {
        for (int i = 0; ; i++)
            try
            {
                try { if (how == 0) return i; if (how == 1) throw new FormatException(); if (i < 2) continue; if (how == 2) break; goto end; }
                finally { Log($"f{i}"); }
            }
            catch (FormatException) when (Log("w", true)) { return -1; }
        return 100;
    end:
        return 200;
    }

    private static void Nested()
    {
        try { try { try { throw new Exception("1"); } finally { Log("a"); throw new Exception("2"); } } finally { Log("b"); } }
        catch (Exception e) { Log(e.Message); }
        try { try { throw new Exception("x"); } catch (Exception e) when (Fails(e)) { Log("never"); } }
        catch (Exception e) { Log(e.Message); }
        Flush("nested");
    }

    private static bool Fails(Exception e) { Log("filter"); throw new Exception("in the filter"); }

    private static string Lines(Exception e) => string.Join("|", (e.StackTrace ?? "").Split('\n').Select(l => l.Trim()).Select(l => l.Contains(" in ") ? l[..l.IndexOf(" in ")] : l));

    private static void Main()
    {
        ExceptionDispatchInfo? kept = null;
        try { Middle("kept"); } catch (Exception e) { kept = ExceptionDispatchInfo.Capture(e); }
        try { kept!.Throw(); } catch (Exception e) { Console.WriteLine(Lines(e)); }
        try { kept!.Throw(); } catch (Exception e) { Console.WriteLine(Lines(e)); }
        Flush("captured");
        Exception fresh = ExceptionDispatchInfo.SetCurrentStackTrace(new Exception("set"));
        Console.WriteLine(fresh.StackTrace!.Contains("Main"));
        try { ExceptionDispatchInfo.SetCurrentStackTrace(fresh); } catch (InvalidOperationException e) { Console.WriteLine(e.GetType().Name); }
        Exception remote = ExceptionDispatchInfo.SetRemoteStackTrace(new Exception("remote"), "   at far away");
        try { ExceptionDispatchInfo.Throw(remote); } catch (Exception e) { Console.WriteLine(Lines(e).Split('|')[0] + " " + e.Message); }
        for (int i = 0; i < 4; i++) { int r = Returns(i); log.Add($"={r}"); }
        Flush("returns");
        Nested();
        var aggregate = new AggregateException("several", new FormatException("a"), new AggregateException(new IOException("b"), new AggregateException(new Custom("c"))));
        Console.WriteLine($"{aggregate.Message} | {aggregate.Flatten().InnerExceptions.Count} {aggregate.GetBaseException().GetType().Name} {new AggregateException(aggregate.InnerExceptions[0]).GetBaseException().GetType().Name}");
        try { aggregate.Flatten().Handle(e => e is FormatException or Custom); } catch (AggregateException e) { Console.WriteLine($"{e.InnerExceptions.Count} {e.InnerException!.Message}"); }
        Console.WriteLine(aggregate.ToString().ReplaceLineEndings("|"));
        try { Parallel.For(0, 3, i => throw new FormatException("p")); } catch (AggregateException e) { Console.WriteLine(e.InnerExceptions.All(x => x is FormatException)); }
        try { Task.Run(() => { throw new Custom("task"); }).Wait(); } catch (AggregateException e) { Console.WriteLine($"{e.InnerException} {e.InnerException!.StackTrace}"); }
        try { typeof(Program).GetMethod("Thrower", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, ["invoked"]); } catch (TargetInvocationException e) { Console.WriteLine($"{e.Message} {e.InnerException!.Message}"); }
        try { typeof(Program).GetMethod("Thrower", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, ["bare"], null); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        try { new Lazy<int>(() => throw new Custom("lazy")).Value.ToString(); } catch (Custom e) { Console.WriteLine(e); }
        var data = new Custom("with data", new FormatException("inner")) { HelpLink = "help", Source = "src", HResult = 5, Data = { ["k"] = 1 } };
        Console.WriteLine($"{data.Message} {data.InnerException!.Message} {data.HelpLink} {data.Source} {data.HResult} {data.Data["k"]} {data.StackTrace ?? "none"} {data.TargetSite?.Name ?? "no site"} {data.GetBaseException().Message}");
        try { Thrower("site"); } catch (Exception e) { Console.WriteLine($"{e.TargetSite!.Name} {e.Source} {e.HResult:x}"); }
        foreach (Action a in new Action[] { () => ArgumentNullException.ThrowIfNull((object?)null, "p"), () => ArgumentException.ThrowIfNullOrEmpty("", "q"), () => ArgumentOutOfRangeException.ThrowIfNegative(-1, "r"), () => ObjectDisposedException.ThrowIf(true, typeof(string)), () => ArgumentOutOfRangeException.ThrowIfGreaterThan(5, 3, "s"), () => throw null!, () => { string? s = null; _ = s ?? throw new Custom("expression"); }, () => _ = (new[] { 1 }[5]), () => _ = (int)(object)"x", () => _ = int.MaxValue switch { 1 => 1 }, () => throw new OperationCanceledException(new CancellationToken(true)), () => _ = checked((byte)Environment.ProcessId + int.MaxValue), () => Enum.Parse<DayOfWeek>("none"), () => Activator.CreateInstance(typeof(IDisposable)), () => new List<int>(-1) })
            try { a(); } catch (Exception e) { Console.WriteLine($"{e.GetType().Name}: {e.Message.ReplaceLineEndings("|")}"); }
        int depth = 0;
        try { Recurse(ref depth); } catch (Exception e) { Console.WriteLine($"{depth} {e.Message} {e.InnerException!.InnerException!.Message}"); }
    }

    private static void Recurse(ref int depth)
    {
        if (++depth == 50) throw new Exception("bottom");
        try { Recurse(ref depth); } catch (Exception e) when (depth > 0) { throw new Exception($"wrapped", e); }
    }
}
