// Events switched off by runtimeconfig.json; the library's texts as keys; no user-defined cultures.
// knob: System.Diagnostics.Tracing.EventSource.IsSupported=false
// knob: System.Resources.UseSystemResourceKeys=true
// knob: System.StartupHookProvider.IsSupported=false
// knob: System.Runtime.Serialization.EnableUnsafeBinaryFormatterSerialization=false
// env: DOTNET_STARTUP_HOOKS=/no/such/hook.dll
using System.Diagnostics.Tracing;

internal sealed class Source : EventSource
{
    [Event(1)] public void Said(string what) => WriteEvent(1, what);
}

internal static class Program
{
    private static void Main()
    {
        var s = new Source();
        s.Said("x");
        Console.WriteLine($"{s.IsEnabled()} {s.Name}");
        try { ArgumentNullException.ThrowIfNull((object?)null, "p"); } catch (Exception e) { Console.WriteLine(e.Message); }
        try { int.Parse("x"); } catch (Exception e) { Console.WriteLine(e.Message); }
        try { _ = ((object)"s" as int[])!.Length; } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
    }
}
