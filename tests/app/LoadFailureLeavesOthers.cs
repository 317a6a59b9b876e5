// ref: OrphanLib DeferredLib
// A load that fails for want of an assembly leaves nothing behind that would fail the next load, of whatever type.
using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

class Without(string missing, string folder) : AssemblyLoadContext("without " + missing)
{
    protected override Assembly Load(AssemblyName name) =>
        name.Name == missing ? throw new FileNotFoundException("no " + missing) :
        File.Exists(Path.Combine(folder, name.Name + ".dll")) ? LoadFromAssemblyPath(Path.Combine(folder, name.Name + ".dll")) : null;
}

static class LoadFailureLeavesOthers
{
    class Fresh<T> { public T Value; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static string Other() => new Fresh<DateTimeOffset>().GetType().Name;

    static void Main()
    {
        string folder = AppContext.BaseDirectory;
        Assembly a = new Without("ContractLib", folder).LoadFromAssemblyPath(Path.Combine(folder, "OrphanLib.dll"));
        try { Console.WriteLine(a.GetType("Broken", true)); }
        catch (FileNotFoundException e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
        Console.WriteLine(Other());
        try { Console.WriteLine(a.GetTypes().Length); }
        catch (ReflectionTypeLoadException e)
        {
            Console.WriteLine($"{e.Types.Length} {e.Types.Any(t => t?.Name == "Whole")} {e.Types.Last() == null}");
            foreach (Exception x in e.LoaderExceptions.Distinct().Take(1)) Console.WriteLine(x.GetType().Name + ": " + x.Message);
        }
        Console.WriteLine(Activator.CreateInstance(a.GetType("Whole", true)));
    }
}
