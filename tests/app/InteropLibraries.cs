// Finding libraries: NativeLibrary, resolvers and their order, load contexts, events, search paths, forms of names, what is not one.
// native: lib/Interop.c
// native: lib/Interop.c plain
// native: lib/Interop.c libdotted.name.so
// also: common/Native.cs
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using static Native;

internal static class Program
{
    [DllImport("interop.so", EntryPoint = "probed")] private static extern int with_suffix();
    [DllImport("libinterop", EntryPoint = "probed")] private static extern int with_prefix();
    [DllImport("libinterop.so", EntryPoint = "probed")] private static extern int with_both();
    [DllImport("plain", EntryPoint = "probed")] private static extern int plain();
    [DllImport("dotted.name", EntryPoint = "probed")] private static extern int dotted();
    [DllImport("dotted.name.so", EntryPoint = "probed")] private static extern int dotted_so();
    [DllImport("interop.dll", EntryPoint = "probed")] private static extern int dll();
    [DllImport("INTEROP", EntryPoint = "probed")] private static extern int upper();
    [DllImport("resolved", EntryPoint = "probed")] private static extern int resolved();
    [DllImport("refused", EntryPoint = "probed")] private static extern int refused();
    [DllImport("throws", EntryPoint = "probed")] private static extern int throws();
    [DllImport("throws", EntryPoint = "probed")] private static extern int throws_2();
    [DllImport("event", EntryPoint = "probed")] private static extern int by_event();
    [DllImport("paths", EntryPoint = "probed"), DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)] private static extern int paths();
    [DllImport("interop", EntryPoint = "probed"), DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)] private static extern int directory();
    [DllImport("interop", EntryPoint = "probedA"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)] private static extern int system_only();
    [DllImport("plain", EntryPoint = "probedW"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)] private static extern int plain_system_only();
    [DllImport("broken", EntryPoint = "probed")] private static extern int broken();

    private static string First(Func<object?> f)
    {
        try { return Text(f()); }
        catch (Exception e) { return $"{e.GetType().Name} {e.HResult:x8} {e.Message.Split('\n')[0]}"; }
    }

    private static string All(Func<object?> f, string dir)
    {
        try { return Text(f()); }
        catch (Exception e) { return $"{e.GetType().Name} {e.Message.Replace(dir, "<dir>").Replace(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "<fx>")}"; }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        Console.WriteLine($"  resolver {name} {assembly.GetName().Name} {path?.ToString() ?? "none"}");
        return name switch
        {
            "resolved" => NativeLibrary.Load("interop", assembly, null),
            "throws" => throw new InvalidOperationException("from the resolver"),
            _ => 0,
        };
    }

    private sealed class Context() : AssemblyLoadContext("native", isCollectible: false)
    {
        protected override nint LoadUnmanagedDll(string name)
        {
            Console.WriteLine("  context " + name);
            return name == "from-context" ? LoadUnmanagedDllFromPath(Path.Combine(AppContext.BaseDirectory, "libinterop.so")) : 0;
        }
        public nint FromPath(string path) => LoadUnmanagedDllFromPath(path);
    }

    private static void Main()
    {
        Assembly me = typeof(Program).Assembly;
        string dir = AppContext.BaseDirectory;
        P("suffix", () => with_suffix());
        P("prefix", () => with_prefix());
        P("both", () => with_both());
        P("plain", () => plain());
        P("dotted", () => dotted());
        P("dotted so", () => dotted_so());
        P("dll", () => First(() => dll()));
        P("upper", () => First(() => upper()));
        P("directory", () => directory());
        P("system only", () => First(() => system_only()));
        P("plain system only", () => First(() => plain_system_only()));

        P("load", () => NativeLibrary.Load(Path.Combine(dir, "libinterop.so")) != 0);
        P("load name", () => First(() => NativeLibrary.Load("interop")));
        P("load by assembly", () => NativeLibrary.Load("interop", me, null) != 0);
        P("load by directory", () => NativeLibrary.Load("interop", me, DllImportSearchPath.AssemblyDirectory) != 0);
        P("load by system", () => First(() => NativeLibrary.Load("interop", me, DllImportSearchPath.System32) != 0));
        P("libc by directory", () => First(() => NativeLibrary.Load("libc.so.6", me, DllImportSearchPath.AssemblyDirectory) != 0));
        P("libc by system", () => NativeLibrary.Load("libc.so.6", me, DllImportSearchPath.System32) != 0);
        P("load same", () => NativeLibrary.Load("interop", me, null) == NativeLibrary.Load(Path.Combine(dir, "libinterop.so")));
        P("load null", () => NativeLibrary.Load(null!));
        P("load null assembly", () => NativeLibrary.Load("x", null!, null));
        P("load empty", () => First(() => NativeLibrary.Load("")));
        P("load libc", () => NativeLibrary.Load("libc.so.6") != 0);
        P("load bare libc", () => NativeLibrary.Load("libc", me, null) != 0);
        P("load a directory", () => First(() => NativeLibrary.Load(dir)));
        P("load missing path", () => First(() => NativeLibrary.Load(Path.Combine(dir, "none.so"))));
        File.WriteAllText(Path.Combine(Path.GetTempPath(), "text.so"), "not a library at all");
        P("load text", () => First(() => NativeLibrary.Load(Path.Combine(Path.GetTempPath(), "text.so"))));
        P("try", () => NativeLibrary.TryLoad("no-such", out nint h) + " " + h);
        P("try assembly", () => NativeLibrary.TryLoad("interop", me, null, out nint h) + " " + (h != 0));
        P("try assembly missing", () => NativeLibrary.TryLoad("no-such", me, null, out nint h) + " " + h);
        P("try null", () => NativeLibrary.TryLoad(null!, out nint h));
        nint lib = NativeLibrary.Load("interop", me, null);
        P("export", () => NativeLibrary.GetExport(lib, "probed") != 0);
        P("export missing", () => NativeLibrary.GetExport(lib, "nope"));
        P("export null", () => NativeLibrary.GetExport(lib, null!));
        P("export of zero", () => NativeLibrary.GetExport(0, "x"));
        P("export empty", () => First(() => NativeLibrary.GetExport(lib, "") != 0));
        P("try export", () => NativeLibrary.TryGetExport(lib, "probed", out nint a) + " " + (a != 0));
        P("try export missing", () => NativeLibrary.TryGetExport(lib, "nope", out nint a) + " " + a);
        P("free zero", () => NativeLibrary.Free(0));
        P("free", () => NativeLibrary.Free(NativeLibrary.Load("libc.so.6")));
        P("main program", () => NativeLibrary.GetMainProgramHandle() != 0);
        P("main export", () => NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc", out nint a));
        P("main program's libm, for libraries that name none", () => NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "trunc", out nint a));

        P("whole text", () => All(() => NativeLibrary.Load("no-such-library", me, null), dir));
        P("whole text so", () => All(() => NativeLibrary.Load("no-such-library.so", me, null), dir));
        P("whole text path", () => All(() => NativeLibrary.Load("/nowhere/x.so"), dir));
        P("whole text name", () => All(() => NativeLibrary.Load("no-such-library"), dir));
        P("whole text relative", () => All(() => NativeLibrary.Load("sub/x", me, null), dir));
        P("whole text directory", () => All(() => NativeLibrary.Load("no-such-library", me, DllImportSearchPath.AssemblyDirectory), dir));

        P("event", () => First(() => by_event()));
        NativeLibrary.SetDllImportResolver(me, Resolve);
        P("set twice", () => NativeLibrary.SetDllImportResolver(me, Resolve));
        P("set null", () => NativeLibrary.SetDllImportResolver(me, null!));
        P("set null assembly", () => NativeLibrary.SetDllImportResolver(null!, Resolve));
        P("resolved", () => resolved());
        P("refused", () => First(() => refused()));
        P("paths", () => First(() => paths()));
        P("throws", () => First(() => throws()));
        P("throws again", () => First(() => throws_2()));
        P("explicit load", () => NativeLibrary.Load("interop", me, null) != 0);
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (a, n) =>
        {
            Console.WriteLine($"  event {n} {a.GetName().Name}");
            return n == "event" ? lib : 0;
        };
        P("event", () => by_event());
        P("event refuses", () => First(() => broken()));
        P("event explicit", () => First(() => NativeLibrary.Load("event", me, null) != 0));

        var context = new Context();
        Assembly copy = context.LoadFromAssemblyPath(me.Location);
        P("context", () => First(() => NativeLibrary.Load("from-context", copy, null) != 0));
        P("context import", () => copy.GetType("Program")!.GetMethod("plain", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, null));
        P("context event", () =>
        {
            context.ResolvingUnmanagedDll += (a, n) => { Console.WriteLine("  context event " + n); return n == "event" ? lib : 0; };
            return copy.GetType("Program")!.GetMethod("by_event", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, null);
        });
        P("from path", () => context.FromPath(Path.Combine(dir, "libinterop.so")) != 0);
        P("from relative path", () => context.FromPath("libinterop.so"));
        P("from null path", () => context.FromPath(null!));
        P("from missing path", () => First(() => context.FromPath("/nowhere/x.so")));
    }
}
