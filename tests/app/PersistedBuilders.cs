// PersistedAssemblyBuilder: an assembly written by the managed writer, loaded from its bytes and run.
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;

public interface IGreeter { string Greet(string who); }

internal static class Program
{
    private static PersistedAssemblyBuilder Build(out MethodBuilder main)
    {
        var ab = new PersistedAssemblyBuilder(new AssemblyName("Saved, Version=3.1.0.0"), typeof(object).Assembly);
        ab.SetCustomAttribute(new CustomAttributeBuilder(typeof(AssemblyTitleAttribute).GetConstructor([typeof(string)])!, ["a title"]));
        ModuleBuilder mb = ab.DefineDynamicModule("Saved.dll");
        TypeBuilder tb = mb.DefineType("Space.Greeter", TypeAttributes.Public | TypeAttributes.BeforeFieldInit, typeof(object), [typeof(IGreeter)]);
        FieldBuilder f = tb.DefineField("_count", typeof(int), FieldAttributes.Private);
        tb.DefineDefaultConstructor(MethodAttributes.Public);
        MethodBuilder m = tb.DefineMethod("Greet", MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.NewSlot, typeof(string), [typeof(string)]);
        m.DefineParameter(1, ParameterAttributes.None, "who");
        ILGenerator g = m.GetILGenerator();
        LocalBuilder text = g.DeclareLocal(typeof(string));
        g.BeginExceptionBlock();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, f);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Callvirt, typeof(string).GetProperty("Length")!.GetMethod!);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Stfld, f);
        g.Emit(OpCodes.Ldstr, "hello {0}, {1} letters so far");
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, f);
        g.Emit(OpCodes.Box, typeof(int));
        g.Emit(OpCodes.Call, typeof(string).GetMethod("Format", [typeof(string), typeof(object), typeof(object)])!);
        g.Emit(OpCodes.Stloc, text);
        g.BeginCatchBlock(typeof(NullReferenceException));
        g.Emit(OpCodes.Pop);
        g.Emit(OpCodes.Ldstr, "nobody");
        g.Emit(OpCodes.Stloc, text);
        g.EndExceptionBlock();
        g.Emit(OpCodes.Ldloc, text);
        g.Emit(OpCodes.Ret);
        TypeBuilder box = mb.DefineType("Space.Box", TypeAttributes.Public);
        GenericTypeParameterBuilder t = box.DefineGenericParameters("T")[0];
        FieldBuilder value = box.DefineField("Value", t, FieldAttributes.Public);
        ConstructorBuilder c = box.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [t]);
        g = c.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, typeof(object).GetConstructor([])!);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Stfld, value);
        g.Emit(OpCodes.Ret);
        MethodBuilder wrap = box.DefineMethod("Wrap", MethodAttributes.Public | MethodAttributes.Static);
        GenericTypeParameterBuilder u = wrap.DefineGenericParameters("U")[0];
        wrap.SetReturnType(box.MakeGenericType(u));
        wrap.SetParameters(u);
        g = wrap.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Newobj, TypeBuilder.GetConstructor(box.MakeGenericType(u), c));
        g.Emit(OpCodes.Ret);
        EnumBuilder en = mb.DefineEnum("Space.Level", TypeAttributes.Public, typeof(byte));
        en.DefineLiteral("Low", (byte)1);
        en.DefineLiteral("High", (byte)200);
        TypeBuilder st = mb.DefineType("Space.Union", TypeAttributes.Public | TypeAttributes.ExplicitLayout | TypeAttributes.Sealed, typeof(ValueType));
        st.DefineField("I", typeof(int), FieldAttributes.Public).SetOffset(0);
        st.DefineField("B", typeof(byte), FieldAttributes.Public).SetOffset(1);
        TypeBuilder program = mb.DefineType("Program", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        main = program.DefineMethod("Main", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(string[])]);
        g = main.GetILGenerator();
        Label loop = g.DefineLabel(), end = g.DefineLabel();
        LocalBuilder i = g.DeclareLocal(typeof(int));
        g.MarkLabel(loop);
        g.Emit(OpCodes.Ldloc, i);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldlen);
        g.Emit(OpCodes.Conv_I4);
        g.Emit(OpCodes.Bge, end);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldloc, i);
        g.Emit(OpCodes.Ldelem_Ref);
        g.Emit(OpCodes.Call, typeof(Console).GetMethod("WriteLine", [typeof(string)])!);
        g.Emit(OpCodes.Ldloc, i);
        g.Emit(OpCodes.Ldc_I4_1);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Stloc, i);
        g.Emit(OpCodes.Br, loop);
        g.MarkLabel(end);
        g.Emit(OpCodes.Ldloc, i);
        g.Emit(OpCodes.Ret);
        foreach (TypeBuilder x in new[] { tb, box, st, program }) x.CreateType();
        en.CreateType();
        return ab;
    }

    private static void Main()
    {
        using var stream = new MemoryStream();
        Build(out MethodBuilder _).Save(stream);
        stream.Position = 0;
        var alc = new AssemblyLoadContext("saved", true);
        Assembly a = alc.LoadFromStream(stream);
        Console.WriteLine(a.FullName + " " + a.GetCustomAttribute<AssemblyTitleAttribute>()!.Title);
        foreach (Type t in a.GetTypes().OrderBy(t => t.FullName)) Console.WriteLine(t + " " + t.Attributes + " " + string.Join(", ", t.GetMembers((BindingFlags)0x3f | BindingFlags.DeclaredOnly).Select(m => m.ToString()).OrderBy(m => m, StringComparer.Ordinal)));
        var greeter = (IGreeter)Activator.CreateInstance(a.GetType("Space.Greeter")!)!;
        Console.WriteLine(greeter.Greet("world") + " " + greeter.Greet("you") + " " + greeter.Greet(null!));
        object box = a.GetType("Space.Box")!.MakeGenericType(typeof(object)).GetMethod("Wrap")!.MakeGenericMethod(typeof(int)).Invoke(null, [42])!;
        Console.WriteLine(box.GetType() + " " + box.GetType().GetField("Value")!.GetValue(box));
        Console.WriteLine(Enum.Parse(a.GetType("Space.Level")!, "High") + " " + Enum.ToObject(a.GetType("Space.Level")!, 1));
        // with an entry point, through GenerateMetadata
        PersistedAssemblyBuilder program = Build(out MethodBuilder main);
        MetadataBuilder metadata = program.GenerateMetadata(out BlobBuilder il, out BlobBuilder fieldData);
        var pe = new ManagedPEBuilder(PEHeaderBuilder.CreateExecutableHeader(), new MetadataRootBuilder(metadata), il, fieldData, entryPoint: MetadataTokens.MethodDefinitionHandle(main.MetadataToken));
        var blob = new BlobBuilder();
        pe.Serialize(blob);
        string path = Path.Combine(Path.GetTempPath(), "saved-" + Environment.ProcessId + ".dll");
        File.WriteAllBytes(path, blob.ToArray());
        try
        {
            Assembly exe = new AssemblyLoadContext("exe", true).LoadFromAssemblyPath(path);
            Console.WriteLine(exe.EntryPoint + " " + exe.EntryPoint!.Invoke(null, [new[] { "first", "second" }]));
        }
        finally { File.Delete(path); }
        try { Build(out _).Save((Stream)null!); } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
        try { new PersistedAssemblyBuilder(new AssemblyName("x"), typeof(object).Assembly).Save(new MemoryStream()); } catch (Exception e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
    }
}
