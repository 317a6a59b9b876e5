// needs: SharedContract
// ref: SharedContract
// stress: no
// PluginMarketplace [PLUGINS [RELOADS]]: a folder of plug-ins over a shared contract, each loaded into a context of its own, run, unloaded, and loaded
// again: statics begin anew, no cast fails, nothing stays.  The full measure is 200 50.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal sealed class PluginContext(string name) : AssemblyLoadContext(name, isCollectible: true)
{
    protected override Assembly? Load(AssemblyName name) => null; // the contract comes from the host
}

internal static class Program
{
    // Greeter: IGreeter, which counts its calls in a static field.
    private static void Make(string folder, string name)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(name), typeof(object).Assembly);
        TypeBuilder type = assembly.DefineDynamicModule(name).DefineType("Greeter", TypeAttributes.Public, typeof(object), [typeof(IGreeter)]);
        FieldBuilder calls = type.DefineField("calls", typeof(int), FieldAttributes.Static | FieldAttributes.Private);
        MethodInfo greet = typeof(IGreeter).GetMethod("Greet")!;
        MethodBuilder body = type.DefineMethod("Greet", MethodAttributes.Public | MethodAttributes.Virtual, typeof(string), [typeof(string)]);
        ILGenerator il = body.GetILGenerator();
        il.Emit(OpCodes.Ldsfld, calls);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stsfld, calls);
        il.Emit(OpCodes.Ldstr, name + " greets ");
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldsflda, calls);
        il.Emit(OpCodes.Call, typeof(int).GetMethod("ToString", Type.EmptyTypes)!);
        il.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(string), typeof(string), typeof(string)])!);
        il.Emit(OpCodes.Ret);
        type.DefineMethodOverride(body, greet);
        type.CreateType();
        assembly.Save(Path.Combine(folder, name + ".dll"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Run(string path, List<string> wrong)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        var context = new PluginContext(name);
        try
        {
            Assembly a = context.LoadFromAssemblyPath(path);
            var greeter = (IGreeter)Activator.CreateInstance(a.GetType("Greeter", true)!)!;
            string first = greeter.Greet("a"), second = greeter.Greet("b");
            if (first != name + " greets a1" || second != name + " greets b2") wrong.Add($"{first} {second}");
            if (a.GetType("Greeter")!.GetInterfaces()[0] != typeof(IGreeter)) wrong.Add("another contract");
        }
        catch (InvalidCastException e) { wrong.Add(e.Message); }
        context.Unload();
        return new WeakReference(context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Naive(string path)
    {
        var context = new AssemblyLoadContext("naive", true); // Load of the base class finds nothing, so the contract is shared as well
        string s = ((IGreeter)Activator.CreateInstance(context.LoadFromAssemblyPath(path).GetType("Greeter")!)!).Greet("naive");
        context.Unload();
        return s;
    }

    private static void Main(string[] args)
    {
        int plugins = args.Length > 0 ? int.Parse(args[0]) : 12, reloads = args.Length > 1 ? int.Parse(args[1]) : 4;
        string folder = Directory.CreateTempSubdirectory("plugins").FullName;
        for (int i = 0; i < plugins; i++) Make(folder, "Plugin" + i);
        string[] paths = [.. Directory.GetFiles(folder, "*.dll").Order(StringComparer.Ordinal)];
        Console.WriteLine(paths.Length == plugins);
        Console.WriteLine(Naive(paths[0]));
        int before = AppDomain.CurrentDomain.GetAssemblies().Length;
        var contexts = new List<WeakReference>();
        var wrong = new List<string>();
        for (int r = 0; r < reloads; r++)
            foreach (string path in paths) contexts.Add(Run(path, wrong));
        int rounds = 0;
        while (rounds < 3 && contexts.Any(c => c.IsAlive)) { rounds++; GC.Collect(); GC.WaitForPendingFinalizers(); }
        Console.WriteLine($"{contexts.Count == plugins * reloads} {contexts.Count(c => c.IsAlive)} alive, {wrong.Count} wrong {wrong.FirstOrDefault()}");
        Console.WriteLine(AppDomain.CurrentDomain.GetAssemblies().Length <= before);
        Directory.Delete(folder, true);
    }
}
