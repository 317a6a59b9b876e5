// stress: loose
// Exceptions as the runtime's event source tells them: each throw with type, text and flags, and the filters, finally bodies and catches that it reaches.
using System.Diagnostics.Tracing;
using System.Runtime.CompilerServices;

internal sealed class Hears : EventListener
{
    private readonly List<(long, string)> events = [];

    protected override void OnEventSourceCreated(EventSource s)
    {
        if (s.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(s, EventLevel.Informational, (EventKeywords)0x8000);
    }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        if (e.EventName is "ExceptionCatchStop" or "ExceptionThrownStop") return; // here a catch body is part of its method: nobody sees its end
        string payload = e.EventName == "ExceptionThrown_V1" ? $"{e.Payload![0]} | {e.Payload[1]} | {e.Payload[3]:x} | {e.Payload[4]}"
            : e.Payload!.Count > 0 ? $"{(ulong)e.Payload[0]! != 0} {(ulong)e.Payload[1]! != 0} {e.Payload[2]}" : "";
        lock (events) events.Add((e.OSThreadId, $"{e.EventId} {e.EventName} {e.Level} {string.Join(",", e.PayloadNames!)}: {payload}"));
    }

    // those of the thread that threw the last; events come through a queue
    public void Show(string last)
    {
        for (int i = 0; i < 400; i++, Thread.Sleep(5))
            lock (events)
            {
                (long thread, string text) = events.Find(e => e.Item2.Contains(last));
                if (text == null) continue;
                foreach (var (t, s) in events) if (t == thread && !s.Contains("System.Globalization")) Console.WriteLine(s);
                return;
            }
        Console.WriteLine("did not come");
    }
}

internal sealed class Silent() : Exception(null) { public override string Message => "overridden"; }

internal class Box<T>
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Swallow<U>(T t, List<U> list, ref int i, int[,] square, KeyValuePair<string, int> pair) { try { throw new Silent(); } catch (Silent) { } }
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Pass(object o, nint n, char c, byte b, double d) { try { throw new Silent(); } finally { GC.KeepAlive(o); } }
}

internal static class Program
{
    private static bool Throws(Exception e)
    {
        try { throw new FormatException("in a filter"); }
        catch (FormatException) { return e is Silent; }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void All(int zero, object text)
    {
        try { throw new FormatException("words"); } catch (FormatException) { }
        try { throw new FormatException(); } catch (FormatException) { }
        try { throw new Silent(); } catch { try { throw new FormatException("in a catch"); } catch { } }
        try { try { throw new Silent(); } finally { try { throw new FormatException("in a finally"); } catch { } } } catch { }
        try { try { throw new Silent(); } catch { throw; } } catch { }
        try { try { throw new Silent(); } catch (Exception e) { throw new Exception("outer", e); } } catch { }
        try { throw new Silent(); } catch (Exception e) when (Throws(e)) { }
        try { Console.WriteLine(1 / zero); } catch (DivideByZeroException) { }
        try { GC.KeepAlive((int[])text); } catch (InvalidCastException) { }
        try { ((string)null!).Trim(); } catch (NullReferenceException) { }
        int i = 0;
        Box<string>.Swallow<int>("", [], ref i, new int[1, 1], default);
        Box<int>.Swallow<string>(1, [], ref i, new int[1, 1], default);
        try { new Box<DayOfWeek>().Pass(text, 0, 'c', 1, 1); } catch { }
        try { throw new TimeoutException("the last"); } catch (TimeoutException) { }
    }

    private static void Main()
    {
        using var hears = new Hears();
        All(0, "text");
        hears.Show("the last");
    }
}
