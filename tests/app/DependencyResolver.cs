// needs: SharedContract
// needs: GreeterPlugin
// AssemblyDependencyResolver: a plug-in's folder with a deps.json (packages' versions, satellites, native libraries by runtime) and one without; wrong
// paths; a plug-in that gets its own version of a library beside the host's.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

internal sealed class PluginContext(string path) : AssemblyLoadContext("plug-in", true)
{
    private readonly AssemblyDependencyResolver _resolver = new(path);
    protected override Assembly? Load(AssemblyName n) => _resolver.ResolveAssemblyToPath(n) is { } p ? LoadFromAssemblyPath(p) : null;
    protected override nint LoadUnmanagedDll(string n) => _resolver.ResolveUnmanagedDllToPath(n) is { } p ? LoadUnmanagedDllFromPath(p) : 0;
}

internal static class Program
{
    private static readonly string s_temp = Directory.CreateTempSubdirectory().FullName + "/";
    private static string Clean(string s) => s.Replace(s_temp, "TEMP/").Replace(AppContext.BaseDirectory, "DIR/");
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {Clean(f()?.ToString() ?? "null")}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message).Split('\n')[0]}"); }
    }

    private static void Make(string name, string version, string path, string? culture = null)
    {
        var n = new AssemblyName(name) { Version = new Version(version), CultureName = culture };
        var ab = new PersistedAssemblyBuilder(n, typeof(object).Assembly);
        TypeBuilder t = ab.DefineDynamicModule(name).DefineType("Made", TypeAttributes.Public);
        ILGenerator g = t.DefineMethod("Version", MethodAttributes.Public | MethodAttributes.Static, typeof(string), []).GetILGenerator();
        g.Emit(OpCodes.Ldstr, $"{name} {version} {culture}");
        g.Emit(OpCodes.Ret);
        t.CreateType();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ab.Save(path);
    }

    private static void Main()
    {
        string folder = s_temp + "with/", plain = s_temp + "plain/";
        Make("Plugin", "1.0.0.0", folder + "Plugin.dll");
        Make("Package", "2.5.0.0", folder + "Package.dll");
        Make("ByRuntime", "1.0.0.0", folder + "runtimes/linux/lib/net10.0/ByRuntime.dll");
        Make("ByRuntime", "0.1.0.0", folder + "ByRuntime.dll");
        Make("Unlisted", "1.0.0.0", folder + "Unlisted.dll");
        Make("Plugin.resources", "1.0.0.0", folder + "fr/Plugin.resources.dll", "fr");
        Directory.CreateDirectory(folder + "runtimes/linux-x64/native");
        File.Copy("/proc/self/exe", folder + "runtimes/linux-x64/native/libown.so", true);
        File.WriteAllText(folder + "Plugin.deps.json", """
            {"runtimeTarget":{"name":".NETCoreApp,Version=v10.0","signature":""},"compilationOptions":{},
            "targets":{".NETCoreApp,Version=v10.0":{
              "Plugin/1.0.0":{"dependencies":{"Package":"2.5.0","ByRuntime":"1.0.0"},"runtime":{"Plugin.dll":{}},"resources":{"fr/Plugin.resources.dll":{"locale":"fr"}}},
              "Package/2.5.0":{"runtime":{"lib/net10.0/Package.dll":{"assemblyVersion":"2.5.0.0","fileVersion":"2.5.0.0"}}},
              "ByRuntime/1.0.0":{"runtime":{"lib/net10.0/ByRuntime.dll":{}},"runtimeTargets":{
                 "runtimes/linux/lib/net10.0/ByRuntime.dll":{"rid":"linux","assetType":"runtime","assemblyVersion":"1.0.0.0","fileVersion":"1.0.0.0"},
                 "runtimes/linux-x64/native/libown.so":{"rid":"linux-x64","assetType":"native","fileVersion":"0.0.0.0"}}}}},
            "libraries":{"Plugin/1.0.0":{"type":"project","serviceable":false,"sha512":""},"Package/2.5.0":{"type":"package","serviceable":true,"sha512":""},
              "ByRuntime/1.0.0":{"type":"package","serviceable":true,"sha512":""}}}
            """);
        Make("Plain", "1.0.0.0", plain + "Plain.dll");
        Make("Beside", "3.0.0.0", plain + "Beside.dll");

        T("null", () => new AssemblyDependencyResolver(null!));
        T("no file", () => new AssemblyDependencyResolver("/no/such/plugin.dll"));
        T("no such in folder", () => new AssemblyDependencyResolver(folder + "none.dll"));
        T("folder", () => new AssemblyDependencyResolver(folder));
        var r = new AssemblyDependencyResolver(folder + "Plugin.dll");
        foreach (string name in new[] { "Plugin", "Package", "package", "ByRuntime", "Unlisted", "System.Runtime", "Missing", "Package, Version=9.0.0.0", "Plugin.resources, Culture=fr", "Plugin.resources, Culture=de" })
            T(name, () => r.ResolveAssemblyToPath(new AssemblyName(name)));
        T("null name", () => r.ResolveAssemblyToPath(null!));
        T("empty name", () => r.ResolveAssemblyToPath(new AssemblyName()));
        foreach (string name in new[] { "own", "libown", "libown.so", "own.so", "OWN", "other", "/abs/lib.so" })
            T("native " + name, () => r.ResolveUnmanagedDllToPath(name));
        T("native null", () => r.ResolveUnmanagedDllToPath(null!));
        var q = new AssemblyDependencyResolver(plain + "Plain.dll");
        foreach (string name in new[] { "Plain", "Beside", "Missing" }) T(name, () => q.ResolveAssemblyToPath(new AssemblyName(name)));
        T("native of none", () => q.ResolveUnmanagedDllToPath("own"));

        var c = new PluginContext(folder + "Plugin.dll");
        T("plug-in", () => c.LoadFromAssemblyName(new AssemblyName("Plugin")).GetType("Made")!.GetMethod("Version")!.Invoke(null, null));
        T("its package", () => c.LoadFromAssemblyName(new AssemblyName("Package")).GetType("Made")!.GetMethod("Version")!.Invoke(null, null));
        T("by runtime", () => c.LoadFromAssemblyName(new AssemblyName("ByRuntime")).GetType("Made")!.GetMethod("Version")!.Invoke(null, null));
        T("its satellite", () => c.Assemblies.First(a => a.GetName().Name == "Plugin").GetSatelliteAssembly(new("fr")).GetName().FullName);
        T("no satellite", () => c.Assemblies.First(a => a.GetName().Name == "Plugin").GetSatelliteAssembly(new("de")));
        var two = new PluginContext(typeof(Program).Assembly.Location.Replace("DependencyResolver.dll", "GreeterPlugin.dll"));
        T("greeter", () => two.LoadFromAssemblyName(new AssemblyName("GreeterPlugin")).GetType("Greeter")!.GetInterfaces()[0].Assembly.Location);
        File.WriteAllText(plain + "Broken.deps.json", "{ not json");
        File.Copy(plain + "Plain.dll", plain + "Broken.dll");
        T("broken deps.json", () => { try { _ = new AssemblyDependencyResolver(plain + "Broken.dll"); return "made"; } catch (InvalidOperationException e) { return e.Message.Contains("error code -2147450740") || e.Message.Contains("error code -2147450741") || e.Message.Contains("-2147450733"); } });
        Directory.Delete(s_temp, true);
    }
}
