// needs: SharedContract
// needs: GreeterPlugin
// ref: SharedContract
// output: Unable to cast object of type 'Greeter' to type 'IGreeter'. It has another type of that name: [A]IGreeter, not [B]IGreeter. Type A originates from 'SharedContract, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null' in the context '"plug-in" OwnCopies' at location 'DIR/SharedContract.dll'. Type B originates from 'SharedContract, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null' in the context 'Default' at location 'DIR/SharedContract.dll'. 'SharedContract' was loaded twice. To share it, let AssemblyLoadContext.Load of '"plug-in" OwnCopies' return null for it, so that it comes from the default context.\nUnable to cast object of type 'Greeter' to type 'BaseThing'. It has another type of that name: [A]BaseThing, not [B]BaseThing. 'SharedContract' was loaded twice.\n'SharedContract' was loaded twice. To share it, let AssemblyLoadContext.Load of '"second" OwnCopies' return the other context's assembly.\nUnable to cast object of type 'Greeter' to type 'System.IDisposable'.
// A failed cast to a contract that was loaded into two contexts says so, and how to share it.
using System.Reflection;
using System.Runtime.Loader;

internal sealed class OwnCopies(string name) : AssemblyLoadContext(name)
{
    protected override Assembly? Load(AssemblyName n) => n.Name is "SharedContract" or "GreeterPlugin" ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, n.Name + ".dll")) : null;
}

internal static class Program
{
    private static string Clean(string s) => System.Text.RegularExpressions.Regex.Replace(s.Replace(AppContext.BaseDirectory, "DIR/"), " #[0-9]+'", "'");
    private static string Message(Func<object> f) { try { return f().ToString()!; } catch (InvalidCastException e) { return Clean(e.Message); } }
    private static T Cast<T>(object o) => (T)o;

    private static void Main()
    {
        Type g = new OwnCopies("plug-in").LoadFromAssemblyName(new AssemblyName("GreeterPlugin")).GetType("Greeter")!;
        Type h = new OwnCopies("second").LoadFromAssemblyName(new AssemblyName("GreeterPlugin")).GetType("Greeter")!;
        object o = Activator.CreateInstance(g)!;
        Console.WriteLine(Message(() => (IGreeter)o));
        string s = Message(() => (BaseThing)o);
        Console.WriteLine(s[..s.IndexOf(" Type A")] + s[s.IndexOf(" 'SharedContract' was")..s.IndexOf(" To share")]);
        MethodInfo cast = typeof(Program).GetMethod("Cast", BindingFlags.NonPublic | BindingFlags.Static)!;
        object two = h.GetMethod("Say")!.Invoke(Activator.CreateInstance(h), ["x"])!;
        s = Message(() => { try { return cast.MakeGenericMethod(g.GetMethod("Say")!.ReturnType).Invoke(null, [two])!; } catch (TargetInvocationException e) { throw e.InnerException!; } });
        Console.WriteLine(s[(s.IndexOf("'SharedContract' was"))..]);
        Console.WriteLine(Message(() => (IDisposable)o));
    }
}
