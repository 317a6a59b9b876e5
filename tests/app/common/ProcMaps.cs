// Writes the names of the files mapped into this process to the file named by STATOR_TEST_MAPS, when the process exits.
// The runner looks there for native parts of another runtime.  Without the variable it does nothing.
using System.Runtime.CompilerServices;

internal static class ProcMaps
{
    [ModuleInitializer]
    internal static void Register()
    {
        if (Environment.GetEnvironmentVariable("STATOR_TEST_MAPS") is { Length: > 0 } target)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Write(target);
    }

    private static void Write(string target)
    {
        var names = new List<string>();
        foreach (string line in File.ReadAllLines("/proc/self/maps"))
        {
            int slash = line.IndexOf('/');
            if (slash >= 0 && !names.Contains(line.Substring(slash))) names.Add(line.Substring(slash));
        }
        File.WriteAllLines(target, names);
    }
}
