// throw; against throw e;, inner exceptions, AggregateException, ExceptionDispatchInfo, Data, HResult, base exceptions, custom ToString.
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

internal sealed class Custom(string m, Exception? inner = null, int code = 0) : Exception(m, inner)
{
    public int Code => code;
    public override string Message => $"[{code}] {base.Message}";
}

internal sealed class Plain : Exception
{
    public override string ToString() => "plain text";
    public override string? StackTrace => "no trace";
}

internal static class Program
{
    private static string Frames(Exception e)
        => string.Join(">", (e.StackTrace ?? "").Split('\n').Where(l => l.Contains("Program."))
            .Select(l => l.Split("Program.")[1].Split('(')[0]));

    [MethodImpl(MethodImplOptions.NoInlining)] private static void Source() => throw new Custom("source", code: 3);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Same() { try { Source(); } catch (Custom) { throw; } }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Reset() { try { Source(); } catch (Custom e) { throw e; } }
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Wrap() { try { Source(); } catch (Custom e) { throw new InvalidOperationException("wrapped", e); } }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Dispatch()
    {
        ExceptionDispatchInfo? d = null;
        try { Source(); } catch (Custom e) { d = ExceptionDispatchInfo.Capture(e); }
        Again(d!);
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static void Again(ExceptionDispatchInfo d) => d.Throw();
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Exception Catch(Action a) { try { a(); } catch (Exception e) { return e; } throw new Exception("nothing thrown"); }
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Twice() { try { try { Source(); } catch (Custom) { throw; } } catch (Custom e) when (e.Code == 3) { throw; } }

    private static void Main()
    {
        foreach (Action a in new Action[] { Source, Same, Reset, Dispatch, Twice })
        {
            Exception e = Catch(a);
            Console.WriteLine($"{e.GetType().Name} {e.Message} {Frames(e)}");
        }
        Exception w = Catch(Wrap);
        Console.WriteLine($"{w.Message} <- {w.InnerException!.Message} base {w.GetBaseException().Message} {Frames(w)} | " +
            $"{Frames(w.InnerException)}");
        Console.WriteLine(string.Join(" / ", w.ToString().Split('\n').Where(l => !l.StartsWith("   at ")).Select(l => l.Trim())));
        w.Data["key"] = 5;
        w.HelpLink = "help";
        w.Source = "src";
        Console.WriteLine($"{w.Data["key"]} {w.Data.Count} {w.HelpLink} {w.Source} {w.HResult:X8} {new OverflowException().HResult:X8} " +
            $"{w.TargetSite!.Name}");
        Console.WriteLine(new Plain()); Console.WriteLine(new Custom("no trace", new Plain(), 8).ToString());
        var agg = new AggregateException("several", new Custom("a"), new AggregateException(new FormatException("b"),
            new Custom("c", code: 1)));
        Console.WriteLine(agg.Message);
        Console.WriteLine(string.Join(",", agg.Flatten().InnerExceptions.Select(e => e.Message)));
        try { agg.Flatten().Handle(e => e is Custom); }
        catch (AggregateException left) { Console.WriteLine(left.InnerExceptions.Count + " " + left.InnerException!.Message); }
        Exception reused = new InvalidOperationException("reused");
        for (int i = 0; i < 3; i++) { try { throw reused; } catch (Exception e) { Console.WriteLine(Frames(e)); } }
        Console.WriteLine(Frames(ExceptionDispatchInfo.SetCurrentStackTrace(new Exception("never thrown"))));
        try { throw null!; } catch (NullReferenceException) { Console.WriteLine("throw null"); }
        try { try { Source(); } finally { Console.WriteLine("between"); } } catch (Exception e) { Console.WriteLine(Frames(e)); }
        Console.WriteLine(new Exception().Message + "|" + new Exception(null, null).InnerException + "|" + new Exception("x").StackTrace);
        try { ArgumentNullException.ThrowIfNull((object?)null, "param"); }
        catch (ArgumentNullException e) { Console.WriteLine(e.Message + e.ParamName); }
        try { ArgumentOutOfRangeException.ThrowIfGreaterThan(5, 3); }
        catch (ArgumentOutOfRangeException e) { Console.WriteLine(e.Message.Replace("\n", "/")); }
        try { ObjectDisposedException.ThrowIf(true, "x"); } catch (ObjectDisposedException e) { Console.WriteLine(e.ObjectName); }
    }
}
