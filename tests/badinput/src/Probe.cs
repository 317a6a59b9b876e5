// Loads each file named on the command line in several ways, reads all it declares and compiles it, and prints what went wrong.
// -q FILE...: prints a count only, for files that the two runtimes need not agree on.
using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

static class Probe
{
    const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    static bool quiet;
    static int good, bad;

    static int Main(string[] args)
    {
        quiet = args.Length > 0 && args[0] == "-q";
        foreach (string file in args.Skip(quiet ? 1 : 0))
        {
            string name = Path.GetFileName(file);
            if (quiet)
            {
                var one = new AssemblyLoadContext(name);
                Try(name, () => Read(name, one.LoadFromAssemblyPath(file)));
                continue;
            }
            Try(name + " name", () => Say(AssemblyName.GetAssemblyName(file).Name!));
            Try(name + " from", () => Read(name, Assembly.LoadFrom(file)));
            Try(name + " bytes", () => Say(Assembly.Load(File.ReadAllBytes(file)).GetName().Name!));
            Try(name + " stream", () => { using var s = File.OpenRead(file); Say(new AssemblyLoadContext("s").LoadFromStream(s).GetName().Name!); });
        }
        if (quiet) Console.WriteLine($"{good + bad > 0}");
        Console.WriteLine("done");
        return 0;
    }

    static void Say(string text) { if (!quiet) Console.WriteLine("  " + text); }

    static void Try(string what, Action action)
    {
        try { action(); good++; if (!quiet) Console.WriteLine(what + ": good"); }
        catch (Exception e)
        {
            bad++;
            if (quiet) return;
            if (e is TargetInvocationException && e.InnerException != null) e = e.InnerException;
            Console.WriteLine($"{what}: {e.GetType().FullName} 0x{e.HResult:x8}: {e.Message}");
            if (e is FileNotFoundException f) Console.WriteLine("  file " + f.FileName);
            if (e is FileLoadException l) Console.WriteLine("  file " + l.FileName);
            if (e is BadImageFormatException b) Console.WriteLine("  file " + b.FileName);
            if (e is TypeLoadException t) Console.WriteLine("  type " + t.TypeName);
        }
    }

    static void Read(string name, Assembly a)
    {
        Type?[] types;
        try { types = a.GetTypes(); }
        catch (ReflectionTypeLoadException e)
        {
            types = e.Types;
            foreach (Exception? x in e.LoaderExceptions) Say($"loader: {x?.GetType().FullName}: {x?.Message}");
        }
        foreach (Type? t in types)
        {
            if (t == null || t.Name == "<Module>") continue;
            Try(t.FullName!, () =>
            {
                foreach (FieldInfo f in t.GetFields(All)) Try(t.Name + "." + f.Name, () => Say(f.FieldType.ToString()));
                foreach (MethodBase m in t.GetMembers(All).OfType<MethodBase>())
                    Try(t.Name + "." + m.Name, () =>
                    {
                        Say(m.ToString()!);
                        if (m.GetMethodBody() != null && !m.ContainsGenericParameters) RuntimeHelpers.PrepareMethod(m.MethodHandle);
                        if (!quiet && m.IsStatic && m.GetParameters().Length == 0 && m.Name.StartsWith("Run")) Say("returns " + m.Invoke(null, null));
                    });
            });
        }
    }
}
