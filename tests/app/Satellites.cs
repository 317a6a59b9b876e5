// Satellite assemblies: a plug-in with texts in several cultures, in a context of its own and in two; fallback from culture to culture to neutral;
// GetSatelliteAssembly with versions; a satellite that is not one.
using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Resources;
using System.Runtime.Loader;

internal static class Program
{
    private static readonly string s_temp = Directory.CreateTempSubdirectory().FullName + "/";
    private static string Clean(string s) => s.Replace(s_temp, "TEMP/");
    private static void T(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {Clean(f()?.ToString() ?? "null")}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {Clean(e.Message).Split('\n')[0]}"); }
    }

    private static void Make(string name, string? culture, string version, params (string, string)[] texts)
    {
        var n = new AssemblyName(name) { Version = new Version(version), CultureName = culture };
        var ab = new PersistedAssemblyBuilder(n, typeof(object).Assembly);
        ab.DefineDynamicModule(name).DefineType("Texts", TypeAttributes.Public).CreateType();
        MetadataBuilder md = ab.GenerateMetadata(out BlobBuilder il, out BlobBuilder data);
        using var stream = new MemoryStream();
        using (var w = new ResourceWriter(stream))
        {
            foreach ((string k, string v) in texts) w.AddResource(k, v);
            w.Generate();
            var resources = new BlobBuilder();
            resources.WriteInt32((int)stream.Length);
            resources.WriteBytes(stream.ToArray());
            md.AddManifestResource(ManifestResourceAttributes.Public, md.GetOrAddString(culture == null ? "Texts.resources" : $"Texts.{culture}.resources"), default, 0);
            var pe = new ManagedPEBuilder(PEHeaderBuilder.CreateLibraryHeader(), new MetadataRootBuilder(md), il, managedResources: resources);
            var image = new BlobBuilder();
            pe.Serialize(image);
            string path = s_temp + (culture == null ? "" : culture + "/") + name + ".dll";
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, image.ToArray());
        }
    }

    private static void Main()
    {
        Make("Plug", null, "1.2.0.0", ("hello", "hello"), ("only", "neutral only"));
        Make("Plug.resources", "fr", "1.2.0.0", ("hello", "bonjour"));
        Make("Plug.resources", "de", "1.2.0.0", ("hello", "hallo"), ("only", "nur"));
        Make("Plug.resources", "de-AT", "1.2.0.0", ("hello", "servus"));
        Make("Plug.resources", "it", "1.0.0.0", ("hello", "ciao"));
        Directory.CreateDirectory(s_temp + "es");
        File.WriteAllText(s_temp + "es/Plug.resources.dll", "not an image");
        Make("Plug.resources", "pl", "1.2.0.0", ("hello", "czesc"));
        Directory.Move(s_temp + "pl", s_temp + "sv");

        foreach (string which in new[] { "first", "second" })
        {
            var c = new AssemblyLoadContext(which, true);
            Assembly a = c.LoadFromAssemblyPath(s_temp + "Plug.dll");
            var rm = new ResourceManager("Texts", a);
            foreach (string culture in new[] { "", "en", "fr", "fr-CA", "de", "de-AT", "de-CH", "it", "es", "sv", "ja" })
            {
                var ci = new CultureInfo(culture);
                T($"{which} {culture}", () => $"{rm.GetString("hello", ci)} {rm.GetString("only", ci)} {rm.GetString("none", ci) ?? "none"}");
            }
            T("satellite", () => a.GetSatelliteAssembly(new CultureInfo("fr")).FullName);
            T("again", () => ReferenceEquals(a.GetSatelliteAssembly(new CultureInfo("fr")), a.GetSatelliteAssembly(new CultureInfo("fr"))));
            T("where", () => a.GetSatelliteAssembly(new CultureInfo("de-AT")).Location + " " + AssemblyLoadContext.GetLoadContext(a.GetSatelliteAssembly(new CultureInfo("de-AT")))!.Name);
            T("version", () => a.GetSatelliteAssembly(new CultureInfo("fr"), new Version(1, 2, 0, 0)).GetName().Version);
            T("other version", () => a.GetSatelliteAssembly(new CultureInfo("fr"), new Version(9, 0, 0, 0)).GetName().Version);
            T("older", () => a.GetSatelliteAssembly(new CultureInfo("it"), new Version(0, 5)).GetName().Version);
            T("none", () => a.GetSatelliteAssembly(new CultureInfo("ja")));
            T("not an image", () => a.GetSatelliteAssembly(new CultureInfo("es")));
            T("other culture's", () => a.GetSatelliteAssembly(new CultureInfo("sv")));
            T("null", () => a.GetSatelliteAssembly(null!));
            T("set", () => { using ResourceSet? s = rm.GetResourceSet(new CultureInfo("de"), true, true); return string.Join(",", s!.Cast<System.Collections.DictionaryEntry>().Select(e => $"{e.Key}={e.Value}").Order()); });
            T("missing manager", () => new ResourceManager("Nothing", a).GetString("x"));
            T("loaded", () => string.Join(" ", c.Assemblies.Select(x => x.GetName().Name + x.GetName().CultureName).Order()));
        }
        var bytes = new AssemblyLoadContext("bytes", true);
        Assembly b = bytes.LoadFromStream(new MemoryStream(File.ReadAllBytes(s_temp + "Plug.dll")));
        T("without a place", () => b.GetSatelliteAssembly(new CultureInfo("fr")).FullName);
        bytes.Resolving += (c, n) => n.Name == "Plug.resources" && n.CultureName == "fr" ? c.LoadFromAssemblyPath(s_temp + "fr/Plug.resources.dll") : null;
        T("resolved", () => b.GetSatelliteAssembly(new CultureInfo("fr")).FullName + " " + new ResourceManager("Texts", b).GetString("hello", new CultureInfo("fr-BE")));
        Assembly d = AssemblyLoadContext.Default.LoadFromAssemblyPath(s_temp + "Plug.dll");
        T("default", () => new ResourceManager("Texts", d).GetString("hello", new CultureInfo("de-AT")) + " " + d.GetSatelliteAssembly(new CultureInfo("fr")).Location);
        Directory.Delete(s_temp, true);
    }
}
