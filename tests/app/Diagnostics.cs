// EventSource and EventListener, Activity, DiagnosticListener, Meter, Debug and Trace, StackTrace, AppContext switches, Process.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;

[EventSource(Name = "Stator-Test")]
internal sealed class Src : EventSource
{
    public static readonly Src Log = new();
    [Event(1, Level = EventLevel.Informational, Message = "m {0}")] public void Start(int id, string name) => WriteEvent(1, id, name);
    [Event(2, Level = EventLevel.Verbose, Keywords = (EventKeywords)4)]
    public void Detail(long a, double b, Guid g) => WriteEvent(2, a, b, g);
    [NonEvent] public void Nothing() { }
}

internal sealed class Lis : EventListener
{
    public List<string> Got = [];
    protected override void OnEventSourceCreated(EventSource s) { if (s.Name == "Stator-Test") EnableEvents(s, EventLevel.Informational); }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        if (e.EventSource.Name == "Stator-Test")
            Got.Add($"{e.EventId}:{e.EventName}:{string.Join(",", e.Payload!)}:{string.Join(",", e.PayloadNames!)}");
    }
}

internal sealed class Obs : IObserver<KeyValuePair<string, object?>>
{
    public void OnCompleted() { }
    public void OnError(Exception e) { }
    public void OnNext(KeyValuePair<string, object?> v) => Console.WriteLine("diag " + v.Key + v.Value);
}

internal static class Program
{
    private static void Main()
    {
        using (var l = new Lis())
        {
            Src.Log.Start(1, "one");
            Src.Log.Detail(2, 3.5, Guid.Empty);
            l.EnableEvents(Src.Log, EventLevel.Verbose, (EventKeywords)4);
            Src.Log.Detail(2, 3.5, Guid.Empty);
            Src.Log.Write("dyn", new { A = 1, B = "b" });
            Src.Log.Nothing();
            Console.WriteLine(string.Join(" ", l.Got));
        }
        Console.WriteLine(Src.Log.IsEnabled() + Src.Log.Name);
        using var asrc = new ActivitySource("S");
        using var al = new ActivityListener { ShouldListenTo = s => s.Name == "S",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = a => Console.WriteLine($"stopped " +
            $"{a.OperationName} {string.Join(",", a.Tags)} {a.Parent?.OperationName}") };
        ActivitySource.AddActivityListener(al);
        using (var a = asrc.StartActivity("outer"))
        {
            a!.SetTag("k", "v");
            using (asrc.StartActivity("inner")) { }
            Console.WriteLine(Activity.Current == a);
        }
        using var dl = new DiagnosticListener("D");
        using (dl.Subscribe(new Obs())) if (dl.IsEnabled("x")) dl.Write("x", 5);
        using var meter = new Meter("M");
        var ctr = meter.CreateCounter<int>("c");
        using var ml = new MeterListener();
        ml.InstrumentPublished = (i, x) => { if (i.Meter.Name == "M") x.EnableMeasurementEvents(i); };
        int total = 0;
        ml.SetMeasurementEventCallback<int>((i, v, t, s) => total += v);
        ml.Start();
        ctr.Add(5);
        ctr.Add(7);
        Console.WriteLine(total);
        Trace.Listeners.Clear();
        var sw = new StringWriter();
        Trace.Listeners.Add(new TextWriterTraceListener(sw));
        Trace.WriteLine("traced");
        Trace.Flush();
        Console.Write(sw);
        Debug.WriteLine("not in release");
        Console.WriteLine(Debugger.IsAttached);
        AppContext.SetSwitch("My.Switch", true);
        Console.WriteLine(AppContext.TryGetSwitch("My.Switch", out bool on) && on);
        AppContext.SetData("data", 5);
        Console.WriteLine(AppContext.GetData("data"));
        Console.WriteLine(AppContext.TargetFrameworkName + " " + AppDomain.CurrentDomain.FriendlyName + " " +
            (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") is string { Length: > 100 }) + AppDomain.CurrentDomain.IsDefaultAppDomain() +
            AppDomain.CurrentDomain.GetAssemblies().Any(a => a.GetName().Name == "Diagnostics"));
        using (var p = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read x; echo got $x; echo err >&2; exit 3"]) {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["VAR"] = "1" } })!)
        {
            p.StandardInput.WriteLine("input");
            string o = p.StandardOutput.ReadToEnd(), e = p.StandardError.ReadToEnd();
            p.WaitForExit();
            Console.WriteLine(o.Trim() + e.Trim() + p.ExitCode);
        }
        using Process me = Process.GetCurrentProcess();
        Console.WriteLine($"{me.Id == Environment.ProcessId} {me.WorkingSet64 > 0} {Environment.ProcessPath != null} " +
            $"{Environment.ProcessorCount > 0} {Environment.Is64BitProcess} {Environment.OSVersion.Platform} {Environment.Version} " +
            $"{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture} {OperatingSystem.IsLinux()} " +
            $"{Environment.UserName.Length > 0} {Environment.MachineName.Length > 0} {Environment.SystemPageSize} " +
            $"{Environment.CurrentDirectory.Length > 0}");
        Console.WriteLine(System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);
        Console.WriteLine(new StackTrace(true).GetFrame(0)!.GetFileLineNumber() > 0);
    }
}
