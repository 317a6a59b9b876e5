// Prints all that reflection says about assemblies: every type and member, public or not, with signatures, attributes, constants,
// bodies, interface maps, resources, and what each metadata token resolves to.  One text file per assembly.
// Arguments: folder for the output, assembly files, then --beside and files in whose folders more assemblies are.  No code of the assemblies runs but that of attributes.
using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text;

static class Program
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.FlattenHierarchy;
    static readonly OpCode[] one = new OpCode[256], two = new OpCode[256];
    static readonly StringBuilder line = new();
    static TextWriter o = null!;
    static readonly HashSet<int> seen = [];

    static int Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        foreach (FieldInfo f in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var c = (OpCode)f.GetValue(null)!;
            if (c.Size == 1)
                one[(byte)c.Value] = c;
            else
                two[(byte)c.Value] = c;
        }
        var folders = args.Skip(1).Where(p => p != "--beside").Select(p => Path.GetDirectoryName(p)!).Distinct().ToArray();
        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            foreach (string folder in folders)
                if (File.Exists(Path.Combine(folder, name.Name + ".dll")))
                    return context.LoadFromAssemblyPath(Path.Combine(folder, name.Name + ".dll"));
            return null;
        };
        foreach (string path in args.Skip(1).TakeWhile(p => p != "--beside"))
        {
            using (o = new StreamWriter(Path.Combine(args[0], Path.GetFileNameWithoutExtension(path) + ".txt")))
                Say("", "assembly", () => { DumpAssembly(LoadAssembly(path)); return "end"; });
        }
        return 0;
    }

    static Assembly LoadAssembly(string path)
    {
        var name = AssemblyName.GetAssemblyName(path);
        return Assembly.Load(name);
    }

    // ---- output

    static string Text(object? v)
    {
        switch (v)
        {
        case null: return "null";
        case string s: return Quote(s);
        case Type t: return t.ToString();
        case Enum e: return e.GetType().Name + "." + e.ToString();
        case char c: return "'" + (int)c;
        case double d: return BitConverter.DoubleToInt64Bits(d).ToString("x");
        case float f: return BitConverter.SingleToInt32Bits(f).ToString("x");
        case IFormattable n: return n.ToString(null, CultureInfo.InvariantCulture);
        case bool b: return b ? "true" : "false";
        case IList l:
            var all = new StringBuilder("[");
            foreach (object? x in l)
                all.Append(all.Length > 1 ? ", " : "").Append(Text(x));
            return all.Append(']').ToString();
        case MemberInfo or ParameterInfo or CustomAttributeData or Assembly or Module or DBNull or Missing or CustomAttributeTypedArgument
            or CustomAttributeNamedArgument or Version or LocalVariableInfo:
            return Quote(v.ToString() ?? "");
        default: return "{" + v.GetType() + "}";
        }
    }

    static string Quote(string s)
    {
        StringBuilder? b = null;
        for (int i = 0; i < s.Length; i++)
            if (s[i] < ' ' || s[i] == '\\' || s[i] > '~')
            {
                b ??= new StringBuilder(s, 0, i, s.Length + 16);
                b.Append('\\').Append('x').Append(((int)s[i]).ToString("x4"));
            }
            else
                b?.Append(s[i]);
        return b?.ToString() ?? s;
    }

    static string Wrong(Exception e)
    {
        string s = "! " + e.GetType().Name + ": " + Quote(e.Message);
        if (e is ReflectionTypeLoadException r)
            foreach (var x in r.LoaderExceptions)
                s += "; " + (x == null ? "null" : Wrong(x));
        for (Exception? x = e.InnerException; x != null; x = x.InnerException)
            s += " <- " + x.GetType().Name + ": " + Quote(x.Message);
        return s;
    }

    static string Ask(Func<object?> f)
    {
        try { return Text(f()); }
        catch (Exception e) { return Wrong(e); }
    }

    static void Say(string indent, string what, Func<object?> f)
    {
        string s = Ask(f);
        o.Write(indent);
        o.Write(what);
        o.Write(": ");
        o.WriteLine(s);
    }

    static void Each<T>(string indent, string what, Func<IEnumerable<T>> list, Action<T> f)
    {
        try
        {
            foreach (T x in list())
                f(x);
        }
        catch (Exception e)
        {
            o.WriteLine(indent + what + ": " + Wrong(e));
        }
    }

    static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint h = 2166136261;
        foreach (byte b in bytes)
            h = (h ^ b) * 16777619;
        return h;
    }

    // ---- assemblies and modules

    static void DumpAssembly(Assembly a)
    {
        seen.Clear();
        o.WriteLine("assembly " + a.FullName);
        Say(" ", "runtime version", () => a.ImageRuntimeVersion);
        Say(" ", "entry point", () => a.EntryPoint);
        Say(" ", "flags", () => $"{a.IsDynamic} {a.IsCollectible} {a.IsFullyTrusted} {a.ReflectionOnly} {a.HostContext} {a.SecurityRuleSet} {a.GlobalAssemblyCache}");
        Say(" ", "name", () => { var n = a.GetName(); return $"{n.Name} {n.Version} {n.CultureName} {n.Flags} {n.HashAlgorithm} {n.ContentType} {n.ProcessorArchitecture} {Convert.ToHexString(n.GetPublicKey() ?? [])} {Convert.ToHexString(n.GetPublicKeyToken() ?? [])}"; });
        Say(" ", "modules", () => a.GetModules(true));
        Attributes(" ", () => a.GetCustomAttributesData(), () => a.GetCustomAttributes(false));
        Each(" ", "references", () => a.GetReferencedAssemblies(), n => o.WriteLine($" reference {n.FullName} {n.Flags} {Convert.ToHexString(n.GetPublicKeyToken() ?? [])}"));
        Each(" ", "resources", () => a.GetManifestResourceNames(), n => Resource(a, n));
        Each(" ", "forwarded", () => a.GetForwardedTypes(), t => Say(" ", "forwarded", () => t.AssemblyQualifiedName));
        Each(" ", "exported", () => a.GetExportedTypes(), t => Say(" ", "exported", () => t.FullName));
        Each(" ", "modules", () => a.GetModules(), DumpModule);
        Each(" ", "types", () => a.GetTypes(), t => DumpType(t));
        Each(" ", "modules", () => a.GetModules(), Resolve);
    }

    static void Resource(Assembly a, string name)
    {
        Say(" ", "resource " + name, () =>
        {
            var i = a.GetManifestResourceInfo(name)!;
            using Stream s = a.GetManifestResourceStream(name)!;
            var bytes = new byte[s.Length];
            s.ReadExactly(bytes);
            return $"{i.ResourceLocation} {i.FileName} {i.ReferencedAssembly} {bytes.Length} {Sum(bytes):x}";
        });
    }

    static void DumpModule(Module m)
    {
        o.WriteLine($" module {m.Name} {m.ScopeName} {m.MDStreamVersion} {m.ModuleVersionId} {m.MetadataToken:x8}");
        Say("  ", "kind", () => { m.GetPEKind(out PortableExecutableKinds k, out ImageFileMachine f); return k + " " + f + " " + m.IsResource(); });
        Attributes("  ", () => m.GetCustomAttributesData(), () => m.GetCustomAttributes(false));
        Each("  ", "fields", () => m.GetFields(All), Field);
        Each("  ", "methods", () => m.GetMethods(All), f => Method("  ", f));
    }

    // ---- attributes

    static void Attributes(string indent, Func<IList<CustomAttributeData>> data, Func<object[]> objects)
    {
        Each(indent, "attribute data", data, d => Say(indent, "[data]", () => d.ToString() + (d.Constructor is { } c ? " " + c : "")));
        Each(indent, "attributes", objects, a => Say(indent, "[attribute]", () => Instance(a)));
    }

    static string Instance(object a)
    {
        var s = new StringBuilder(a.GetType().ToString());
        for (Type t = a.GetType(); t != typeof(object) && t != typeof(Attribute); t = t.BaseType!)
            foreach (FieldInfo f in t.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly))
                s.Append(' ').Append(f.Name).Append('=').Append(Ask(() => f.GetValue(a)));
        return s.ToString();
    }

    // ---- types

    static void DumpType(Type t)
    {
        o.WriteLine();
        o.WriteLine($"type {Quote(t.FullName ?? "?")} {t.MetadataToken:x8} {t.Attributes}");
        Say(" ", "names", () => $"{Quote(t.Name)} {Quote(t.Namespace ?? "-")} {Quote(t.ToString())}");
        Say(" ", "qualified", () => t.AssemblyQualifiedName);
        Say(" ", "base", () => t.BaseType);
        Say(" ", "declaring", () => t.DeclaringType);
        Say(" ", "is", () => Is(t));
        Say(" ", "guid", () => t.GUID.ToString());
        Say(" ", "code", () => Type.GetTypeCode(t));
        Say(" ", "initializer", () => t.TypeInitializer);
        Say(" ", "default members", () => t.GetDefaultMembers());
        Say(" ", "layout", () => t.StructLayoutAttribute is { } l ? $"{l.Value} {l.Pack} {l.Size} {l.CharSet}" : null);
        if (t.IsValueType && !t.ContainsGenericParameters)
        {
            Say(" ", "size", () => RuntimeHelpers.SizeOf(t.TypeHandle));
            if (!t.IsEnum)
                Say(" ", "native size", () => Marshal.SizeOf(t));
        }
        if (t.IsEnum)
            Say(" ", "enum", () => t.GetEnumUnderlyingType() + " " + Text(t.GetEnumNames()) + " " + Text(t.GetEnumValuesAsUnderlyingType()));
        GenericParameters(" ", () => t.GetGenericArguments());
        Attributes(" ", () => t.GetCustomAttributesData(), () => t.GetCustomAttributes(false));
        Say(" ", "inherited attributes", () => t.GetCustomAttributes(true).Select(x => x.GetType()).ToArray());
        Each(" ", "interfaces", () => t.GetInterfaces(), i => o.WriteLine(" implements " + Quote(i.ToString())));
        if (!t.IsInterface)
            Each(" ", "interface maps", () => t.GetInterfaces(), i =>
            {
                try { Map(t, i); }
                catch (Exception e) { o.WriteLine($" map {Quote(i.ToString())} {Wrong(e)}"); }
            });
        Each(" ", "fields", () => t.GetFields(Declared), Field);
        Each(" ", "constructors", () => t.GetConstructors(Declared), c => Method(" ", c));
        Each(" ", "methods", () => t.GetMethods(Declared), m => Method(" ", m));
        Each(" ", "properties", () => t.GetProperties(Declared), Property);
        Each(" ", "events", () => t.GetEvents(Declared), Event);
        Say(" ", "nested", () => t.GetNestedTypes(Declared));
        Say(" ", "all members", () =>
        {
            MemberInfo[] all = t.GetMembers(All);
            uint h = 0;
            foreach (MemberInfo m in all)
                h = (h * 31 + Sum(Encoding.UTF8.GetBytes(m.ToString() + m.DeclaringType))) ^ (uint)m.MetadataToken;
            return $"{all.Length} {h:x}";
        });
    }

    static string Is(Type t) => string.Concat(
        Flag(t.IsAbstract, "abstract "), Flag(t.IsByRefLike, "byreflike "), Flag(t.IsClass, "class "), Flag(t.IsCOMObject, "com "),
        Flag(t.IsConstructedGenericType, "constructed ")) + string.Concat(
        Flag(t.IsContextful, "contextful "), Flag(t.IsEnum, "enum "), Flag(t.IsExplicitLayout, "explicit "), Flag(t.IsGenericType, "generic "),
        Flag(t.IsGenericTypeDefinition, "definition ")) + string.Concat(
        Flag(t.IsImport, "import "), Flag(t.IsInterface, "interface "), Flag(t.IsMarshalByRef, "byref "), Flag(t.IsNested, "nested "),
        Flag(t.IsPrimitive, "primitive ")) + string.Concat(
        Flag(t.IsSealed, "sealed "), Flag(t.IsSecurityCritical, "critical "), Flag(t.IsSerializable, "serializable "), Flag(t.IsSpecialName, "special "),
        Flag(t.IsValueType, "value ")) + string.Concat(
        Flag(t.IsVisible, "visible "), Flag(t.IsTypeDefinition, "typedef "), Flag(t.ContainsGenericParameters, "open "), Flag(t.IsCollectible, "collectible "),
        Flag(t.HasSameMetadataDefinitionAs(t), "same "));

    static string Flag(bool b, string s) => b ? s : "";

    static void GenericParameters(string indent, Func<Type[]> list)
    {
        Each(indent, "generic parameters", list, p =>
        {
            if (!p.IsGenericParameter)
            {
                o.WriteLine(indent + "argument " + p);
                return;
            }
            Say(indent, "parameter", () => $"{p.GenericParameterPosition} {p.Name} {p.MetadataToken:x8} {p.GenericParameterAttributes} {p.IsVisible} base {p.BaseType} {p.Attributes} {p.DeclaringMethod} {p.DeclaringType}");
            Say(indent, "constraints", () => p.GetGenericParameterConstraints());
            Say(indent, "interfaces", () => p.GetInterfaces());
            Attributes(indent, () => p.GetCustomAttributesData(), () => p.GetCustomAttributes(false));
        });
    }

    static void Map(Type t, Type i)
    {
        InterfaceMapping m = t.GetInterfaceMap(i);
        o.WriteLine($" map {Quote(m.TargetType.ToString())} {Quote(m.InterfaceType.ToString())}");
        for (int k = 0; k < m.InterfaceMethods.Length; k++)
            Say("  ", m.InterfaceMethods[k].ToString()!, () => m.TargetMethods[k] is { } f ? $"{f.DeclaringType} {f} {f.MetadataToken:x8}" : null);
    }

    // ---- members

    static void Modifiers(string indent, Func<Type[]> required, Func<Type[]> optional)
    {
        string r = Ask(() => required()), p = Ask(() => optional());
        if (r != "[]" || p != "[]")
            o.WriteLine($"{indent}modifiers {r} {p}");
    }

    static string Modified(Type t)
    {
        var s = new StringBuilder(t.GetType().Name).Append(' ').Append(Quote(t.ToString()));
        s.Append(Ask(() => t.GetRequiredCustomModifiers())).Append(Ask(() => t.GetOptionalCustomModifiers()));
        if (t.IsFunctionPointer)
        {
            s.Append(" fn").Append(t.IsUnmanagedFunctionPointer).Append(Ask(() => t.GetFunctionPointerCallingConventions()));
            s.Append(" (").Append(Modified(t.GetFunctionPointerReturnType())).Append(')');
            foreach (Type p in t.GetFunctionPointerParameterTypes())
                s.Append(" (").Append(Modified(p)).Append(')');
        }
        else if (t.HasElementType)
            s.Append(" of ").Append(Modified(t.GetElementType()!));
        else if (t.IsGenericType)
            foreach (Type p in t.GetGenericArguments())
                s.Append(" <").Append(Modified(p)).Append('>');
        return s.ToString();
    }

    static void Field(FieldInfo f)
    {
        Say(" ", "field", () => $"{f} {f.MetadataToken:x8} {f.Attributes} {Quote(f.FieldType.ToString())}");
        if (f.IsLiteral)
            Say("  ", "constant", () => Text(f.GetRawConstantValue()) + " " + Text(f.DeclaringType!.ContainsGenericParameters ? null : f.GetValue(null)));
        Modifiers("  ", f.GetRequiredCustomModifiers, f.GetOptionalCustomModifiers);
        if (f.FieldType.HasElementType || f.FieldType.IsFunctionPointer)
            Say("  ", "modified", () => Modified(f.GetModifiedFieldType()));
        Attributes("  ", () => f.GetCustomAttributesData(), () => f.GetCustomAttributes(false));
    }

    static void Method(string indent, MethodBase m)
    {
        string inner = indent + " ";
        Say(indent, m.MemberType == MemberTypes.Constructor ? "constructor" : "method", () =>
            $"{Quote(m.ToString()!)} {m.MetadataToken:x8} {m.Attributes} {m.MethodImplementationFlags} {m.CallingConvention}");
        Say(inner, "is", () => string.Concat(Flag(m.IsConstructor, "ctor "), Flag(m.IsGenericMethod, "generic "), Flag(m.ContainsGenericParameters, "open "),
            Flag(m.IsSecurityCritical, "critical ")) + Flag(m.IsGenericMethodDefinition, "definition "));
        if (m is MethodInfo i)
        {
            if (i.IsVirtual)
                Say(inner, "overrides", () => { var b = i.GetBaseDefinition(); return b == i ? "-" : b.DeclaringType + "." + b; });
            if (i.IsGenericMethod)
                GenericParameters(inner, () => i.GetGenericArguments());
            Parameter(inner, i.ReturnParameter);
        }
        Each(inner, "parameters", () => m.GetParameters(), p => Parameter(inner, p));
        Attributes(inner, () => m.GetCustomAttributesData(), () => m.GetCustomAttributes(false));
        try
        {
            if (m.GetMethodBody() is { } body)
                Body(inner, m, body);
        }
        catch (Exception e)
        {
            o.WriteLine(inner + "body: " + Wrong(e));
        }
    }

    static void Parameter(string indent, ParameterInfo p)
    {
        Say(indent, "parameter", () => $"{p.Position} {Quote(p.ToString())} {p.MetadataToken:x8} {p.Attributes} {Quote(p.ParameterType.ToString())}");
        if (p.HasDefaultValue)
            Say(indent, "default", () => Text(p.RawDefaultValue) + " " + Text(p.DefaultValue));
        Modifiers(indent, p.GetRequiredCustomModifiers, p.GetOptionalCustomModifiers);
        if (p.ParameterType.HasElementType || p.ParameterType.IsFunctionPointer)
            Say(indent, "modified", () => Modified(p.GetModifiedParameterType()));
        Attributes(indent + " ", () => p.GetCustomAttributesData(), () => p.GetCustomAttributes(false));
    }

    static void Body(string indent, MethodBase m, MethodBody b)
    {
        byte[] il = b.GetILAsByteArray()!;
        o.WriteLine($"{indent}body {il.Length} {Sum(il):x} {b.MaxStackSize} {b.InitLocals} {b.LocalSignatureMetadataToken:x8}");
        foreach (LocalVariableInfo l in b.LocalVariables)
            o.WriteLine(indent + "local " + Quote(l.ToString()));
        foreach (ExceptionHandlingClause c in b.ExceptionHandlingClauses)
            o.WriteLine(indent + "clause " + c + " " + (c.Flags == ExceptionHandlingClauseOptions.Clause ? c.CatchType : null)
                + (c.Flags == ExceptionHandlingClauseOptions.Filter ? c.FilterOffset : null));
        Tokens(indent, m, il);
    }

    static void Property(PropertyInfo p)
    {
        Say(" ", "property", () => $"{Quote(p.ToString()!)} {p.MetadataToken:x8} {p.Attributes} {Text(p.GetAccessors(true))}");
        Modifiers("  ", p.GetRequiredCustomModifiers, p.GetOptionalCustomModifiers);
        Each("  ", "indices", () => p.GetIndexParameters(), i => Parameter("  ", i));
        if ((p.Attributes & PropertyAttributes.HasDefault) != 0)
            Say("  ", "constant", () => Text(p.GetRawConstantValue()) + Text(p.GetConstantValue()));
        Attributes("  ", () => p.GetCustomAttributesData(), () => p.GetCustomAttributes(false));
    }

    static void Event(EventInfo e)
    {
        Say(" ", "event", () => $"{Quote(e.ToString()!)} {e.MetadataToken:x8} {e.Attributes} {e.EventHandlerType} {e.IsMulticast} {e.GetAddMethod(true)} {e.GetRemoveMethod(true)} {e.GetRaiseMethod(true)} {Text(e.GetOtherMethods(true))}");
        Attributes("  ", () => e.GetCustomAttributesData(), () => e.GetCustomAttributes(false));
    }

    // ---- tokens

    static int Int(byte[] il, int at) => BitConverter.ToInt32(il, at);

    // Each token of the module where it stands first in code, in the context of that code.
    static void Tokens(string indent, MethodBase m, byte[] il)
    {
        Type[]? onType = m.DeclaringType is { IsGenericType: true } d ? d.GetGenericArguments() : null;
        Type[]? onMethod = m.IsGenericMethod ? m.GetGenericArguments() : null;
        for (int at = 0; at < il.Length;)
        {
            OpCode c = il[at] == 0xFE ? two[il[at + 1]] : one[il[at]];
            at += c.Size;
            switch (c.OperandType)
            {
            case OperandType.InlineNone: break;
            case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar: at += 1; break;
            case OperandType.InlineVar: at += 2; break;
            case OperandType.InlineI8 or OperandType.InlineR: at += 8; break;
            case OperandType.InlineSwitch: at += 4 + 4 * Int(il, at); break;
            case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType or OperandType.InlineSig or OperandType.InlineString:
                int token = Int(il, at);
                at += 4;
                if (seen.Add(token))
                    Token(indent, m.Module, token, onType, onMethod);
                break;
            default: at += 4; break;
            }
        }
    }

    static string Full(MemberInfo? m) => m == null ? "null" : m is Type t ? "type " + t.FullName + " " + t : m.MemberType + " " + m.ReflectedType + "::" + m;

    static void Token(string indent, Module m, int token, Type[]? onType, Type[]? onMethod)
    {
        switch (token >>> 24)
        {
        case 0x70: Say(indent, $"token {token:x8}", () => m.ResolveString(token)); break;
        case 0x11: Say(indent, $"token {token:x8}", () => Convert.ToHexString(m.ResolveSignature(token))); break;
        default: Say(indent, $"token {token:x8}", () => Quote(Full(m.ResolveMember(token, onType, onMethod)))); break;
        }
    }

    static void Resolve(Module m)
    {
        foreach (int table in new[] { 0x01, 0x02, 0x04, 0x06, 0x0A, 0x11, 0x1B, 0x2B })
            for (int token = table << 24 | 1; ; token++)
            {
                string s;
                try
                {
                    s = table == 0x11 ? Convert.ToHexString(m.ResolveSignature(token)) : Quote(Full(m.ResolveMember(token)));
                }
                catch (ArgumentOutOfRangeException)
                {
                    o.WriteLine($"table {table:x2} ends at {token:x8}");
                    break;
                }
                catch (Exception e)
                {
                    s = Wrong(e);
                }
                o.WriteLine($"resolved {token:x8} {s}");
            }
        foreach (int token in new[] { 0, 0x70FFFFFF, 0x00000001, 0x08000001, 0x0A000000, 0x0AFFFFFF, 0x23000001, 0x50000001 })
        {
            Say("", $"type {token:x8}", () => m.ResolveType(token));
            Say("", $"method {token:x8}", () => m.ResolveMethod(token));
            Say("", $"field {token:x8}", () => m.ResolveField(token));
            Say("", $"member {token:x8}", () => m.ResolveMember(token));
            Say("", $"string {token:x8}", () => m.ResolveString(token));
            Say("", $"signature {token:x8}", () => m.ResolveSignature(token).Length);
        }
    }
}
