// Custom attributes on everything that can be built, constants and defaults, signature helpers, marshalling attributes, and reading them back.
using System.Diagnostics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
public sealed class NoteAttribute : Attribute
{
    public NoteAttribute(string text) => Text = text;
    public NoteAttribute(int number, params object[] rest) { Text = number + "/" + string.Join(",", rest.Select(r => r is Array a ? "[" + string.Join(";", a.Cast<object>()) + "]" : r)); }
    public NoteAttribute(Type t, DayOfWeek d) => Text = t + " " + d;
    public string Text;
    public long Long { get; set; }
    public Type? Kind { get; set; }
    public DayOfWeek[]? Days;
    public object? Any { get; set; }
    public override string ToString() => $"{Text} {Long} {Kind?.Name} {(Days == null ? "" : string.Join("+", Days))} {Any}";
}

internal static class Program
{
    private static readonly ConstructorInfo byText = typeof(NoteAttribute).GetConstructor([typeof(string)])!;
    private static CustomAttributeBuilder Note(string s) => new(byText, [s]);
    private static string Notes(IEnumerable<Attribute> a) => string.Join(" | ", a.OfType<NoteAttribute>().Select(x => x.ToString()).OrderBy(x => x, StringComparer.Ordinal));

    private static void Main()
    {
        AssemblyBuilder ab = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Noted"), AssemblyBuilderAccess.Run, [Note("early on the assembly")]);
        ab.SetCustomAttribute(Note("on the assembly"));
        ModuleBuilder mb = ab.DefineDynamicModule("m");
        mb.SetCustomAttribute(Note("on the module"));
        TypeBuilder tb = mb.DefineType("T", TypeAttributes.Public | TypeAttributes.Serializable);
        tb.SetCustomAttribute(Note("on the type"));
        tb.SetCustomAttribute(byText, [1, 0, 3, (byte)'r', (byte)'a', (byte)'w', 0, 0]);
        tb.SetCustomAttribute(new CustomAttributeBuilder(typeof(NoteAttribute).GetConstructor([typeof(int), typeof(object[])])!,
            [4, new object[] { "s", 'c', 2.5, typeof(List<>), DayOfWeek.Friday, new[] { 1, 2 }, null! }],
            [typeof(NoteAttribute).GetProperty("Long")!, typeof(NoteAttribute).GetProperty("Kind")!, typeof(NoteAttribute).GetProperty("Any")!], [long.MaxValue, typeof(Program), 3u],
            [typeof(NoteAttribute).GetField("Days")!], [new[] { DayOfWeek.Monday, DayOfWeek.Sunday }]));
        tb.SetCustomAttribute(new CustomAttributeBuilder(typeof(NoteAttribute).GetConstructor([typeof(Type), typeof(DayOfWeek)])!, [typeof(Dictionary<string, int[]>), DayOfWeek.Tuesday]));
        GenericTypeParameterBuilder gp = tb.DefineGenericParameters("G")[0];
        gp.SetCustomAttribute(Note("on a type parameter"));
        FieldBuilder f = tb.DefineField("f", typeof(int), FieldAttributes.Public);
        f.SetCustomAttribute(Note("on the field"));
        FieldBuilder thread = tb.DefineField("perThread", typeof(int), FieldAttributes.Public | FieldAttributes.Static);
        thread.SetCustomAttribute(new CustomAttributeBuilder(typeof(ThreadStaticAttribute).GetConstructor([])!, []));
        FieldBuilder hidden = tb.DefineField("volatileField", typeof(int), [typeof(IsVolatile)], [typeof(IsLong)], FieldAttributes.Public);
        MethodBuilder m = tb.DefineMethod("m", MethodAttributes.Public | MethodAttributes.Static, CallingConventions.Standard, typeof(int), null, null,
            [typeof(int), typeof(string)], null, null);
        GenericTypeParameterBuilder mp = m.DefineGenericParameters("M")[0];
        m.SetCustomAttribute(Note("on the method"));
        m.SetCustomAttribute(new CustomAttributeBuilder(typeof(MethodImplAttribute).GetConstructor([typeof(MethodImplOptions)])!, [MethodImplOptions.NoInlining | MethodImplOptions.Synchronized]));
        m.DefineParameter(0, ParameterAttributes.Retval, "result").SetCustomAttribute(Note("on the result"));
        ParameterBuilder p1 = m.DefineParameter(1, ParameterAttributes.Optional | ParameterAttributes.In, "first");
        p1.SetConstant(12);
        p1.SetCustomAttribute(Note("on a parameter"));
        ParameterBuilder p2 = m.DefineParameter(2, ParameterAttributes.None, "second");
        p2.SetCustomAttribute(new CustomAttributeBuilder(typeof(ParamArrayAttribute).GetConstructor([])!, []));
        Console.WriteLine($"{p1.Name} {p1.Position} {p1.IsIn} {p1.IsOut} {p1.IsOptional} {p1.Attributes}");
        mp.SetCustomAttribute(Note("on a method's type parameter"));
        ILGenerator g = m.GetILGenerator();
        g.Emit(OpCodes.Ldarg_0);
        g.Emit(OpCodes.Ret);
        ConstructorBuilder c = tb.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(decimal)]);
        c.SetCustomAttribute(Note("on the constructor"));
        c.DefineParameter(1, ParameterAttributes.None, "d").SetCustomAttribute(Note("on a constructor's parameter"));
        c.GetILGenerator().Emit(OpCodes.Ret);
        PropertyBuilder p = tb.DefineProperty("P", PropertyAttributes.None, typeof(int), []);
        p.SetCustomAttribute(Note("on the property"));
        MethodBuilder get = tb.DefineMethod("get_P", MethodAttributes.Public | MethodAttributes.SpecialName, typeof(int), []);
        g = get.GetILGenerator();
        g.Emit(OpCodes.Ldc_I4_5);
        g.Emit(OpCodes.Ret);
        p.SetGetMethod(get);
        PropertyBuilder indexed = tb.DefineProperty("Item", PropertyAttributes.None, CallingConventions.HasThis, typeof(string), [typeof(int), typeof(Type)]);
        MethodBuilder item = tb.DefineMethod("get_Item", MethodAttributes.Public | MethodAttributes.SpecialName, typeof(string), [typeof(int), typeof(Type)]);
        g = item.GetILGenerator();
        g.Emit(OpCodes.Ldnull);
        g.Emit(OpCodes.Ret);
        indexed.SetGetMethod(item);
        tb.SetCustomAttribute(new CustomAttributeBuilder(typeof(DefaultMemberAttribute).GetConstructor([typeof(string)])!, ["Item"]));
        EventBuilder e = tb.DefineEvent("E", EventAttributes.None, typeof(Action));
        e.SetCustomAttribute(Note("on the event"));
        MethodBuilder add = tb.DefineMethod("add_E", MethodAttributes.Public | MethodAttributes.SpecialName, null, [typeof(Action)]);
        add.GetILGenerator().Emit(OpCodes.Ret);
        e.SetAddOnMethod(add);
        e.SetRemoveOnMethod(add);
        EnumBuilder en = mb.DefineEnum("En", TypeAttributes.Public, typeof(sbyte));
        en.SetCustomAttribute(Note("on the enum"));
        en.DefineLiteral("Minus", (sbyte)-1).SetCustomAttribute(Note("on the literal"));
        Type t = tb.CreateType(), et = en.CreateType();
        Console.WriteLine(Notes(ab.GetCustomAttributes<Attribute>()));
        Console.WriteLine(Notes(t.Module.GetCustomAttributes<Attribute>()));
        Console.WriteLine(Notes(t.GetCustomAttributes<Attribute>()) + " " + t.IsSerializable);
        Console.WriteLine(Notes(t.GetGenericArguments()[0].GetCustomAttributes<Attribute>()));
        foreach (MemberInfo x in t.GetMembers((BindingFlags)0x3f | BindingFlags.DeclaredOnly).Concat(et.GetMembers((BindingFlags)0x3f | BindingFlags.DeclaredOnly)).OrderBy(x => x.Name, StringComparer.Ordinal))
        {
            Console.WriteLine(x.Name + ": " + Notes(x.GetCustomAttributes<Attribute>()));
            if (x is MethodBase b)
                foreach (ParameterInfo q in b.GetParameters())
                    Console.WriteLine($"  {q.Name} {q.Attributes} {(q.HasDefaultValue ? q.DefaultValue : "-")} {Notes(q.GetCustomAttributes<Attribute>())} {q.IsDefined(typeof(ParamArrayAttribute))}");
            if (x is MethodInfo { Name: "m" } y)
                Console.WriteLine($"  {y.ReturnParameter.Name} {y.ReturnParameter.Attributes} {Notes(y.ReturnParameter.GetCustomAttributes<Attribute>())} {y.MethodImplementationFlags} {Notes(y.GetGenericArguments()[0].GetCustomAttributes<Attribute>())}");
        }
        Console.WriteLine(Notes(et.GetCustomAttributes<Attribute>()));
        FieldInfo v = t.GetField("volatileField")!;
        Console.WriteLine(string.Join(",", v.GetRequiredCustomModifiers().Select(x => x.Name)) + " " + string.Join(",", v.GetOptionalCustomModifiers().Select(x => x.Name)));
        Type closed = t.MakeGenericType(typeof(int));
        FieldInfo ts = closed.GetField("perThread")!;
        ts.SetValue(null, 5);
        int seen = -1;
        var other = new Thread(() => seen = (int)ts.GetValue(null)!);
        other.Start();
        other.Join();
        Console.WriteLine(ts.GetValue(null) + " " + seen + " " + closed.GetMethod("m")!.MakeGenericMethod(typeof(string)).Invoke(null, [Type.Missing, "x"]));
        foreach (CustomAttributeData d in et.GetCustomAttributesData().Concat(t.GetField("f")!.GetCustomAttributesData())) Console.WriteLine(d);

        TypeBuilder native = mb.DefineType("Native", TypeAttributes.Public | TypeAttributes.SequentialLayout | TypeAttributes.UnicodeClass, typeof(ValueType));
        FieldBuilder s = native.DefineField("Text", typeof(string), FieldAttributes.Public | FieldAttributes.HasFieldMarshal);
        s.SetCustomAttribute(new CustomAttributeBuilder(typeof(MarshalAsAttribute).GetConstructor([typeof(UnmanagedType)])!, [UnmanagedType.ByValTStr], [typeof(MarshalAsAttribute).GetField("SizeConst")!], [10]));
        FieldBuilder flag = native.DefineField("Flag", typeof(bool), FieldAttributes.Public);
        flag.SetCustomAttribute(new CustomAttributeBuilder(typeof(MarshalAsAttribute).GetConstructor([typeof(UnmanagedType)])!, [UnmanagedType.I1]));
        native.SetCustomAttribute(new CustomAttributeBuilder(typeof(StructLayoutAttribute).GetConstructor([typeof(LayoutKind)])!, [LayoutKind.Sequential], [typeof(StructLayoutAttribute).GetField("Pack")!], [1]));
        try
        {
            Type n = native.CreateType();
            Console.WriteLine(Marshal.SizeOf(n) + " " + n.StructLayoutAttribute!.Pack + " " + n.GetField("Text")!.GetCustomAttribute<MarshalAsAttribute>()?.SizeConst);
        }
        catch (Exception x) { Console.WriteLine(x.GetType().Name + ": " + x.Message); }

        SignatureHelper local = SignatureHelper.GetLocalVarSigHelper(mb);
        local.AddArgument(typeof(int), true);
        local.AddArgument(typeof(List<string>));
        local.AddArgument(typeof(int[,]));
        local.AddArgument(typeof(byte*));
        local.AddArgument(typeof(string).MakeByRefType());
        Console.WriteLine(Convert.ToHexString(local.GetSignature()));
        SignatureHelper property = SignatureHelper.GetPropertySigHelper(mb, typeof(int), [typeof(DateTime), typeof(IntPtr)]);
        Console.WriteLine(Convert.ToHexString(property.GetSignature()));
        SignatureHelper method = SignatureHelper.GetMethodSigHelper(mb, CallingConventions.VarArgs | CallingConventions.HasThis, typeof(void));
        method.AddArguments([typeof(object), typeof(TypedReference)], null, null);
        method.AddSentinel();
        method.AddArgument(typeof(double));
        Console.WriteLine(Convert.ToHexString(method.GetSignature()) + " " + method.Equals(method));
        Console.WriteLine(Convert.ToHexString(SignatureHelper.GetFieldSigHelper(mb).GetSignature()));
        try { SignatureHelper.GetMethodSigHelper(mb, typeof(void), [null!]); } catch (Exception x) { Console.WriteLine(x.GetType().Name + ": " + x.Message); }
        try { new CustomAttributeBuilder(byText, [5]); } catch (Exception x) { Console.WriteLine(x.GetType().Name + ": " + x.Message); }
        try { new CustomAttributeBuilder(byText, []); } catch (Exception x) { Console.WriteLine(x.GetType().Name + ": " + x.Message); }
        try { new CustomAttributeBuilder(byText, ["x"], [typeof(NoteAttribute).GetProperty("Long")!], ["no"]); } catch (Exception x) { Console.WriteLine(x.GetType().Name + ": " + x.Message); }
    }
}
