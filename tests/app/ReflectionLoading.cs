// Assemblies loaded by name, path and bytes, and what is said of them; AssemblyName; forwarded types; resources and satellites; entry
// points; what reflection-only loading and modules refuse.
// also: common/Ask.cs
// compile: resource:data/embedded.txt
using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Resources;
using System.Runtime.Loader;

static class Program
{
    static readonly Assembly me = typeof(Program).Assembly, core = typeof(object).Assembly;

    static void Name(string text)
    {
        Ask.Say("name " + text, () =>
        {
            var n = new AssemblyName(text);
            return $"{n.Name} | {n.Version} | {n.CultureName} | {Convert.ToHexString(n.GetPublicKeyToken() ?? [])} | {Convert.ToHexString(n.GetPublicKey() ?? [])} | {n.Flags} {n.ContentType} {n.ProcessorArchitecture} | {n.FullName} | {n}";
        });
        Ask.Say("  parsed", () => AssemblyNameInfo.Parse(text).FullName);
    }

    static void Main()
    {
        foreach (string s in new[] { "A", "A, Version=1.2.3.4", "A, Version=1.2", "A, Version=1", "A, Version=1.2.3.4.5", "A, Version=70000.1.1.1", "A,Culture=neutral", "A, Culture=de-DE, PublicKeyToken=b77a5c561934e089", "A, PublicKeyToken=null", "A, PublicKeyToken=", "A, PublicKeyToken=zz", "A, PublicKey=00240000",
            "A, Retargetable=Yes", "A, ContentType=WindowsRuntime", "A, ProcessorArchitecture=MSIL", "A, processorarchitecture=amd64", "\"A B\", Version=1.0.0.0", "A\\,B", "A\\=B", " A ", "", " ", ",", "A,", "A, Version", "A, Version=", "A, Version=1.0, Version=2.0", "A, Unknown=5", "A/B", "A:B", "A\\B", "A'B", "'A,B'", "A, Culture=xx-nowhere", "A, Version=1.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089, Custom=null", "a\tb", "A, Version=*", "A, Version=1.*" })
            Name(s);
        Ask.Say("null", () => new AssemblyName(null!));
        var made = new AssemblyName { Name = "Made, by=hand", Version = new Version(1, 2), CultureInfo = CultureInfo.InvariantCulture, Flags = AssemblyNameFlags.Retargetable };
        made.SetPublicKeyToken([1, 2, 3, 4, 5, 6, 7, 8]);
        Console.WriteLine(made.FullName + " " + made.EscapedCodeBase + made.Clone());
        Ask.Say("key", () => { var n = new AssemblyName("x"); n.SetPublicKey(core.GetName().GetPublicKey()); return n.FullName + n.GetPublicKeyToken()!.Length; });
        Ask.Say("bad key", () => { var n = new AssemblyName("x"); n.SetPublicKey([1, 2, 3]); return n.FullName; });
        Ask.Say("same", () => AssemblyName.ReferenceMatchesDefinition(new AssemblyName("A, Version=1.0.0.0"), new AssemblyName("a, Version=2.0.0.0")));
        Ask.Say("of a file", () => AssemblyName.GetAssemblyName(me.Location).FullName);
        Ask.Say("of a file, none", () => AssemblyName.GetAssemblyName("/none/none.dll"));
        Ask.Say("of a file, text", () => { File.WriteAllText("text.dll", "text"); return AssemblyName.GetAssemblyName("text.dll"); });
        Ask.Say("of a file, empty", () => AssemblyName.GetAssemblyName(""));

        Ask.Say("load", () => Assembly.Load("System.Xml.Linq").GetName().Name);
        Ask.Say("load", () => Assembly.Load("System.Runtime, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a").FullName);
        Ask.Say("load, newer", () => Assembly.Load("System.Runtime, Version=99.0.0.0").FullName);
        Ask.Say("load, wrong key", () => Assembly.Load("System.Runtime, PublicKeyToken=0123456789abcdef").FullName);
        Ask.Say("load, culture", () => Assembly.Load("System.Runtime, Culture=de").FullName);
        Ask.Say("load, none", () => Assembly.Load("NoSuchAssembly"));
        Ask.Say("load, none", () => Assembly.Load("NoSuchAssembly, Version=1.2.3.4, Culture=de, PublicKeyToken=b03f5f7f11d50a3a"));
        Ask.Say("load, bad", () => Assembly.Load("A, Version=x"));
        Ask.Say("load, empty", () => Assembly.Load(""));
        Ask.Say("load, null", () => Assembly.Load((string)null!));
        Ask.Say("load, null name", () => Assembly.Load(new AssemblyName()));
        Ask.Say("load, null bytes", () => Assembly.Load((byte[])null!));
        Ask.Say("load, no bytes", () => Assembly.Load(new byte[0]));
        Ask.Say("load, bad bytes", () => Assembly.Load(new byte[1000]));
        Ask.Say("partial", () => Assembly.LoadWithPartialName("System.Linq")!.GetName().Name);
        Ask.Say("partial, none", () => Assembly.LoadWithPartialName("NoSuch"));
        Ask.Say("file, relative", () => Assembly.LoadFile("none.dll"));
        Ask.Say("file, none", () => Assembly.LoadFile("/none/none.dll"));
        Ask.Say("file, text", () => Assembly.LoadFile(Path.GetFullPath("text.dll")).FullName!.Replace(Environment.CurrentDirectory, ""));
        Ask.Say("from, none", () => Assembly.LoadFrom("/none/none.dll"));
        Ask.Say("from, null", () => Assembly.LoadFrom(null!));
        Ask.Say("unsafe from", () => Assembly.UnsafeLoadFrom(me.Location) == me);
        Ask.Say("from", () => Assembly.LoadFrom(me.Location) == me);
        Ask.Say("from, hash", () => Assembly.LoadFrom(me.Location, null, System.Configuration.Assemblies.AssemblyHashAlgorithm.None));
        byte[] image = File.ReadAllBytes(me.Location);
        Assembly second = Assembly.Load(image, File.ReadAllBytes(Path.ChangeExtension(me.Location, ".pdb"))), third = Assembly.LoadFile(me.Location);
        foreach (Assembly a in new[] { me, second, third })
        {
            Console.WriteLine($"{a == me} '{Path.GetFileName(a.Location)}' {a.FullName} {a.GetType("Program") == typeof(Program)} {a.EntryPoint} {a.IsDynamic} {AssemblyLoadContext.GetLoadContext(a)!.GetType().Name} {a.ManifestModule.Name} {Path.GetFileName(a.ManifestModule.FullyQualifiedName)} {a.ManifestModule.ScopeName} {a.ImageRuntimeVersion}");
            Ask.Say("code base", () => Path.GetFileName(a.CodeBase));
            Ask.Say("file", () => Path.GetFileName(a.GetFiles()[0].Name));
            Ask.Say("resource", () => a.GetManifestResourceNames());
            Ask.Say("resource", () => new StreamReader(a.GetManifestResourceStream(a.GetManifestResourceNames()[0])!).ReadToEnd().Length);
        }
        Ask.Say("twice", () => Assembly.LoadFile(me.Location) == third);
        Ask.Say("bytes twice", () => Assembly.Load(image) == second);
        Ask.Say("equal", () => me.Equals(second) + " " + me.GetHashCode().Equals(me.GetHashCode()));
        Ask.Say("cast", () =>
        {
            try { return ((Func<object, object>)(o => (Marker)o))(second.CreateInstance("Marker")!); }
            catch (InvalidCastException e) { throw new InvalidCastException(e.Message.Split(" 'ReflectionLoading' was loaded twice")[0]); } // CastAdvice shows the rest
        });

        Ask.Say("reflection only", () => Assembly.ReflectionOnlyLoad("System.Runtime"));
        Ask.Say("reflection only", () => Assembly.ReflectionOnlyLoad(image));
        Ask.Say("reflection only", () => Assembly.ReflectionOnlyLoadFrom(me.Location));
        Ask.Say("reflection only", () => Type.ReflectionOnlyGetType("X", false, false));
        Ask.Say("load module", () => me.LoadModule("x", image));
        Ask.Say("module", () => me.GetModule("ReflectionLoading.dll") == me.ManifestModule);
        Ask.Say("module, none", () => me.GetModule("none.netmodule"));
        Ask.Say("module, empty", () => me.GetModule(""));
        Ask.Say("module, null", () => me.GetModule(null!));
        Ask.Say("file, none", () => me.GetFile("none"));
        Ask.Say("files", () => me.GetFiles().Select(f => Path.GetFileName(f.Name)).ToArray());
        Ask.Say("modules", () => me.GetModules().Length + me.GetLoadedModules().Length + me.Modules.Count());
        Ask.Say("resource, none", () => me.GetManifestResourceStream("none"));
        Ask.Say("resource, null", () => me.GetManifestResourceStream(null!));
        Ask.Say("resource, empty", () => me.GetManifestResourceStream(""));
        Ask.Say("resource info", () => me.GetManifestResourceInfo("none"));
        Ask.Say("resource info, null", () => me.GetManifestResourceInfo(null!));
        Ask.Say("satellite", () => me.GetSatelliteAssembly(new CultureInfo("de")));
        Ask.Say("satellite, version", () => me.GetSatelliteAssembly(new CultureInfo("de-AT"), new Version(2, 0)));
        Ask.Say("satellite, null", () => me.GetSatelliteAssembly(null!));
        Ask.Say("satellite, invariant", () => me.GetSatelliteAssembly(CultureInfo.InvariantCulture));
        Ask.Say("resource manager", () => new ResourceManager("None", me).GetString("x"));

        Assembly facade = Assembly.Load("System.Runtime");
        Ask.Say("forwarded", () => facade.GetForwardedTypes().Length > 1000);
        Ask.Say("forwarded", () => facade.GetType("System.String")!.Assembly.GetName().Name);
        Ask.Say("forwarded, nested", () => facade.GetType("System.Collections.Generic.List`1+Enumerator")!.AssemblyQualifiedName);
        Ask.Say("forwarded, none", () => facade.GetType("System.None"));
        Ask.Say("forwarded, any case", () => facade.GetType("SYSTEM.STRING", true, true));
        Ask.Say("exported", () => me.GetExportedTypes());
        Ask.Say("forwarded of mine", () => me.GetForwardedTypes());
        Ask.Say("types", () => me.GetTypes().Select(t => t.FullName!).Where(n => !n.StartsWith('<') && !n.Contains("ProcMaps")).Order(StringComparer.Ordinal).ToArray());
        Ask.Say("defined", () => me.DefinedTypes.Count() == me.GetTypes().Length);
        Ask.Say("references", () => me.GetReferencedAssemblies().Select(n => n.Name!).Where(n => n != "System.Memory").Order(StringComparer.Ordinal).ToArray());
        Ask.Say("entry", () => me.EntryPoint + " " + core.EntryPoint + Assembly.GetEntryAssembly()!.GetName().Name);
        Ask.Say("raw", () => { unsafe { return me.TryGetRawMetadata(out byte* p, out int n) && p[0] == 'B' && n > 100; } });
        Ask.Say("name", () => me.GetName().CodeBase == me.CodeBase);
        Ask.Say("types by name", () => core.GetType("System.Int32", true) == typeof(int));
        Ask.Say("type of", () => Assembly.GetAssembly(typeof(List<>))!.GetName().Name);
        Ask.Say("qualified", () => Assembly.CreateQualifiedName("A", "T"));
    }
}
public class Marker { public class Inner { } class Hidden { } }
