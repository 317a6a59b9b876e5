// Handlers that are asked for assemblies, types and resources, and ask again themselves; class constructors that wait for each other;
// attributes that read themselves: all come to an end.
// also: common/Ask.cs
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

[AttributeUsage(AttributeTargets.All)] class ReadsItselfAttribute : Attribute { public static int Made; public readonly int Seen; public ReadsItselfAttribute() { if (Made++ < 10) Seen = typeof(Marked).GetCustomAttributes(true).Length + typeof(Marked).GetCustomAttributesData().Count; } }
[ReadsItself] class Marked;
[TypeOf(typeof(Circle))] class Circle; class TypeOfAttribute(Type t) : Attribute { public Type Of = t; }
class First { public static readonly int Value; static First() { Value = Second.Value + 1; Order.Log += "first "; } }
class Second { public static readonly int Value; static Second() { Value = First.Value + 10; Order.Log += "second "; } }
class Left { public static int V; static Left() { Order.Meet.SignalAndWait(2000); V = Right.V + 1; } [MethodImpl(MethodImplOptions.NoInlining)] public static int Get() => V; }
class Right { public static int V; static Right() { Order.Meet.SignalAndWait(2000); V = Left.V + 1; } [MethodImpl(MethodImplOptions.NoInlining)] public static int Get() => V; }
class Again { public static int Tries; static Again() { Tries++; throw new Exception("try " + Tries); } public static int F; public static void M() { } }
class InReflection { public static int Count; static InReflection() { Count++; RuntimeHelpers.RunClassConstructor(typeof(InReflection).TypeHandle); Activator.CreateInstance(typeof(InReflection)); typeof(InReflection).GetField("Count")!.SetValue(null, Count + 10); } }
class Generic<T> { public static int Depth; static Generic() { if (typeof(T).Name.Length < 2000 && Order.Deep++ < 30) RuntimeHelpers.RunClassConstructor(typeof(Generic<>).MakeGenericType(typeof(List<T>)).TypeHandle); } }
static class Order { public static string Log = ""; public static int Deep; public static Barrier Meet = new(2); }

static class Program
{
    static int asked, depth;

    static void Main()
    {
        Ask.Say("attribute", () => typeof(Marked).GetCustomAttributes(true).Length + " " + ReadsItselfAttribute.Made);
        Ask.Say("type of itself", () => typeof(Circle).GetCustomAttribute<TypeOfAttribute>()!.Of);
        Ask.Say("two constructors", () => First.Value + " " + Second.Value + " " + Order.Log);
        int[] seen = new int[2];
        var threads = new[] { new Thread(() => seen[0] = Left.Get()), new Thread(() => seen[1] = Right.Get()) };
        foreach (Thread t in threads) t.Start();
        Console.WriteLine("both ended " + threads.All(t => t.Join(20000)) + " " + (seen.Sum() is 3));
        for (int i = 0; i < 3; i++)
            Ask.Do("again", Again.M);
        Ask.Say("tries", () => typeof(Again).GetFields().Length);
        Ask.Say("in reflection", () => InReflection.Count);
        Ask.Do("ever deeper", () => RuntimeHelpers.RunClassConstructor(typeof(Generic<int>).TypeHandle));
        Console.WriteLine(Order.Deep);

        ResolveEventHandler same = (s, e) =>
        {
            asked++;
            if (++depth > 8) { depth--; return null; }
            try { return Assembly.Load(e.Name); }
            catch (Exception x) { Console.WriteLine("  inside: " + x.GetType().Name); return null; }
            finally { depth--; }
        };
        AppDomain.CurrentDomain.AssemblyResolve += same;
        Ask.Say("asks for the same", () => Assembly.Load("NoSuchAssembly"));
        Console.WriteLine(asked);
        Ask.Say("type in it", () => Type.GetType("T, NoSuchToo"));
        Console.WriteLine(asked);
        AppDomain.CurrentDomain.AssemblyResolve -= same;

        ResolveEventHandler wrong = (s, e) => typeof(Program).Assembly;
        AppDomain.CurrentDomain.AssemblyResolve += wrong;
        Ask.Say("another one", () => Assembly.Load("NoSuchAssembly2").GetName().Name);
        Ask.Say("another one, type", () => Type.GetType("Program, NoSuchAssembly3"));
        AppDomain.CurrentDomain.AssemblyResolve -= wrong;

        ResolveEventHandler throws = (s, e) => throw new InvalidOperationException("handler");
        AppDomain.CurrentDomain.AssemblyResolve += throws;
        Ask.Say("throws", () => Assembly.Load("NoSuchAssembly4"));
        Ask.Say("throws, type", () => Type.GetType("T, NoSuchAssembly5"));
        AppDomain.CurrentDomain.AssemblyResolve -= throws;

        Func<AssemblyLoadContext, AssemblyName, Assembly?> resolving = (c, n) => { asked++; return ++depth > 5 ? null : c.LoadFromAssemblyName(n); };
        AssemblyLoadContext.Default.Resolving += resolving;
        Ask.Say("context", () => Assembly.Load("NoSuchAssembly6"));
        AssemblyLoadContext.Default.Resolving -= resolving;
        depth = 0;
        var mine = new Mine();
        Ask.Say("own context", () => mine.LoadFromAssemblyName(new AssemblyName("NoSuchAssembly7")));
        Console.WriteLine(mine.Asked);

        ResolveEventHandler types = (s, e) => { Console.WriteLine("  type " + e.Name); return ++depth > 3 ? null : (typeof(Program).Assembly.GetType("Missing") == null ? null : typeof(Program).Assembly); };
        AppDomain.CurrentDomain.TypeResolve += types;
        Ask.Say("type resolve", () => typeof(Program).Assembly.GetType("Missing"));
        Ask.Say("type resolve, throwing", () => Type.GetType("Missing2", true));
        AppDomain.CurrentDomain.TypeResolve -= types;
        ResolveEventHandler resources = (s, e) => { Console.WriteLine("  resource " + e.Name); depth++; if (depth < 8) typeof(Program).Assembly.GetManifestResourceStream("other" + depth); return null; };
        AppDomain.CurrentDomain.ResourceResolve += resources;
        Ask.Say("resource", () => typeof(Program).Assembly.GetManifestResourceStream("missing"));
        AppDomain.CurrentDomain.ResourceResolve -= resources;
    }

    class Mine() : AssemblyLoadContext("mine")
    {
        public int Asked;
        protected override Assembly? Load(AssemblyName name) => ++Asked > 6 ? null : LoadFromAssemblyName(name);
    }
}
