// Attributes that are flags and rows in metadata, given to builders as custom attributes, and read back.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static class Program
{
    private static CustomAttributeBuilder New(Type t, object[] args, params (string, object)[] named)
    {
        ConstructorInfo c = t.GetConstructors().First(c => c.GetParameters().Length == args.Length && c.GetParameters().Zip(args).All(p => p.First.ParameterType == p.Second.GetType()));
        FieldInfo[] f = named.Select(n => t.GetField(n.Item1)!).ToArray();
        return new CustomAttributeBuilder(c, args, f, named.Select(n => n.Item2).ToArray());
    }

    private static string Show(object? a) => a == null ? "-" : a.GetType().Name + "(" + string.Join(" ", a.GetType().GetMembers().Where(m => m is FieldInfo or PropertyInfo { Name: not "TypeId" }).OrderBy(m => m.Name, StringComparer.Ordinal)
        .Select(m => m.Name + "=" + (m is FieldInfo f ? f.GetValue(a) : ((PropertyInfo)m).GetValue(a)))) + ")";

    private static void Main()
    {
        ModuleBuilder mb = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Pseudo"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");
        TypeBuilder tb = mb.DefineType("T", TypeAttributes.Public);
        tb.SetCustomAttribute(New(typeof(SerializableAttribute), []));
        tb.SetCustomAttribute(New(typeof(SpecialNameAttribute), []));
        tb.SetCustomAttribute(New(typeof(StructLayoutAttribute), [LayoutKind.Sequential], ("Pack", 2), ("CharSet", CharSet.Auto)));
        FieldBuilder f = tb.DefineField("F", typeof(int), FieldAttributes.Public);
        f.SetCustomAttribute(New(typeof(NonSerializedAttribute), []));
        f.SetCustomAttribute(New(typeof(SpecialNameAttribute), []));
        var marshals = new (Type, UnmanagedType, (string, object)[])[]
        {
            (typeof(string), UnmanagedType.LPWStr, []), (typeof(bool), UnmanagedType.VariantBool, []),
            (typeof(int[]), UnmanagedType.ByValArray, [("SizeConst", 4)]), (typeof(bool[]), UnmanagedType.ByValArray, [("SizeConst", 3), ("ArraySubType", UnmanagedType.I1)]),
            (typeof(int[]), UnmanagedType.LPArray, []), (typeof(string[]), UnmanagedType.LPArray, [("ArraySubType", UnmanagedType.LPUTF8Str)]),
            (typeof(int[]), UnmanagedType.LPArray, [("SizeParamIndex", (short)2)]), (typeof(int[]), UnmanagedType.LPArray, [("SizeConst", 9)]),
            (typeof(int[]), UnmanagedType.LPArray, [("SizeConst", 9), ("SizeParamIndex", (short)1)]),
            (typeof(object), UnmanagedType.CustomMarshaler, [("MarshalType", "System.String"), ("MarshalCookie", "cookie")]),
        };
        int n = 0;
        foreach ((Type t, UnmanagedType u, (string, object)[] named) in marshals)
            tb.DefineField("M" + n++, t, FieldAttributes.Public).SetCustomAttribute(New(typeof(MarshalAsAttribute), [u], named));
        MethodBuilder m = tb.DefineMethod("Imported", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(int).MakeByRefType(), typeof(string)]);
        m.SetCustomAttribute(New(typeof(DllImportAttribute), ["libc"], ("EntryPoint", "getpid"), ("SetLastError", true), ("ExactSpelling", true), ("CharSet", CharSet.Unicode), ("CallingConvention", CallingConvention.Cdecl), ("BestFitMapping", false), ("ThrowOnUnmappableChar", true)));
        ParameterBuilder p = m.DefineParameter(1, ParameterAttributes.None, "a");
        p.SetCustomAttribute(New(typeof(InAttribute), []));
        p.SetCustomAttribute(New(typeof(OutAttribute), []));
        ParameterBuilder q = m.DefineParameter(2, ParameterAttributes.None, "b");
        q.SetCustomAttribute(New(typeof(OptionalAttribute), []));
        q.SetCustomAttribute(New(typeof(MarshalAsAttribute), [UnmanagedType.LPStr]));
        MethodBuilder plain = tb.DefineMethod("Plain", MethodAttributes.Public | MethodAttributes.Static, typeof(int), []);
        plain.SetCustomAttribute(New(typeof(DllImportAttribute), ["libc"], ("PreserveSig", false)));
        MethodBuilder own = tb.DefineMethod("getpid", MethodAttributes.Public | MethodAttributes.Static, typeof(int), []);
        own.SetCustomAttribute(New(typeof(DllImportAttribute), ["libc"]));
        MethodBuilder code = tb.DefineMethod("Code", MethodAttributes.Public | MethodAttributes.Static, typeof(int), []);
        code.SetCustomAttribute(New(typeof(MethodImplAttribute), [MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization]));
        code.SetCustomAttribute(New(typeof(SpecialNameAttribute), []));
        code.SetCustomAttribute(New(typeof(PreserveSigAttribute), []));
        ILGenerator g = code.GetILGenerator();
        g.Emit(OpCodes.Ldc_I4_8);
        g.Emit(OpCodes.Ret);
        tb.DefineProperty("P", PropertyAttributes.None, typeof(int), []).SetCustomAttribute(New(typeof(SpecialNameAttribute), []));
        tb.DefineEvent("E", EventAttributes.None, typeof(Action)).SetCustomAttribute(New(typeof(SpecialNameAttribute), []));
        Type made = tb.CreateType();
        Console.WriteLine(made.Attributes + " " + made.StructLayoutAttribute!.Pack + " " + made.StructLayoutAttribute.CharSet + " " + made.StructLayoutAttribute.Value + " " + made.IsSerializable);
        foreach (FieldInfo x in made.GetFields().OrderBy(x => x.MetadataToken)) Console.WriteLine(x.Name + " " + x.Attributes + " " + Show(x.GetCustomAttribute<MarshalAsAttribute>()));
        foreach (MethodInfo x in made.GetMethods(BindingFlags.Public | BindingFlags.Static).OrderBy(x => x.MetadataToken))
        {
            Console.WriteLine(x.Name + " " + x.Attributes + " " + x.MethodImplementationFlags + " " + Show(x.GetCustomAttribute<DllImportAttribute>()));
            foreach (ParameterInfo y in x.GetParameters()) Console.WriteLine("  " + y.Name + " " + y.Attributes + " " + Show(y.GetCustomAttribute<MarshalAsAttribute>()) + string.Join(",", y.GetCustomAttributesData().Select(d => d.AttributeType.Name)));
            Console.WriteLine("  " + string.Join(",", x.GetCustomAttributesData().Select(d => d.AttributeType.Name)));
        }
        Console.WriteLine((int)made.GetMethod("getpid")!.Invoke(null, [])! == Environment.ProcessId);
        foreach (MemberInfo x in made.GetMembers((BindingFlags)0x3f | BindingFlags.DeclaredOnly).Where(x => x is PropertyInfo or EventInfo)) Console.WriteLine(x.Name + " " + (x is PropertyInfo y ? y.Attributes.ToString() : ((EventInfo)x).Attributes.ToString()));
        TypeBuilder u2 = mb.DefineType("U", TypeAttributes.Public, typeof(ValueType));
        u2.SetCustomAttribute(New(typeof(StructLayoutAttribute), [LayoutKind.Explicit], ("Size", 24)));
        u2.DefineField("A", typeof(int), FieldAttributes.Public).SetCustomAttribute(New(typeof(FieldOffsetAttribute), [4]));
        u2.DefineField("B", typeof(long), FieldAttributes.Public).SetCustomAttribute(New(typeof(FieldOffsetAttribute), [8]));
        Type union = u2.CreateType();
        Console.WriteLine(Marshal.SizeOf(union) + " " + Marshal.OffsetOf(union, "A") + " " + Marshal.OffsetOf(union, "B") + " " + union.IsExplicitLayout + " " + Show(union.GetField("B")!.GetCustomAttribute<FieldOffsetAttribute>()));
    }
}
