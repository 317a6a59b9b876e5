// TypeBuilder and its relatives: tokens, members of each kind, nesting, overrides, interfaces with defaults, layouts, global members, data.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

public interface IShape { int Area(); string Describe() => "shape of " + Area(); }
public abstract class Base
{
    public abstract string Name { get; }
    public virtual int Twice(int x) => x * 2;
    protected int Kept = 5;
}

internal static class Program
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly ConstructorInfo objectCtor = typeof(object).GetConstructor([])!;

    private static void Dump(Type t)
    {
        Console.WriteLine($"{t} 0x{t.MetadataToken:x} {t.Attributes} base={t.BaseType} in={t.DeclaringType} pack={t.StructLayoutAttribute?.Pack} size={t.StructLayoutAttribute?.Size} {t.StructLayoutAttribute?.Value}");
        foreach (Type i in t.GetInterfaces().OrderBy(i => i.Name)) Console.WriteLine("  : " + i);
        foreach (MemberInfo m in t.GetMembers(All).OrderBy(m => m.MetadataToken))
        {
            string more = m switch
            {
                FieldInfo f => f.Attributes + (f.IsLiteral ? " = " + (f.GetRawConstantValue() ?? "null") : ""),
                MethodBase b => b.Attributes + " " + b.MethodImplementationFlags + " " + string.Join(", ", b.GetParameters()
                    .Select(p => p.Position + p.Name + " " + p.Attributes + (p.HasDefaultValue ? "=" + (p.RawDefaultValue ?? "null") : ""))),
                PropertyInfo p => p.Attributes + " " + p.GetMethod?.Name + " " + p.SetMethod?.Name,
                EventInfo e => e.EventHandlerType + " " + e.AddMethod?.Name + " " + e.RemoveMethod?.Name,
                _ => "",
            };
            Console.WriteLine($"  {m.MemberType} 0x{m.MetadataToken:x} {m} {more}");
        }
    }

    private static void Members(ModuleBuilder mb)
    {
        TypeBuilder other = mb.DefineType("Other", TypeAttributes.Public);
        TypeBuilder tb = mb.DefineType("Some.Space.Full", TypeAttributes.Public | TypeAttributes.BeforeFieldInit, typeof(Base), [typeof(IShape)]);
        FieldBuilder fb = tb.DefineField("_x", typeof(int), FieldAttributes.Private);
        FieldBuilder lit = tb.DefineField("Lit", typeof(string), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal);
        lit.SetConstant("literal");
        tb.DefineField("Nothing", typeof(object), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal).SetConstant(null);
        tb.DefineField("Num", typeof(double), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal).SetConstant(2.5);
        tb.DefineField("Ch", typeof(char), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal).SetConstant('c');
        tb.DefineField("Empty", typeof(string), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal).SetConstant("");
        tb.DefineField("Day", typeof(DayOfWeek), FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal).SetConstant(DayOfWeek.Friday);
        MethodBuilder late = other.DefineMethod("Early", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(int)]);
        late.DefineParameter(1, ParameterAttributes.Optional, "value").SetConstant(7);
        ConstructorBuilder cb = tb.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(int)]);
        cb.DefineParameter(1, ParameterAttributes.None, "x");
        ILGenerator g = cb.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Call, typeof(Base).GetConstructor(BindingFlags.NonPublic | BindingFlags.Instance, [])!);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Stfld, fb);
        g.Emit(OpCodes.Ret);
        ConstructorBuilder init = tb.DefineTypeInitializer();
        g = init.GetILGenerator();
        g.EmitWriteLine("type initializer");
        g.Emit(OpCodes.Ret);
        MethodBuilder name = tb.DefineMethod("get_Name", MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.SpecialName | MethodAttributes.HideBySig,
            typeof(string), []);
        g = name.GetILGenerator();
        g.Emit(OpCodes.Ldstr, "emitted name");
        g.Emit(OpCodes.Ret);
        PropertyBuilder pb = tb.DefineProperty("Name", PropertyAttributes.HasDefault, typeof(string), []);
        pb.SetGetMethod(name);
        MethodBuilder area = tb.DefineMethod("Size", MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.NewSlot,
            typeof(int), []);
        g = area.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, fb);
        g.Emit(OpCodes.Call, late);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, typeof(Base).GetField("Kept", BindingFlags.NonPublic | BindingFlags.Instance)!);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Ret);
        tb.DefineMethodOverride(area, typeof(IShape).GetMethod("Area")!);
        g = late.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Mul);
        g.Emit(OpCodes.Ret);
        MethodBuilder twice = tb.DefineMethod("Twice", MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.ReuseSlot, typeof(int), [typeof(int)]);
        twice.SetImplementationFlags(MethodImplAttributes.NoInlining | MethodImplAttributes.AggressiveOptimization);
        g = twice.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldarg_1);
        g.Emit(OpCodes.Call, typeof(Base).GetMethod("Twice")!);
        g.Emit(OpCodes.Ldc_I4_1);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Ret);
        FieldBuilder ev = tb.DefineField("Changed", typeof(EventHandler), FieldAttributes.Private);
        MethodBuilder Accessor(string n, string combine)
        {
            MethodBuilder m = tb.DefineMethod(n, MethodAttributes.Public | MethodAttributes.SpecialName, typeof(void), [typeof(EventHandler)]);
            ILGenerator il = m.GetILGenerator();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, ev);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Call, typeof(Delegate).GetMethod(combine, [typeof(Delegate), typeof(Delegate)])!);
            il.Emit(OpCodes.Castclass, typeof(EventHandler));
            il.Emit(OpCodes.Stfld, ev);
            il.Emit(OpCodes.Ret);
            return m;
        }
        EventBuilder eb = tb.DefineEvent("Changed", EventAttributes.None, typeof(EventHandler));
        eb.SetAddOnMethod(Accessor("add_Changed", "Combine"));
        eb.SetRemoveOnMethod(Accessor("remove_Changed", "Remove"));
        MethodBuilder raise = tb.DefineMethod("raise_Changed", MethodAttributes.Public | MethodAttributes.SpecialName, typeof(void), []);
        g = raise.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldfld, ev);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldsfld, typeof(EventArgs).GetField("Empty")!);
        g.Emit(OpCodes.Callvirt, typeof(EventHandler).GetMethod("Invoke")!);
        g.Emit(OpCodes.Ret);
        eb.SetRaiseMethod(raise);
        TypeBuilder nested = tb.DefineNestedType("Inner", TypeAttributes.NestedPrivate | TypeAttributes.Sealed);
        TypeBuilder deep = nested.DefineNestedType("Deep", TypeAttributes.NestedPublic | TypeAttributes.Interface | TypeAttributes.Abstract);
        deep.DefineMethod("M", MethodAttributes.Public | MethodAttributes.Abstract | MethodAttributes.Virtual | MethodAttributes.NewSlot, typeof(void), []);
        Console.WriteLine($"{mb.GetTypeMetadataToken(tb):x} {mb.GetTypeMetadataToken(other):x} {mb.GetMethodMetadataToken(late):x} {mb.GetMethodMetadataToken(cb):x} {mb.GetFieldMetadataToken(fb):x} {mb.GetTypeMetadataToken(deep):x} {eb.GetType().Name}");
        Console.WriteLine($"{tb} {tb.FullName} {tb.Namespace} {tb.IsCreated()} {nested.FullName} {deep.DeclaringType} {late} {cb} {fb} {pb}");
        Console.WriteLine($"{mb.GetTypeMetadataToken(typeof(string)):x} {mb.GetTypeMetadataToken(typeof(string)):x} {mb.GetTypeMetadataToken(tb):x} {mb.GetMethodMetadataToken(late):x} {mb.GetStringMetadataToken("one"):x} {mb.GetStringMetadataToken("one"):x}");
        Type made = tb.CreateType();
        Console.WriteLine(ReferenceEquals(made, tb.CreateType()) + " " + tb.IsCreated() + " " + made.IsAbstract);
        Type madeOther = other.CreateType();
        Dump(nested.CreateType());
        Dump(deep.CreateType());
        Dump(made);
        Dump(madeOther);
        var o = (Base)Activator.CreateInstance(made, 6)!;
        Console.WriteLine(o.Name + " " + o.Twice(10) + " " + ((IShape)o).Area() + " " + ((IShape)o).Describe());
        int calls = 0;
        EventHandler handler = (_, _) => calls++;
        made.GetEvent("Changed")!.AddEventHandler(o, handler);
        made.GetMethod("raise_Changed")!.Invoke(o, []);
        made.GetEvent("Changed")!.RemoveEventHandler(o, handler);
        try { made.GetMethod("raise_Changed")!.Invoke(o, []); } catch (TargetInvocationException e) { Console.WriteLine(e.InnerException!.GetType().Name); }
        Console.WriteLine(calls + " " + made.Module.ResolveMethod(mb.GetMethodMetadataToken(late)) + " " + made.Module.ResolveType(mb.GetTypeMetadataToken(tb)) + " " + made.Module.ResolveString(mb.GetStringMetadataToken("one")));
    }

    private static void Layouts(ModuleBuilder mb)
    {
        TypeBuilder u = mb.DefineType("Union", TypeAttributes.Public | TypeAttributes.ExplicitLayout | TypeAttributes.Sealed, typeof(ValueType));
        u.DefineField("I", typeof(int), FieldAttributes.Public).SetOffset(0);
        u.DefineField("F", typeof(float), FieldAttributes.Public).SetOffset(0);
        u.DefineField("B", typeof(byte), FieldAttributes.Public).SetOffset(3);
        Type union = u.CreateType();
        Dump(union);
        object v = Activator.CreateInstance(union)!;
        union.GetField("F")!.SetValue(v, 1.0f);
        Console.WriteLine(union.GetField("I")!.GetValue(v) + " " + union.GetField("B")!.GetValue(v) + " " + Marshal.SizeOf(v));
        TypeBuilder s = mb.DefineType("Packed", TypeAttributes.Public | TypeAttributes.SequentialLayout, typeof(ValueType), PackingSize.Size1, 32);
        s.DefineField("A", typeof(byte), FieldAttributes.Public);
        s.DefineField("L", typeof(long), FieldAttributes.Public);
        Type packed = s.CreateType();
        Dump(packed);
        Console.WriteLine(Marshal.SizeOf(packed) + " " + Marshal.OffsetOf(packed, "L"));
        Type sized = mb.DefineType("Sized", TypeAttributes.Public | TypeAttributes.SequentialLayout | TypeAttributes.Sealed, typeof(ValueType), 100).CreateType();
        Console.WriteLine(Marshal.SizeOf(sized));
        EnumBuilder en = mb.DefineEnum("Colours", TypeAttributes.Public, typeof(ushort));
        en.DefineLiteral("Red", (ushort)1);
        en.DefineLiteral("Blue", (ushort)9);
        en.SetCustomAttribute(new CustomAttributeBuilder(typeof(FlagsAttribute).GetConstructor([])!, []));
        Type colours = en.CreateType();
        Dump(colours);
        Console.WriteLine(Enum.Parse(colours, "Blue") + " " + Enum.ToObject(colours, 8) + " " + string.Join(",", Enum.GetNames(colours)) + " " + en.UnderlyingField.Name);
        TypeBuilder delegateType = mb.DefineType("Operation", TypeAttributes.Public | TypeAttributes.Sealed, typeof(MulticastDelegate));
        delegateType.DefineConstructor(MethodAttributes.RTSpecialName | MethodAttributes.HideBySig | MethodAttributes.Public, CallingConventions.Standard,
            [typeof(object), typeof(IntPtr)]).SetImplementationFlags(MethodImplAttributes.Runtime);
        delegateType.DefineMethod("Invoke", MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.NewSlot | MethodAttributes.Virtual,
            typeof(int), [typeof(int), typeof(int)]).SetImplementationFlags(MethodImplAttributes.Runtime);
        Type operation = delegateType.CreateType();
        Console.WriteLine(typeof(Program).GetMethod("Add", BindingFlags.NonPublic | BindingFlags.Static)!.CreateDelegate(operation).DynamicInvoke(3, 4));
    }

    private static int Add(int a, int b) => a + b;

    private static void Globals(AssemblyBuilder ab, ModuleBuilder mb)
    {
        MethodBuilder m = mb.DefineGlobalMethod("Global", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(int)]);
        ILGenerator g = m.GetILGenerator();
        FieldBuilder data = mb.DefineInitializedData("Data", [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0], FieldAttributes.Public | FieldAttributes.Static);
        mb.DefineUninitializedData("Blank", 16, FieldAttributes.Public | FieldAttributes.Static);
        g.Emit(OpCodes.Ldsflda, data);
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ldc_I4_4);
        g.Emit(OpCodes.Mul);
        g.Emit(OpCodes.Add);
        g.Emit(OpCodes.Ldind_I4);
        g.Emit(OpCodes.Ret);
        MethodBuilder pinvoke = mb.DefinePInvokeMethod("getpid", "libc", MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.PinvokeImpl,
            CallingConventions.Standard, typeof(int), [], CallingConvention.Cdecl, CharSet.Ansi);
        pinvoke.SetImplementationFlags(MethodImplAttributes.PreserveSig);
        Console.WriteLine(mb.GetMethod("Global") == null);
        mb.CreateGlobalFunctions();
        foreach (MethodInfo x in mb.GetMethods().OrderBy(x => x.MetadataToken)) Console.WriteLine(x + " " + x.Attributes + " " + x.DeclaringType + " " + x.ReflectedType);
        foreach (FieldInfo x in mb.GetFields().OrderBy(x => x.Name)) Console.WriteLine(x.Name + " " + x.Attributes + " " + x.FieldType.IsValueType);
        Console.WriteLine(mb.GetMethod("Global")!.Invoke(null, [2]) + " " + ((int)mb.GetMethod("getpid")!.Invoke(null, [])! == Environment.ProcessId));
        try { mb.CreateGlobalFunctions(); } catch (Exception e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
        try { mb.DefineGlobalMethod("Later", MethodAttributes.Public | MethodAttributes.Static, null, []); } catch (Exception e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
        TypeBuilder tb = mb.DefineType("WithData");
        tb.DefineInitializedData("Bytes", [9, 8, 7], FieldAttributes.Public | FieldAttributes.Static);
        MethodBuilder pid = tb.DefinePInvokeMethod("Process", "libc", "getpid", MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.PinvokeImpl,
            CallingConventions.Standard, typeof(int), [], CallingConvention.Cdecl, CharSet.Unicode);
        pid.SetImplementationFlags(MethodImplAttributes.PreserveSig);
        Type t = tb.CreateType();
        DllImportAttribute d = t.GetMethod("Process")!.GetCustomAttribute<DllImportAttribute>()!;
        Console.WriteLine($"{d.Value} {d.EntryPoint} {d.CallingConvention} {d.CharSet} {d.PreserveSig} " + ((int)t.GetMethod("Process")!.Invoke(null, [])! == Environment.ProcessId));
        Console.WriteLine(t.GetField("Bytes")!.Attributes);
        Console.WriteLine(string.Join(",", ab.GetTypes().Select(x => x.Name).OrderBy(x => x, StringComparer.Ordinal)));
        Console.WriteLine($"{ab.FullName} {ab.IsDynamic} {ab.GetName().Version} {mb.ScopeName} {mb.Name} {mb.FullyQualifiedName} {ab.ManifestModule.Name} {ab.IsCollectible} {ab.ReflectionOnly}");
        try { Console.WriteLine(ab.Location); } catch (Exception e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
        Console.WriteLine(string.Join(",", ab.GetModules().Select(x => x.Name)) + " " + (ab.GetDynamicModule("m") == mb) + (ab.GetDynamicModule("z") == null) + " " + ab.EntryPoint);
        try { ab.GetExportedTypes(); } catch (Exception e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
        try { ab.GetManifestResourceNames(); } catch (Exception e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
    }

    private static void Main()
    {
        var ab = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Built, Version=1.2.3.4"), AssemblyBuilderAccess.Run);
        ModuleBuilder mb = ab.DefineDynamicModule("m");
        Members(mb);
        Layouts(mb);
        Globals(ab, mb);
    }
}
