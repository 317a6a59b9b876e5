// needs: PluginLib
// An assembly of a name that is loaded already: the same file, a copy, another version, another identity by each way of loading.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Loader;

internal static class Program
{
    private static readonly string s_dir = AppContext.BaseDirectory;
    private static string Clean(string s) => s.Replace(s_dir, "DIR/").Replace(s_temp, "TEMP/");
    private static readonly string s_temp = Directory.CreateTempSubdirectory().FullName + "/";
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {Clean(f()?.ToString() ?? "null")}"); }
        catch (FileLoadException e) { Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message)} [{Clean(e.FileName ?? "none")}] {e.HResult:x}"); }
        catch (FileNotFoundException e) { Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message)} [{Clean(e.FileName ?? "none")}] {e.HResult:x}"); }
        catch (BadImageFormatException e) { Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message)} [{Clean(e.FileName ?? "none")}] {e.HResult:x}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message)}"); }
    }

    private static string Make(string name, string version, string file)
    {
        var ab = new PersistedAssemblyBuilder(new AssemblyName(name) { Version = new Version(version) }, typeof(object).Assembly);
        TypeBuilder t = ab.DefineDynamicModule(name).DefineType("Made", TypeAttributes.Public);
        ILGenerator g = t.DefineMethod("Version", MethodAttributes.Public | MethodAttributes.Static, typeof(string), []).GetILGenerator();
        g.Emit(OpCodes.Ldstr, version);
        g.Emit(OpCodes.Ret);
        t.CreateType();
        string path = s_temp + file;
        ab.Save(path);
        return path;
    }
    private static string V(Assembly a) => $"{a.GetName().Version} {a.GetType("Made")?.GetMethod("Version")!.Invoke(null, null)}";

    private static void Main()
    {
        string one = Make("Twice", "1.0.0.0", "one.dll"), two = Make("Twice", "2.0.0.0", "two.dll"), copy = s_temp + "copy.dll";
        File.Copy(one, copy);
        var c = new AssemblyLoadContext("c", true);
        T("first", () => V(c.LoadFromAssemblyPath(one)));
        T("same path", () => c.LoadFromAssemblyPath(one) == c.Assemblies.First());
        T("copy", () => c.LoadFromAssemblyPath(copy) == c.Assemblies.First());
        T("another version", () => V(c.LoadFromAssemblyPath(two)));
        T("stream", () => c.LoadFromStream(new MemoryStream(File.ReadAllBytes(one))) == c.Assemblies.First());
        T("stream, another version", () => V(c.LoadFromStream(new MemoryStream(File.ReadAllBytes(two)))));
        T("by name", () => V(c.LoadFromAssemblyName(new AssemblyName("Twice"))));
        T("by name, older", () => V(c.LoadFromAssemblyName(new AssemblyName("Twice, Version=0.5.0.0"))));
        T("by name, newer", () => V(c.LoadFromAssemblyName(new AssemblyName("Twice, Version=2.0.0.0"))));
        T("other context", () => V(new AssemblyLoadContext("d", true).LoadFromAssemblyPath(two)));
        T("Default", () => V(AssemblyLoadContext.Default.LoadFromAssemblyPath(one)));
        T("Default copy", () => V(AssemblyLoadContext.Default.LoadFromAssemblyPath(copy)));
        T("Default by name", () => V(Assembly.Load("Twice")));
        T("LoadFrom", () => V(Assembly.LoadFrom(one)));
        T("LoadFrom copy", () => V(Assembly.LoadFrom(copy)));
        T("LoadFile", () => V(Assembly.LoadFile(two)));
        T("LoadFile twice", () => Assembly.LoadFile(two) == Assembly.LoadFile(two));
        T("LoadFile copy", () => Assembly.LoadFile(one) == Assembly.LoadFile(copy));
        T("bytes twice", () => { byte[] b = File.ReadAllBytes(one); return Assembly.Load(b) == Assembly.Load(b); });
        T("the program", () => AssemblyLoadContext.Default.LoadFromAssemblyPath(typeof(Program).Assembly.Location) == typeof(Program).Assembly);
        T("the program's copy", () => { File.Copy(typeof(Program).Assembly.Location, s_temp + "DuplicateLoads.dll"); return AssemblyLoadContext.Default.LoadFromAssemblyPath(s_temp + "DuplicateLoads.dll") == typeof(Program).Assembly; });
        T("the program in a context", () => c.LoadFromAssemblyPath(typeof(Program).Assembly.Location) == typeof(Program).Assembly);
        T("framework in a context", () => new AssemblyLoadContext("fx", true).LoadFromAssemblyPath(typeof(Enumerable).Assembly.Location) == typeof(Enumerable).Assembly);
        T("corelib in a context", () => new AssemblyLoadContext("core", true).LoadFromAssemblyPath(typeof(object).Assembly.Location) == typeof(object).Assembly);
        T("corelib's bytes", () => Assembly.Load(File.ReadAllBytes(typeof(object).Assembly.Location)) == typeof(object).Assembly);
        T("file locked", () => { using FileStream f = File.Open(two, FileMode.Open, FileAccess.ReadWrite, FileShare.None); return V(new AssemblyLoadContext("e", true).LoadFromAssemblyPath(two)); });
        T("file deleted", () => { var e = new AssemblyLoadContext("f", true); Assembly a = e.LoadFromAssemblyPath(copy); File.Delete(copy); return V(a) + Clean(a.Location); });
        T("directory", () => c.LoadFromAssemblyPath(s_temp));
        T("no extension", () => { File.Copy(one, s_temp + "plain"); return V(new AssemblyLoadContext("g", true).LoadFromAssemblyPath(s_temp + "plain")); });
        T("link", () => { File.CreateSymbolicLink(s_temp + "link.dll", one); return Clean(new AssemblyLoadContext("h", true).LoadFromAssemblyPath(s_temp + "link.dll").Location); });
        T("unreadable", () => { string u = Make("Unread", "1.0.0.0", "u.dll"); using FileStream f = File.OpenWrite(u); f.SetLength(100); f.Flush(); return new AssemblyLoadContext("i", true).LoadFromAssemblyPath(u); });
        T("two threads", () =>
        {
            for (int i = 0; i < 20; i++)
            {
                var k = new AssemblyLoadContext("k" + i, true);
                Assembly[] got = new Assembly[4];
                Thread[] ts = Enumerable.Range(0, 4).Select(j => new Thread(() => got[j] = k.LoadFromAssemblyPath(one))).ToArray();
                foreach (Thread t in ts) t.Start();
                foreach (Thread t in ts) t.Join();
                if (got.Distinct().Count() != 1 || k.Assemblies.Count() != 1) return "several";
            }
            return "one each";
        });
        Directory.Delete(s_temp, true);
    }
}
