// What a program is told from outside: AppContext's data and switches from runtimeconfig.json, DOTNET_ variables, whether events are switched off.
// knob: My.Text=some-text
// knob: My.Number=42
// knob: My.Switch.On=true
// knob: My.Switch.Off=false
// knob: My.Switch.Text=perhaps
// knob: System.Threading.ThreadPool.MinThreads=5
// knob: System.Threading.ThreadPool.MaxThreads=50
// knob: System.Globalization.Invariant=true
// knob: System.Globalization.PredefinedCulturesOnly=false
// knob: System.Diagnostics.Tracing.EventSource.IsSupported=true
// env: DOTNET_PROCESSOR_COUNT=3 DOTNET_SYSTEM_NET_DISABLEIPV6=1 MY_VARIABLE=value DOTNET_Thread_DefaultStackSize=80000
using System.Collections;
using System.Diagnostics.Tracing;
using System.Globalization;

[EventSource(Name = "Switches-Source")]
internal sealed class Source : EventSource
{
    public static readonly Source Log = new();
    [Event(1)] public void Said(string what, int n) => WriteEvent(1, what, n);
}

internal sealed class Listener : EventListener
{
    public readonly List<string> Heard = [];
    protected override void OnEventSourceCreated(EventSource s) { if (s.Name == "Switches-Source") EnableEvents(s, EventLevel.Verbose); }
    protected override void OnEventWritten(EventWrittenEventArgs e) { if (e.EventSource.Name == "Switches-Source") lock (Heard) Heard.Add($"{e.EventName} {string.Join(",", e.Payload!)} {e.Level}"); }
}

internal static class Program
{
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f() ?? "null"}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }
    private static string Switch(string name) => $"{AppContext.TryGetSwitch(name, out bool on)} {on}";
    private static int Deep(int n) { try { System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack(); } catch (InsufficientExecutionStackException) { return n; } return Deep(n + 1) + 0 * n; }

    [STAThread, LoaderOptimization(LoaderOptimization.MultiDomainHost)]
    private static void Main()
    {
        foreach (string n in new[] { "My.Text", "My.Number", "My.Switch.On", "Nothing" }) T(n, () => AppContext.GetData(n));
        foreach (string n in new[] { "My.Switch.On", "My.Switch.Off", "My.Switch.Text", "My.Text", "Nothing" }) T("switch " + n, () => Switch(n));
        T("type of data", () => AppContext.GetData("My.Number")!.GetType());
        T("set switch", () => { AppContext.SetSwitch("Mine", true); return Switch("Mine"); });
        T("set again", () => { AppContext.SetSwitch("My.Switch.On", false); return Switch("My.Switch.On") + AppContext.GetData("My.Switch.On"); });
        T("set data", () => { AppContext.SetData("Data", 5); return AppContext.GetData("Data"); });
        T("set data as switch", () => { AppContext.SetData("Other.Switch", "true"); return Switch("Other.Switch"); });
        T("null", () => AppContext.GetData(null!));
        T("empty switch", () => AppContext.TryGetSwitch("", out _));
        T("domain data", () => { AppDomain.CurrentDomain.SetData("D", "x"); return AppDomain.CurrentDomain.GetData("D") + "" + AppContext.GetData("D"); });
        T("domain", () => $"{AppDomain.CurrentDomain.FriendlyName} {AppDomain.CurrentDomain.Id} {AppDomain.CurrentDomain.IsDefaultAppDomain()} {AppDomain.CurrentDomain.IsFullyTrusted} {AppDomain.CurrentDomain.IsHomogenous} {AppDomain.CurrentDomain.ShadowCopyFiles} {AppDomain.CurrentDomain.RelativeSearchPath ?? "none"} {AppDomain.CurrentDomain.DynamicDirectory ?? "none"}");
        T("create domain", () => AppDomain.CreateDomain("second"));
        T("unload domain", () => { AppDomain.Unload(AppDomain.CurrentDomain); return null; });
        T("base", () => AppContext.BaseDirectory == AppDomain.CurrentDomain.BaseDirectory && AppContext.BaseDirectory.EndsWith('/'));
        T("framework", () => AppContext.TargetFrameworkName + " " + AppDomain.CurrentDomain.SetupInformation.TargetFrameworkName + " " + System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);
        T("runtime", () => $"{Environment.Version} {System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier} {System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture}");
        T("properties", () => string.Join(" ", new[] { "TRUSTED_PLATFORM_ASSEMBLIES", "APP_CONTEXT_BASE_DIRECTORY", "FX_DEPS_FILE", "RUNTIME_IDENTIFIER" }.Select(p => AppContext.GetData(p) != null)));
        T("pool", () => { ThreadPool.GetMinThreads(out int a, out _); ThreadPool.GetMaxThreads(out int b, out _); return $"{a} {b}"; });
        T("processors", () => Environment.ProcessorCount);
        T("invariant", () => { string s = CultureInfo.GetCultureInfo("de-DE").NumberFormat.NumberDecimalSeparator; return s + CultureInfo.CurrentCulture.Name; });
        T("stack size", () => { int d = 0; var t = new Thread(() => d = Deep(0)); t.Start(); t.Join(); int big = 0; var u = new Thread(() => big = Deep(0), 8 << 20); u.Start(); u.Join(); return big > d * 8; });
        T("variable", () => $"{Environment.GetEnvironmentVariable("MY_VARIABLE")} {Environment.GetEnvironmentVariable("my_variable") ?? "none"}");
        T("set variable", () => { Environment.SetEnvironmentVariable("MY_VARIABLE", "new"); Environment.SetEnvironmentVariable("EMPTY", ""); return Environment.GetEnvironmentVariable("MY_VARIABLE") + $"[{Environment.GetEnvironmentVariable("EMPTY") ?? "null"}]"; });
        T("all variables", () => ((IDictionary)Environment.GetEnvironmentVariables()).Contains("MY_VARIABLE"));
        T("expand", () => Environment.ExpandEnvironmentVariables("%MY_VARIABLE%-%NONE%"));
        T("bad variable", () => { Environment.SetEnvironmentVariable("A=B", "x"); return null; });
        T("child sees it", () =>
        {
            var i = new System.Diagnostics.ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true };
            i.ArgumentList.Add("-c");
            i.ArgumentList.Add("echo $MY_VARIABLE");
            using var p = System.Diagnostics.Process.Start(i)!;
            return p.StandardOutput.ReadToEnd().Trim();
        });
        T("events", () => { using var l = new Listener(); Source.Log.Said("a", 1); Source.Log.Write("Dynamic", new { x = 1 }); return $"{Source.Log.IsEnabled()} {string.Join(" | ", l.Heard)}"; });
        T("none listening", () => Source.Log.IsEnabled());
    }
}
