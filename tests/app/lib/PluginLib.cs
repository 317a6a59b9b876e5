// compile: library,define:OWN_VERSION
// A library that AssemblyLoadContexts.cs loads and unloads by itself.
using System.Reflection;
using System.Runtime.Loader;

[assembly: AssemblyVersion("2.1.0.0")]

public interface IPlugin { string Name { get; } }

public sealed class Plugin : IPlugin
{
    public static int Count;
    private static readonly List<string> s_names = [];
    public string Name { get; }
    public Plugin() { Count++; Name = "plugin" + Count; s_names.Add(Name); }
    public override string ToString() => $"{Name} of {s_names.Count}";
    public static T Echo<T>(T v) => v;
    public static string Context() => AssemblyLoadContext.GetLoadContext(typeof(Plugin).Assembly)!.Name ?? "default";
    public class Gen<T> { public static int Uses; public string Show(T t) { Uses++; return typeof(T).Name + t + Uses; } }
    public static void Fail() => throw new PluginException("from plugin");
}

public sealed class PluginException(string m) : Exception(m);
public delegate int PluginFn(int x);
public enum PluginKind { A, B }
public struct PluginValue { public int X; public string? S; }
