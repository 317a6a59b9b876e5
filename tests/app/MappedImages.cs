// needs: PluginLib
// An assembly's file: mapped and not read when it is loaded by its path, its pages the system's own and so every process's; a copy when it is loaded
// from a stream; gone from the address space with its context, which says once that it unloads.  One name in two versions, side by side.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal static class Program
{
    private static int s_unloading;
    private static string s_folder = "";

    private static string[] Lines(string path) => File.ReadLines("/proc/self/maps").Where(l => l.EndsWith(path)).ToArray();

    // what the process alone has of the file's pages: 0 while nobody wrote there
    private static int OwnPages(string path)
    {
        int own = 0;
        bool here = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
            if (line.Length > 0 && !char.IsAsciiLetterUpper(line[0])) here = line.EndsWith(path);
            else if (here && line.StartsWith("Private_Dirty:")) own += int.Parse(string.Concat(line.Where(char.IsAsciiDigit)));
        return own;
    }

    // PluginLib with another version in its Assembly row
    private static string Version(byte major)
    {
        byte[] image = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "PluginLib.dll"));
        int at = image.AsSpan().IndexOf(new byte[] { 4, 0x80, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0 });
        image[at + 4] = major;
        image[at + 6] = 0;
        string folder = Directory.CreateDirectory(Path.Combine(s_folder, "v" + major)).FullName, path = Path.Combine(folder, "PluginLib.dll");
        File.WriteAllBytes(path, image);
        return path;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Mapped(string path)
    {
        var c = new AssemblyLoadContext("mapped", true);
        c.Unloading += _ => s_unloading++;
        Assembly a = c.LoadFromAssemblyPath(path);
        Console.WriteLine(a.GetType("Plugin")!.GetMethod("Context")!.Invoke(null, null) + " " + (a.Location == path));
        Console.WriteLine($"mapped: {Lines(path).Length > 0}, written to: {OwnPages(path)}");
        c.Unload();
        return new WeakReference(c, true);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Copied(string path)
    {
        var c = new AssemblyLoadContext("copied", true);
        c.Unloading += _ => s_unloading++;
        using FileStream s = File.OpenRead(path);
        Assembly a = c.LoadFromStream(s);
        Console.WriteLine(a.GetType("Plugin")!.GetMethod("Context")!.Invoke(null, null) + $" [{a.Location}] mapped: {Lines(path).Length > 0}");
        c.Unload();
        return new WeakReference(c, true);
    }

    private static void Gone(string what, WeakReference w, string path)
    {
        for (int i = 0; i < 50 && (w.IsAlive || Lines(path).Length > 0); i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
        Console.WriteLine($"{what}: gone {!w.IsAlive}, mapped {Lines(path).Length > 0}, unloading said {s_unloading} times");
    }

    private static void Main()
    {
        s_folder = Directory.CreateTempSubdirectory("images").FullName;
        string one = Version(1), two = Version(2);
        Gone("by path", Mapped(one), one);
        Gone("from a stream", Copied(one), one);

        var c1 = new AssemblyLoadContext("first");
        var c2 = new AssemblyLoadContext("second");
        Assembly a1 = c1.LoadFromAssemblyPath(one), a2 = c2.LoadFromAssemblyPath(two);
        Console.WriteLine(a1.GetName().Version + " and " + a2.GetName().Version + ": " + (a1.GetType("Plugin") == a2.GetType("Plugin")));
        foreach (var (c, version) in new[] { (c1, "1.0.0.0"), (c1, "3.0.0.0"), (c2, "1.0.0.0"), (AssemblyLoadContext.Default, "3.0.0.0") })
            try { Console.WriteLine($"{c.Name} {version}: " + c.LoadFromAssemblyName(new AssemblyName("PluginLib, Version=" + version)).GetName().Version); }
            catch (Exception e) { Console.WriteLine($"{c.Name} {version}: {e.GetType().Name} 0x{e.HResult:x}: {e.Message}"); }
        Directory.Delete(s_folder, true);
    }
}
