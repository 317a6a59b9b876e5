// ref: PluginLib
// A program compiled against a library beside it: types, generics, exceptions, delegates and inheritance across assemblies.
internal sealed class Own : IPlugin { public string Name => "own"; }
internal sealed class Sub<T> : Plugin.Gen<T> { public string Twice(T t) => Show(t) + Show(t); }

internal static class Program
{
    private static void Main()
    {
        var p = new Plugin();
        IPlugin[] all = [p, new Own()];
        Console.WriteLine(string.Join(",", all.Select(x => x.Name)) + p + Plugin.Count);
        Console.WriteLine(Plugin.Echo(5) + Plugin.Echo("e") + new Plugin.Gen<int>().Show(7) + new Sub<string>().Twice("s") +
            Plugin.Gen<string>.Uses);
        try { Plugin.Fail(); } catch (PluginException e) { Console.WriteLine(e.Message); }
        PluginFn fn = x => x * 2;
        fn += x => x + 1;
        Console.WriteLine(fn(4));
        PluginValue v = new() { X = 3, S = "sv" };
        var d = new Dictionary<PluginKind, PluginValue> { [PluginKind.B] = v };
        Console.WriteLine(d[PluginKind.B].S + PluginKind.B + Plugin.Context());
        Console.WriteLine(typeof(Plugin).Assembly.GetName().Version + typeof(Plugin).AssemblyQualifiedName!.Split(',')[1]);
    }
}
