// Resources for several cultures: assemblies and satellites made here, found through Resolving; fallback, linked resources, ResourceSets.
// also: common/Ask.cs
using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Resources;
using System.Runtime.Loader;

static class Program
{
    static byte[] Make(string name, string? culture, string resource, params (string, object)[] values)
    {
        var md = new MetadataBuilder();
        md.AddModule(0, md.GetOrAddString(name + ".dll"), md.GetOrAddGuid(new Guid(name.Length, (short)(culture ?? "").GetHashCode(StringComparison.Ordinal).CompareTo(0), 0, new byte[8])), default, default);
        md.AddAssembly(md.GetOrAddString(name), new Version(2, 1, 0, 0), culture == null ? default : md.GetOrAddString(culture), default, 0, AssemblyHashAlgorithm.None);
        md.AddTypeDefinition(0, default, md.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        AssemblyReferenceHandle other = md.AddAssemblyReference(md.GetOrAddString("Shared"), new Version(2, 1, 0, 0), default, default, 0, default);
        var stream = new MemoryStream();
        using (var w = new ResourceWriter(stream))
        {
            foreach ((string key, object value) in values)
                w.AddResource(key, value);
            w.Generate();
            var blob = new BlobBuilder();
            blob.WriteInt32((int)stream.Length);
            blob.WriteBytes(stream.ToArray());
            md.AddManifestResource(ManifestResourceAttributes.Public, md.GetOrAddString(resource), default, 0);
            md.AddManifestResource(ManifestResourceAttributes.Private, md.GetOrAddString("linked"), other, 0);
            md.AddManifestResource(ManifestResourceAttributes.Public, md.GetOrAddString("nowhere"), md.AddAssemblyReference(md.GetOrAddString("NoSuch"), new Version(1, 0, 0, 0), default, default, 0, default), 0);
            md.AddManifestResource(ManifestResourceAttributes.Public, md.GetOrAddString("far"), default, 0x7FFFFF00);
            var pe = new ManagedPEBuilder(new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll), new MetadataRootBuilder(md), new BlobBuilder(), managedResources: blob);
            var image = new BlobBuilder();
            pe.Serialize(image);
            return image.ToArray();
        }
    }

    static void Main()
    {
        var made = new Dictionary<string, byte[]>
        {
            ["Main|"] = Make("Main", null, "Strings.resources", ("Hello", "hello"), ("Only", "neutral"), ("Number", 42), ("Bytes", new byte[] { 1, 2 })),
            ["Main.resources|de"] = Make("Main.resources", "de", "Strings.de.resources", ("Hello", "hallo")),
            ["Main.resources|de-AT"] = Make("Main.resources", "de-AT", "Strings.de-AT.resources", ("Hello", "servus")),
            ["Main.resources|fr"] = Make("Main.resources", "fr", "Wrong.fr.resources", ("Hello", "bonjour")),
            ["Shared|"] = Make("Shared", null, "linked", ("Linked", "yes")),
        };
        AssemblyLoadContext.Default.Resolving += (c, n) =>
        {
            Console.WriteLine($"  asked for {n}");
            return made.TryGetValue(n.Name + "|" + n.CultureName, out byte[]? b) ? c.LoadFromStream(new MemoryStream(b)) : null;
        };
        Assembly main = Assembly.Load("Main");
        Console.WriteLine(main.FullName);
        Ask.Say("names", () => main.GetManifestResourceNames());
        foreach (string n in main.GetManifestResourceNames())
        {
            Ask.Say(n, () => main.GetManifestResourceInfo(n) is { } i ? $"{i.ResourceLocation} {i.FileName} {i.ReferencedAssembly}" : null);
            Ask.Say(n, () => main.GetManifestResourceStream(n)?.Length > 0);
        }
        var manager = new ResourceManager("Strings", main);
        foreach (string culture in new[] { "", "de", "de-AT", "de-CH", "fr", "fr-FR", "en-GB" })
            foreach (string key in new[] { "Hello", "Only", "hello", "None" })
                Ask.Say(culture + " " + key, () => manager.GetString(key, new CultureInfo(culture)));
        Ask.Say("object", () => manager.GetObject("Number", CultureInfo.InvariantCulture));
        Ask.Say("bytes", () => manager.GetObject("Bytes", CultureInfo.InvariantCulture));
        Ask.Say("not a string", () => manager.GetString("Number", CultureInfo.InvariantCulture));
        Ask.Say("stream", () => manager.GetStream("Hello", CultureInfo.InvariantCulture));
        Ask.Say("set", () => manager.GetResourceSet(new CultureInfo("de"), true, false)!.Cast<DictionaryEntry>().Select(e => e.Key + "=" + e.Value).ToArray());
        Ask.Say("set, parents", () => manager.GetResourceSet(new CultureInfo("it"), true, true)!.Cast<DictionaryEntry>().Select(e => (string)e.Key).Order(StringComparer.Ordinal).ToArray());
        manager.IgnoreCase = true;
        Ask.Say("any case", () => manager.GetString("hELLO", new CultureInfo("de")));
        Ask.Say("none", () => new ResourceManager("None", main).GetString("x", CultureInfo.InvariantCulture));
        Ask.Say("satellite", () => main.GetSatelliteAssembly(new CultureInfo("de")).FullName);
        Ask.Say("satellite, version", () => main.GetSatelliteAssembly(new CultureInfo("de"), new Version(1, 0, 0, 0)).FullName);
        Ask.Say("satellite, none", () => main.GetSatelliteAssembly(new CultureInfo("sv")));
        Ask.Say("satellite's culture", () => main.GetSatelliteAssembly(new CultureInfo("de-AT")).GetName().CultureInfo);
        CultureInfo.CurrentUICulture = new CultureInfo("de-AT");
        Ask.Say("current", () => manager.GetString("Hello"));
        manager.ReleaseAllResources();
        Ask.Say("again", () => manager.GetString("Hello"));
    }
}
