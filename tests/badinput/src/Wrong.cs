// Assemblies made here whose signatures, attributes, constants and names are wrong, read by reflection: each ends in an exception or is read.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;

static class Program
{
    const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    static int made;

    class Maker
    {
        public readonly MetadataBuilder Md = new();
        public readonly BlobBuilder Il = new();
        public AssemblyReferenceHandle Core;
        public TypeReferenceHandle Object, ValueType, Obsolete, Attr, Type, Flags;
        public int Fields = 1, Methods = 1;

        public Maker()
        {
            Md.AddModule(0, Md.GetOrAddString("bad.dll"), Md.GetOrAddGuid(new Guid(++made, 0, 0, new byte[8])), default, default);
            Md.AddAssembly(Md.GetOrAddString("bad" + made), new Version(1, 0, 0, 0), default, default, 0, AssemblyHashAlgorithm.None);
            Core = Md.AddAssemblyReference(Md.GetOrAddString("System.Runtime"), new Version(10, 0, 0, 0), default, default, 0, default);
            Object = Ref("System", "Object"); ValueType = Ref("System", "ValueType"); Obsolete = Ref("System", "ObsoleteAttribute"); Type = Ref("System", "Type"); Flags = Ref("System", "FlagsAttribute"); Attr = Ref("System", "Attribute");
            Class("", "<Module>", default);
        }
        public TypeReferenceHandle Ref(string ns, string name) => Md.AddTypeReference(Core, Md.GetOrAddString(ns), Md.GetOrAddString(name));
        public TypeDefinitionHandle Class(string ns, string name, EntityHandle parent, TypeAttributes a = TypeAttributes.Public) =>
            Md.AddTypeDefinition(a, Md.GetOrAddString(ns), Md.GetOrAddString(name), parent, MetadataTokens.FieldDefinitionHandle(Fields), MetadataTokens.MethodDefinitionHandle(Methods));
        public FieldDefinitionHandle Field(string name, byte[] sig, FieldAttributes a = FieldAttributes.Public) { Fields++; return Md.AddFieldDefinition(a, Md.GetOrAddString(name), Md.GetOrAddBlob(sig)); }
        public MethodDefinitionHandle Method(string name, byte[] sig, byte[] code, byte[]? locals = null, MethodAttributes a = MethodAttributes.Public | MethodAttributes.Static)
        {
            Methods++;
            var bodies = new MethodBodyStreamEncoder(Il);
            var ins = new InstructionEncoder(new BlobBuilder());
            ins.CodeBuilder.WriteBytes(code);
            int at = bodies.AddMethodBody(ins, 8, locals == null ? default : Md.AddStandaloneSignature(Md.GetOrAddBlob(locals)));
            return Md.AddMethodDefinition(a, MethodImplAttributes.IL, Md.GetOrAddString(name), Md.GetOrAddBlob(sig), at, MetadataTokens.ParameterHandle(1));
        }
        public void Attribute(EntityHandle on, EntityHandle type, byte[] sig, byte[] blob) => Md.AddCustomAttribute(on, Md.AddMemberReference(type, Md.GetOrAddString(".ctor"), Md.GetOrAddBlob(sig)), Md.GetOrAddBlob(blob));
        public Assembly Load()
        {
            var pe = new ManagedPEBuilder(new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll), new MetadataRootBuilder(Md, suppressValidation: true), Il);
            var blob = new BlobBuilder();
            pe.Serialize(blob);
            return Assembly.Load(blob.ToArray());
        }
    }

    // Here Stator is stricter, or has other words.
    static readonly HashSet<string> apart = ["field rank zero", "field generic no arguments", "method generic count", "method generic zero", "method field kind",
        "locals void", "code far spec", "code calli", "attribute bad signature", "parent", "generic parameters", "specification of itself"];
    static bool others;

    static void Read(string what, Action<Maker> make)
    {
        if (apart.Contains(what) != others)
            return;
        Console.WriteLine("== " + what);
        Assembly a;
        try { var m = new Maker(); make(m); a = m.Load(); }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); return; }
        Type?[] types;
        try { types = a.GetTypes(); }
        catch (ReflectionTypeLoadException e) { Console.WriteLine(Ask.Wrong(e).Replace("bad" + made, "bad")); types = e.Types; }
        catch (Exception e) { Console.WriteLine(Ask.Wrong(e)); return; }
        foreach (Type? t in types)
        {
            if (t == null)
                continue;
            Ask.Say(t.Name, () => t.FullName);
            Ask.Say(" attributes", () => t.GetCustomAttributes(false));
            Ask.Say(" data", () => t.GetCustomAttributesData().Select(d => d.ToString() + d.ConstructorArguments.Count + d.NamedArguments.Count).ToArray());
            Ask.Say(" fields", () => t.GetFields(any).Length);
            Ask.Say(" methods", () => t.GetMethods(any).Length);
            Ask.Say(" properties", () => t.GetProperties(any).Length);
            Ask.Say(" parameters", () => t.GetGenericArguments().Select(p => p.GetGenericParameterConstraints().Length).ToArray());
            FieldInfo[] fields = []; MethodInfo[] methods = [];
            try { fields = t.GetFields(any); methods = t.GetMethods(any); } catch { }
            foreach (FieldInfo f in fields)
            {
                Ask.Say(" field " + f.Name, () => f.FieldType);
                Ask.Say("  modifiers", () => f.GetRequiredCustomModifiers());
                if (f.IsLiteral)
                    Ask.Say("  constant", () => f.GetRawConstantValue());
            }
            foreach (MethodInfo m in methods)
            {
                Ask.Say(" method " + m.Name, () => m.ToString());
                Ask.Say("  body", () => m.GetMethodBody()!.LocalVariables.Count);
                Ask.Say("  run", () => m.Invoke(null, null));
            }
        }
    }

    static byte[] B(params int[] b) => b.Select(x => (byte)x).ToArray();

    static void Main(string[] args)
    {
        others = args.Length > 0;
        byte[] ret = B(0x2A), one = B(0x17, 0x2A);
        foreach ((string name, byte[] sig) in new[] { ("empty", B()), ("kind", B(0x20)), ("cut", B(6)), ("end", B(6, 0)), ("unknown", B(6, 0x7F)), ("array cut", B(6, 0x1D)), ("token cut", B(6, 0x12)), ("token zero", B(6, 0x12, 0)), ("token far", B(6, 0x12, 0xDF, 0xFF, 0xFF, 0xFD)), ("variable", B(6, 0x13, 0)),
            ("method variable", B(6, 0x1E, 5)), ("rank zero", B(6, 0x14, 8, 0, 0, 0)), ("rank 40", B(6, 0x14, 8, 40, 0, 0)), ("generic of plain", B(6, 0x15, 0x12, 5, 1, 8)), ("generic no arguments", B(6, 0x15, 0x12, 5, 0)), ("sentinel", B(6, 0x41, 8)), ("pinned", B(6, 0x45, 8)), ("function cut", B(6, 0x1B)), ("function count", B(6, 0x1B, 0, 0xC0, 0xFF, 0xFF, 0xFF, 1)),
            ("modifier cut", B(6, 0x1F)), ("modifier", B(6, 0x1F, 5, 8)), ("modifier of nothing", B(6, 0x20, 0, 8)), ("value of class", B(6, 0x11, 5)), ("trailing", B(6, 8, 8, 8)), ("internal", B(6, 0x21, 1, 2, 3, 4, 5, 6, 7, 8)), ("void pointer", B(6, 0x0F, 1)), ("typed reference", B(6, 0x16)), ("deep", [6, .. Enumerable.Repeat((byte)0x1D, 100), 8]), ("length", B(6, 0xE0)) })
            Read("field " + name, m => { m.Class("N", "C", m.Object); m.Field("F", sig); });
        foreach ((string name, byte[] sig) in new[] { ("empty", B()), ("cut", B(0)), ("no result", B(0, 0)), ("count", B(0, 5, 1)), ("count huge", B(0, 0xDF, 0xFF, 0xFF, 0xFF, 1)), ("generic count", B(0x10, 1, 0, 1)), ("generic zero", B(0x10, 0, 0, 1)), ("void parameter", B(0, 1, 1, 1)), ("by reference twice", B(0, 1, 1, 0x10, 0x10, 8)), ("by reference to void", B(0, 1, 1, 0x10, 1)), ("bad result", B(0, 0, 0x7F)), ("this", B(0x20, 0, 1)), ("field kind", B(6, 8)), ("property kind", B(8, 0, 8)), ("explicit", B(0x60, 1, 1, 8)), ("sentinel", B(5, 2, 1, 8, 0x41, 8)), ("two sentinels", B(5, 2, 1, 0x41, 8, 0x41, 8)) })
            Read("method " + name, m => { m.Class("N", "C", m.Object); m.Method("M", sig, ret); });
        foreach ((string name, byte[] sig) in new[] { ("empty", B()), ("kind", B(6, 8)), ("cut", B(7)), ("count", B(7, 3, 8)), ("void", B(7, 1, 1)), ("bad", B(7, 1, 0x7F)), ("variable", B(7, 1, 0x13, 0)), ("far", B(7, 1, 0x12, 0xDF, 0xFF, 0xFF, 0xFD)), ("good", B(7, 2, 8, 0x0E)) })
            Read("locals " + name, m => { m.Class("N", "C", m.Object); m.Method("M", B(0, 0, 8), one, sig); });
        foreach ((string name, byte[] code) in new[] { ("token zero", B(0x28, 0, 0, 0, 0, 0x2A)), ("token of nothing", B(0x28, 1, 0, 0, 0x7F, 0x2A)), ("far method", B(0x28, 0xFF, 0xFF, 0, 6, 0x2A)), ("far string", B(0x72, 0xFF, 0xFF, 0xFF, 0x70, 0x26, 0x2A)), ("type as field", B(0x7E, 1, 0, 0, 2, 0x26, 0x2A)), ("far type", B(0xD0, 0xFF, 0xFF, 0, 1, 0x26, 0x2A)), ("far spec", B(0xD0, 9, 0, 0, 0x1B, 0x26, 0x2A)), ("calli", B(0x16, 0x29, 9, 0, 0, 0x11, 0x2A)), ("switch", B(0x16, 0x45, 0xFF, 0xFF, 0xFF, 0x7F, 0x2A)) })
            Read("code " + name, m => { m.Class("N", "C", m.Object); m.Method("M", B(0, 0, 1), code); });

        byte[] str = B(0x20, 1, 1, 0x0E), nothing = B(0x20, 0, 1);
        foreach ((string name, byte[] sig, byte[] blob) in new[] { ("good", str, B(1, 0, 2, 'h', 'i', 0, 0)), ("empty", str, B()), ("prolog", str, B(2, 0, 2, 'h', 'i', 0, 0)), ("cut", str, B(1, 0, 9, 'h')), ("no value", str, B(1, 0)), ("no count", str, B(1, 0, 2, 'h', 'i')), ("null", str, B(1, 0, 0xFF, 0, 0)), ("count", str, B(1, 0, 0xFF, 5, 0)), ("named kind", str, B(1, 0, 0xFF, 1, 0, 0x50, 2, 1, 'x', 1)), ("named type", str, B(1, 0, 0xFF, 1, 0, 0x54, 0x7F, 1, 'x', 1)),
            ("named unknown", str, B(1, 0, 0xFF, 1, 0, 0x54, 2, 1, 'x', 1)), ("named enum", str, B(1, 0, 0xFF, 1, 0, 0x54, 0x55, 3, 'N', '.', 'Z', 1, 'x', 1, 0, 0, 0)), ("named good", str, B(1, 0, 0xFF, 1, 0, 0x54, 0x0E, 12, 'D', 'i', 'a', 'g', 'n', 'o', 's', 't', 'i', 'c', 'I', 'd', 1, 'q')), ("named wrong type", str, B(1, 0, 0xFF, 1, 0, 0x54, 2, 12, 'D', 'i', 'a', 'g', 'n', 'o', 's', 't', 'i', 'c', 'I', 'd', 1)), ("trailing", str, B(1, 0, 0xFF, 0, 0, 7, 7)),
            ("no such constructor", B(0x20, 1, 1, 8), B(1, 0, 1, 0, 0, 0, 0, 0)), ("bad signature", B(0x20, 1, 1, 0x7F), B(1, 0, 0, 0)), ("none", nothing, B(1, 0, 0, 0)), ("no blob", nothing, B()) })
            Read("attribute " + name, m => { TypeDefinitionHandle c = m.Class("N", "C", m.Object); m.Attribute(c, m.Obsolete, sig, blob); });
        Read("attribute that is none", m => { TypeDefinitionHandle c = m.Class("N", "C", m.Object); m.Attribute(c, m.Object, nothing, B(1, 0, 0, 0)); });
        Read("attribute of a missing type", m => { TypeDefinitionHandle c = m.Class("N", "C", m.Object); m.Attribute(c, m.Ref("No", "Such"), nothing, B(1, 0, 0, 0)); });
        Read("attribute on itself", m => { m.Class("N", "A", m.Attr); MethodDefinitionHandle ctor = m.Method(".ctor", B(0x20, 0, 1), ret, null, MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName); m.Md.AddCustomAttribute(MetadataTokens.TypeDefinitionHandle(2), ctor, m.Md.GetOrAddBlob(B(1, 0, 0, 0))); });

        Read("names", m => { m.Class("", "", m.Object); m.Class("a.b", "c+d", m.Object); m.Class("x", "y,z[]", m.Object); m.Class("N", "Same", m.Object); m.Class("N", "Same", m.Object); m.Class("N", new string('n', 2000), m.Object); m.Field("", B(6, 8)); m.Field("", B(6, 8)); m.Method("", B(0, 0, 1), ret); });
        Read("nesting", m => { TypeDefinitionHandle a = m.Class("", "A", m.Object, TypeAttributes.NestedPublic), b = m.Class("", "B", m.Object, TypeAttributes.NestedPublic); m.Md.AddNestedType(a, b); m.Md.AddNestedType(b, a); });
        Read("own nest", m => { TypeDefinitionHandle a = m.Class("", "A", m.Object, TypeAttributes.NestedPublic); m.Md.AddNestedType(a, a); });
        Read("constant", m => { m.Class("N", "C", m.Object); FieldDefinitionHandle f = m.Field("F", B(6, 8), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal), g = m.Field("G", B(6, 8), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal); m.Md.AddConstant(f, "text"); });
        Read("parent", m => { m.Class("N", "C", m.Ref("No", "Such")); m.Class("N", "D", MetadataTokens.TypeDefinitionHandle(3)); m.Class("N", "E", default); m.Class("N", "F", MetadataTokens.TypeSpecificationHandle(77)); });
        Read("specification of itself", m => { m.Md.AddTypeSpecification(m.Md.GetOrAddBlob(B(0x12, 6))); m.Class("N", "C", m.Object); m.Field("F", B(6, 0x12, 6)); m.Class("N", "D", MetadataTokens.TypeSpecificationHandle(1)); });
        Read("overridden far variable", m => { MethodAttributes over = MethodAttributes.Public | MethodAttributes.Virtual; byte[] far = B(0x20, 1, 1, 0x13, 90); TypeDefinitionHandle g = m.Class("N", "G`1", m.Object); m.Md.AddGenericParameter(g, 0, m.Md.GetOrAddString("T"), 0); m.Method("V", far, ret, null, over | MethodAttributes.NewSlot); m.Class("N", "H", m.Md.AddTypeSpecification(m.Md.GetOrAddBlob(B(0x15, 0x12, 8, 1, 8)))); m.Method("V", far, ret, null, over); });
        Read("generic parameters", m => { TypeDefinitionHandle c = m.Class("N", "C", m.Object); m.Md.AddGenericParameter(c, 0, m.Md.GetOrAddString("T"), 5); m.Md.AddGenericParameter(c, 0, m.Md.GetOrAddString("T"), 5); });
        Read("constraint", m => { TypeDefinitionHandle c = m.Class("N", "C", m.Object); GenericParameterHandle p = m.Md.AddGenericParameter(c, 0, m.Md.GetOrAddString("T"), 0); m.Md.AddGenericParameterConstraint(p, m.Ref("No", "Such")); });
        Read("interface", m => { TypeDefinitionHandle c = m.Class("N", "C", m.Object); m.Md.AddInterfaceImplementation(c, m.Ref("No", "Such")); });
    }
}

static class Ask
{
    public static string Text(object? v) => v switch
    {
        null => "null",
        string s => "\"" + s + "\"",
        Array a when a.Rank == 1 => "[" + string.Join(", ", a.Cast<object?>().Select(Text)) + "]",
        Enum e => e.GetType().Name + "." + e,
        IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture) + ":" + v.GetType().Name,
        _ => v.ToString() ?? "",
    };

    public static string Wrong(Exception e)
    {
        string s = e.GetType().Name + ": " + e.Message.ReplaceLineEndings(" | ");
        if (e is System.Reflection.ReflectionTypeLoadException r)
            foreach (Exception? x in r.LoaderExceptions)
                s += " + " + (x == null ? "null" : Wrong(x));
        return e.InnerException == null ? s : s + " <- " + Wrong(e.InnerException);
    }

    public static void Say(string what, Func<object?> f)
    {
        string s;
        try { s = Text(f()); }
        catch (Exception e) { s = Wrong(e); }
        Console.WriteLine(what + ": " + s);
    }

    public static void Do(string what, Action f) => Say(what, () => { f(); return "done"; });
}
