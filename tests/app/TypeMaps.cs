// Type maps of an assembly's attributes: names and types that lead to types, duplicates, targets that are not there.
using System.Runtime.InteropServices;

[assembly: TypeMap<Group>("first", typeof(Impl1))]
[assembly: TypeMap<Group>("second", typeof(Impl2), typeof(Proxied))]
[assembly: TypeMap<Group>("list", typeof(List<int>))]
[assembly: TypeMap<Other>("first", typeof(string))]
[assembly: TypeMapAssociation<Group>(typeof(Proxied), typeof(Impl1))]
[assembly: TypeMapAssociation<Group>(typeof(List<string>), typeof(Impl2))]
[assembly: TypeMapAssociation<Group>(typeof(Dictionary<,>), typeof(Impl2))]
[assembly: TypeMap<Twice>("same", typeof(Impl1))]
[assembly: TypeMap<Twice>("same", typeof(Impl2))]

internal sealed class Group;
internal sealed class Other;
internal sealed class Twice;
internal sealed class Unused;
internal sealed class Impl1;
internal sealed class Impl2;
internal sealed class Proxied;

internal static class Program
{
    private static string Try(Func<object?> f)
    {
        try { return f()?.ToString() ?? "null"; }
        catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; }
    }

    private static void Main()
    {
        IReadOnlyDictionary<string, Type> names = TypeMapping.GetOrCreateExternalTypeMapping<Group>();
        foreach (string n in new[] { "first", "second", "list", "none" })
            Console.WriteLine($"{n}: {(names.TryGetValue(n, out Type? t) ? t : "not there")} {Try(() => names[n])}");
        Console.WriteLine(TypeMapping.GetOrCreateExternalTypeMapping<Other>()["first"]);
        IReadOnlyDictionary<Type, Type> proxies = TypeMapping.GetOrCreateProxyTypeMapping<Group>();
        foreach (Type n in new[] { typeof(Proxied), typeof(Impl2), typeof(List<string>), typeof(List<int>), typeof(Dictionary<int, string>), typeof(Dictionary<,>), typeof(int) })
            Console.WriteLine($"{n}: {(proxies.TryGetValue(n, out Type? t) ? t : "not there")}");
        Console.WriteLine(Try(() => names.Count));
        Console.WriteLine(Try(() => names.ContainsKey("first")));
        Console.WriteLine(Try(() => TypeMapping.GetOrCreateExternalTypeMapping<Twice>()["same"]));
        Console.WriteLine(Try(() => TypeMapping.GetOrCreateExternalTypeMapping<Unused>().TryGetValue("x", out _)));
        Console.WriteLine(Try(() => TypeMapping.GetOrCreateProxyTypeMapping<Unused>().TryGetValue(typeof(int), out _)));
    }
}
