// needs: PluginLib
// What is asked and in which order when an assembly, a type, a resource or a native library is not found: Load, Resolving, AssemblyResolve,
// TypeResolve, ResourceResolve, ResolvingUnmanagedDll, AssemblyLoad; answers of the wrong kind; exceptions from events; names that are refused.
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

internal sealed class Asking(string n, Func<AssemblyName, Assembly?>? load = null) : AssemblyLoadContext(n, true)
{
    public readonly List<string> Log = [];
    protected override Assembly? Load(AssemblyName name) { Log.Add("Load " + name.Name); return load?.Invoke(name); }
    protected override nint LoadUnmanagedDll(string name) { Log.Add("LoadUnmanagedDll " + name); return base.LoadUnmanagedDll(name); }
}

internal static class Program
{
    [DllImport("no-such-library")] private static extern int Missing();
    [DllImport("my-libc")] private static extern int getpid();
    private static readonly string s_lib = Path.Combine(AppContext.BaseDirectory, "PluginLib.dll");
    private static string Clean(string s) => s.Replace(AppContext.BaseDirectory, "DIR/");
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {Clean(f()?.ToString() ?? "null")}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message).Split('\n')[0]}{(e.InnerException is { } i ? " <- " + i.GetType().Name + ": " + Clean(i.Message) : "")}"); }
    }

    private static void Main()
    {
        var log = new List<string>();
        var c = new Asking("asking");
        c.Resolving += (x, n) => { log.Add($"Resolving {n.Name} {x.Name}"); return null; };
        AssemblyLoadContext.Default.Resolving += (x, n) => { log.Add($"Default.Resolving {n.Name} {x.Name}"); return null; };
        AppDomain.CurrentDomain.AssemblyResolve += (s, e) => { log.Add($"AssemblyResolve {e.Name} {e.RequestingAssembly?.GetName().Name}"); return null; };
        AppDomain.CurrentDomain.AssemblyLoad += (s, e) => { if (e.LoadedAssembly.GetName().Name == "PluginLib") log.Add("AssemblyLoad PluginLib"); };
        AppDomain.CurrentDomain.TypeResolve += (s, e) => { log.Add($"TypeResolve {e.Name}"); return e.Name == "Elsewhere" ? typeof(Program).Assembly : null; };
        AppDomain.CurrentDomain.ResourceResolve += (s, e) => { log.Add($"ResourceResolve {e.Name}"); return null; };
        void Show(string what) { Console.WriteLine($"{what}: {string.Join("; ", c.Log.Concat(log))}"); c.Log.Clear(); log.Clear(); }

        T("custom", () => c.LoadFromAssemblyName(new AssemblyName("Nowhere"))); Show("asked");
        T("default", () => Assembly.Load("Nowhere")); Show("asked");
        T("versioned", () => Assembly.Load("Nowhere, Version=1.2.3.4, Culture=neutral, PublicKeyToken=b77a5c561934e089")); Show("asked");
        T("path", () => c.LoadFromAssemblyPath(s_lib).GetName().Name); Show("asked");
        T("again", () => c.LoadFromAssemblyName(new AssemblyName("PluginLib")).GetName().Version); Show("asked");
        T("too new", () => c.LoadFromAssemblyName(new AssemblyName("PluginLib, Version=9.0.0.0"))); Show("asked");
        T("type", () => Type.GetType("Some.Type, Nowhere")); Show("asked");
        T("type thrown", () => Type.GetType("Some.Type, Nowhere", true)); Show("asked");
        T("type here", () => Type.GetType("Elsewhere.Not")); Show("asked");
        T("assembly's type", () => typeof(Program).Assembly.GetType("Nope", true)); Show("asked");
        T("resource", () => typeof(Program).Assembly.GetManifestResourceStream("nope")); Show("asked");
        T("resource info", () => typeof(Program).Assembly.GetManifestResourceInfo("nope")); Show("asked");
        T("satellite", () => typeof(Program).Assembly.GetSatelliteAssembly(new("fr"))); Show("asked");
        T("satellite of plug-in", () => c.Assemblies.First().GetSatelliteAssembly(new("de-AT"))); Show("asked");
        T("partial", () => Assembly.LoadWithPartialName("Nowhere")); Show("asked");
        T("empty", () => Assembly.Load("")); T("null", () => Assembly.Load((string)null!)); T("bad", () => Assembly.Load("a, Version=x")); T("slash", () => Assembly.Load("a/b"));
        T("two names", () => Assembly.Load("A, B")); T("no name", () => c.LoadFromAssemblyName(new AssemblyName())); T("null name", () => c.LoadFromAssemblyName(null!));
        log.Clear(); c.Log.Clear();

        T("answers another", () => new Asking("other", _ => typeof(Program).Assembly).LoadFromAssemblyName(new AssemblyName("Wanted")));
        T("answers dynamic", () => new Asking("dyn", n => System.Reflection.Emit.AssemblyBuilder.DefineDynamicAssembly(n, System.Reflection.Emit.AssemblyBuilderAccess.Run)).LoadFromAssemblyName(new AssemblyName("Wanted")));
        T("answers dynamic event", () => { var d = new Asking("dyn2"); d.Resolving += (_, n) => System.Reflection.Emit.AssemblyBuilder.DefineDynamicAssembly(n, System.Reflection.Emit.AssemblyBuilderAccess.Run); return d.LoadFromAssemblyName(new AssemblyName("Wanted")); });
        T("throws", () => new Asking("throws", _ => throw new FormatException("from Load")).LoadFromAssemblyName(new AssemblyName("Wanted")));
        T("throws in event", () => { var d = new Asking("throws2"); d.Resolving += (_, _) => throw new InvalidOperationException("from event"); return d.LoadFromAssemblyName(new AssemblyName("Wanted2")); });
        T("not found in event", () => { var d = new Asking("throws3"); d.Resolving += (_, _) => throw new FileNotFoundException("no file"); return d.LoadFromAssemblyName(new AssemblyName("Wanted3")); });
        T("recursive", () => { var d = new Asking("rec"); d.Resolving += (x, n) => n.Name!.Length < 12 ? x.LoadFromAssemblyName(new AssemblyName(n.Name + "x")) : null; return d.LoadFromAssemblyName(new AssemblyName("Wanted4")); });
        T("itself", () => { var d = new Asking("self"); int n = 0; d.Resolving += (x, name) => n++ < 3 ? x.LoadFromAssemblyName(name) : null; return d.LoadFromAssemblyName(new AssemblyName("Wanted5")); });
        T("two handlers", () => { var d = new Asking("two"); d.Resolving += (_, _) => null; d.Resolving += (_, _) => typeof(object).Assembly; d.Resolving += (_, _) => throw new Exception("not asked"); return d.LoadFromAssemblyName(new AssemblyName("System.Private.CoreLib")).GetName().Name; });
        T("second answers", () => { var d = new Asking("two2"); Assembly? p = null; d.Resolving += (_, _) => null; d.Resolving += (x, _) => p = x.LoadFromAssemblyPath(s_lib); d.Resolving += (_, _) => throw new Exception("not asked"); return d.LoadFromAssemblyName(new AssemblyName("Asked")) == p; });
        T("cached", () => { var d = new Asking("cache"); int n = 0; d.Resolving += (x, _) => { n++; return x.LoadFromAssemblyPath(s_lib); }; d.LoadFromAssemblyName(new AssemblyName("Asked")); d.LoadFromAssemblyName(new AssemblyName("Asked")); return n; });
        T("framework", () => new Asking("fx", n => null).LoadFromAssemblyName(new AssemblyName("System.Linq")) == typeof(Enumerable).Assembly);
        T("own framework", () => { var d = new Asking("fx2", n => n.Name == "System.Linq" ? throw new Exception("asked for Linq") : null); return d.LoadFromAssemblyName(new AssemblyName("System.Linq")); });
        T("corelib", () => new Asking("core", _ => throw new Exception("asked")).LoadFromAssemblyName(new AssemblyName("System.Private.CoreLib")) == typeof(object).Assembly);
        log.Clear();

        T("missing library", () => Missing());
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (a, n) => { Console.WriteLine($"ResolvingUnmanagedDll {n} {a.GetName().Name}"); return n == "my-libc" ? NativeLibrary.Load("libc.so.6") : 0; };
        T("missing library asked", () => Missing() );
        T("resolved", () => getpid() == Environment.ProcessId);
        T("resolver", () => { NativeLibrary.SetDllImportResolver(typeof(Program).Assembly, (n, a, s) => { Console.WriteLine($"resolver {n} {s?.ToString() ?? "none"}"); return 0; }); return NativeLibrary.TryLoad("no-such-2", typeof(Program).Assembly, DllImportSearchPath.AssemblyDirectory, out _); });
        T("resolver twice", () => { NativeLibrary.SetDllImportResolver(typeof(Program).Assembly, (n, a, s) => 0); return null; });

        T("relative path", () => c.LoadFromAssemblyPath("PluginLib.dll"));
        T("no file", () => c.LoadFromAssemblyPath("/no/such/file.dll"));
        T("null path", () => c.LoadFromAssemblyPath(null!));
        T("not an image", () => c.LoadFromAssemblyPath(Path.ChangeExtension(s_lib, ".pdb")));
        T("empty stream", () => c.LoadFromStream(new MemoryStream()));
        T("null stream", () => c.LoadFromStream(null!));
        T("text stream", () => c.LoadFromStream(new MemoryStream("not an assembly, but long enough"u8.ToArray())));
        T("bytes null", () => Assembly.Load((byte[])null!));
        T("bytes short", () => Assembly.Load(new byte[3]));
        T("native image", () => c.LoadFromNativeImagePath(s_lib, s_lib));
        T("native image relative", () => c.LoadFromNativeImagePath("a.ni.dll", s_lib));
        T("LoadFrom null", () => Assembly.LoadFrom(null!));
        T("LoadFrom missing", () => Assembly.LoadFrom("/no/such/file.dll"));
        T("LoadFile relative", () => Assembly.LoadFile("x.dll"));
        T("LoadFile missing", () => Assembly.LoadFile("/no/such/file.dll"));
        T("UnsafeLoadFrom", () => Assembly.UnsafeLoadFrom(s_lib).GetName().Name);
        T("LoadModule", () => typeof(Program).Assembly.LoadModule("m", [1]));
        T("ReflectionOnlyLoad", () => Assembly.ReflectionOnlyLoad("System.Runtime"));
        T("name", () => AssemblyName.GetAssemblyName("/no/such.dll"));
        T("name of text", () => AssemblyName.GetAssemblyName(Path.ChangeExtension(s_lib, ".pdb")));
        T("all", () => string.Join(",", AssemblyLoadContext.All.Select(x => x.Name).Where(n => n is "Default" or "asking").Order()));
        T("names", () => $"{c} {AssemblyLoadContext.Default} {new AssemblyLoadContext(null).Name ?? "none"}");
        T("anonymous", () => System.Text.RegularExpressions.Regex.Replace(new AssemblyLoadContext(null, true).ToString(), "#[0-9]+", "#N"));
        T("loaded there", () => string.Join(",", c.Assemblies.Select(a => a.GetName().Name)));
        T("context of", () => $"{AssemblyLoadContext.GetLoadContext(c.Assemblies.First()) == c} {AssemblyLoadContext.GetLoadContext(typeof(Enumerable).Assembly)!.Name}");
        T("context of null", () => AssemblyLoadContext.GetLoadContext(null!));
    }
}
