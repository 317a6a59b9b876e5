// compile: library
// ref: SharedContract
// A plug-in: implements the contract of the SharedContract that its context finds, with resources and a thread static of its own.
using System.Runtime.Loader;

public sealed class Greeter : BaseThing, IGreeter
{
    [ThreadStatic] private static int t_calls;
    private static int s_calls;
    public string Greet(string who) { t_calls++; s_calls++; return $"hello {who} from {AssemblyLoadContext.GetLoadContext(typeof(Greeter).Assembly)!.Name} {t_calls} {s_calls}"; }
    public override string Name => "greeter";
    public Message Say(string s) => new(s);
    public static string Take(Message m) => m.Text;
    public static System.Reflection.Assembly Load(string name) => System.Reflection.Assembly.Load(name);
    public static Type? Find(string name) => Type.GetType(name);
    public static object Contract() => typeof(IGreeter);
}
