// Assemblies that are made to compile against: none is loaded for execution, by whatever way; and a second file of a name that the platform lists.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

internal static class Program
{
    private static void Try(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f()}"); }
        catch (BadImageFormatException e) { Console.WriteLine($"{what}: {e.GetType().Name} {e.HResult:x}: {e.Message} [{e.FileName}]"); }
    }

    private static byte[] Make(string name, bool reference)
    {
        var a = new PersistedAssemblyBuilder(new AssemblyName(name) { Version = new Version(1, 2, 3, 4) }, typeof(object).Assembly);
        if (reference)
            a.SetCustomAttribute(new CustomAttributeBuilder(typeof(ReferenceAssemblyAttribute).GetConstructor([])!, []));
        a.DefineDynamicModule(name).DefineType("Shape", TypeAttributes.Public).CreateType();
        var s = new MemoryStream();
        a.Save(s);
        return s.ToArray();
    }

    private static void Main()
    {
        byte[] image = Make("OnlyShape", true), plain = Make("Plain", false), again = Make("System.Linq", false);
        string dir = Directory.CreateTempSubdirectory().FullName, path = Path.Combine(dir, "OnlyShape.dll"), linq = Path.Combine(dir, "System.Linq.dll");
        File.WriteAllBytes(path, image);
        File.WriteAllBytes(linq, again);
        Try("bytes", () => Assembly.Load(image));
        Try("plain bytes", () => Assembly.Load(plain));
        Try("from", () => Assembly.LoadFrom(path));
        Try("file", () => Assembly.LoadFile(path));
        Try("context", () => new AssemblyLoadContext("own").LoadFromAssemblyPath(path));
        Try("stream", () => new AssemblyLoadContext("own").LoadFromStream(new MemoryStream(image)));
        Try("name", () => AssemblyName.GetAssemblyName(path));
        var asked = new AssemblyLoadContext("asked");
        asked.Resolving += (c, n) => c.LoadFromAssemblyPath(path);
        Try("plain in context", () => asked.LoadFromStream(new MemoryStream(plain)).GetType("Shape"));
        Try("listed", () => new[] { 1, 2 }.Select(x => x + 1).Sum() + " " + (Assembly.LoadFrom(linq) == typeof(Enumerable).Assembly));
        Directory.Delete(dir, true);
    }
}
