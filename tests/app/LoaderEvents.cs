// stress: loose
// What the runtime's event source tells of assemblies (how each was found, that it is there), of compiled methods, threads, and waits.
using System.Diagnostics.Tracing;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal sealed class Hears : EventListener
{
    private readonly List<string> events = [];

    protected override void OnEventSourceCreated(EventSource s)
    {
        if (s.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(s, EventLevel.Verbose, (EventKeywords)(0x4 | 0x8 | 0x30 | 0x10000 | 1L << 42));
    }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        string payload = string.Join(" | ", e.Payload!.Select((x, i) => x switch
        {
            nint or ulong => e.PayloadNames![i] == "AssociatedObjectID" && x is nint n && n == 0 ? "none" : "id",
            uint when e.PayloadNames![i] is "MethodSize" or "MethodFlags" or "Flags" or "ManagedThreadIndex" or "OSThreadID" => "number",
            string s when s.Length > 0 && s[0] == '/' => Path.GetFileName(s),
            _ => x?.ToString(),
        }));
        lock (events) events.Add($"{e.EventId} {e.EventName} {e.Level} {e.Opcode} {string.Join(",", e.PayloadNames!)}: {payload}");
    }

    // those with the text, each kind once; events come through a queue
    public void Show(string text, params string[] names)
    {
        foreach (string name in names)
            for (int i = 0; ; i++, Thread.Sleep(5))
            {
                lock (events)
                    if (events.Find(e => e.Split(' ')[1] == name && e.Contains(text)) is string found) { Console.WriteLine(found); break; }
                if (i == 400) { Console.WriteLine($"{name} of {text} did not come"); break; }
            }
    }
}

internal class Box<T>
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe void Shape<U>(T t, List<U> list, ref int i, int[,] square, KeyValuePair<string, int> pair, delegate*<int, void> f, int* p) { }
    [MethodImpl(MethodImplOptions.NoInlining)]
    public string Plain(object o, nint n, char c, byte b, double d, params DayOfWeek[] days) => "";
}

internal static class Program
{
    private static unsafe void Main()
    {
        using var hears = new Hears();
        var context = new AssemblyLoadContext("own", true);
        context.LoadFromAssemblyPath(typeof(Program).Assembly.Location);
        try { context.LoadFromAssemblyName(new("Nothing.There")); } catch (FileNotFoundException) { }
        context.LoadFromAssemblyName(new("System.Net.Ping"));
        Assembly.Load("System.Net.WebProxy");
        AssemblyBuilder.DefineDynamicAssembly(new("Emitted"), AssemblyBuilderAccess.Run);
        string[] bind = ["AssemblyLoadStart", "ResolutionAttempted", "AssemblyLoadStop"], load = ["AssemblyLoad_V1", "ModuleLoad_V3", "DomainModuleLoad_V1"];
        hears.Show("\"own\"", bind);
        hears.Show("Nothing.There", bind);
        hears.Show("System.Net.Ping", [.. bind, "KnownPathProbed", .. load]);
        hears.Show("System.Net.WebProxy", [.. bind, "KnownPathProbed", .. load]);
        hears.Show("Emitted", load);
        int i = 0;
        Box<string>.Shape<int>("", [], ref i, new int[1, 1], default, null, null);
        Box<int>.Shape<string>(1, [], ref i, new int[1, 1], default, null, null);
        new Box<DayOfWeek>().Plain("", 0, 'c', 1, 1);
        var dynamic = new DynamicMethod("made", typeof(int), [typeof(string)]);
        ILGenerator il = dynamic.GetILGenerator();
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Ret);
        dynamic.CreateDelegate<Func<string, int>>()("");
        foreach (string x in new[] { "__Canon] | Shape", "Int32] | Shape", "Plain", "made" }) hears.Show(x, "MethodJittingStarted_V1", "MethodLoadVerbose_V2");
        var t = new Thread(() => Thread.Sleep(20));
        t.Start();
        t.Join();
        hears.Show("", "ThreadCreating", "ThreadRunning", "ThreadCreated");
        using var auto = new AutoResetEvent(false);
        auto.WaitOne(5);
        lock (auto) Monitor.Wait(auto, 5);
        hears.Show(": 0 | none", "WaitHandleWaitStart");
        hears.Show(": 1 | id", "WaitHandleWaitStart");
        hears.Show("", "WaitHandleWaitStop");
    }
}
