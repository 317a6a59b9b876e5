// Type arguments by the thousand: of types, of bases and of methods; and more than there may be.
using System.Reflection;
using System.Reflection.Emit;

internal static class Program
{
    private static readonly ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Wide"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");
    private static string[] Names(int n) => Enumerable.Range(0, n).Select(i => "T" + i).ToArray();

    private static void Main()
    {
        TypeBuilder wide = module.DefineType("Wide", TypeAttributes.Public);
        GenericTypeParameterBuilder[] vars = wide.DefineGenericParameters(Names(3000));
        wide.DefineField("First", vars[0], FieldAttributes.Public);
        FieldBuilder kept = wide.DefineField("Last", vars[^1], FieldAttributes.Public);
        MethodBuilder last = wide.DefineMethod("LastOf", MethodAttributes.Public | MethodAttributes.Virtual, vars[^1], []);
        last.GetILGenerator().Emit(OpCodes.Ldarg_0);
        last.GetILGenerator().Emit(OpCodes.Ldfld, kept);
        last.GetILGenerator().Emit(OpCodes.Ret);
        TypeBuilder holder = module.DefineType("Holder", TypeAttributes.Public);
        MethodBuilder many = holder.DefineMethod("Many", MethodAttributes.Public | MethodAttributes.Static);
        GenericTypeParameterBuilder[] own = many.DefineGenericParameters(Names(2000));
        many.SetReturnType(typeof(Type));
        many.GetILGenerator().Emit(OpCodes.Ldtoken, own[1999]);
        many.GetILGenerator().Emit(OpCodes.Call, typeof(Type).GetMethod("GetTypeFromHandle")!);
        many.GetILGenerator().Emit(OpCodes.Ret);
        Type def = wide.CreateType();
        Type[] args = Enumerable.Range(0, 3000).Select(i => i == 2999 ? typeof(string) : typeof(int)).ToArray();
        TypeBuilder derived = module.DefineType("Derived", TypeAttributes.Public, def.MakeGenericType(args));
        Type made = derived.CreateType();
        object o = Activator.CreateInstance(made)!;
        made.GetField("Last")!.SetValue(o, "last");
        Console.WriteLine($"{def.GetGenericArguments().Length} {made.BaseType!.GetGenericArguments()[2999]} {made.GetMethod("LastOf")!.Invoke(o, null)} {made.GetField("First")!.FieldType}");
        MethodInfo m = holder.CreateType().GetMethod("Many")!.MakeGenericMethod(args[1000..]);
        Console.WriteLine(m.Invoke(null, null));
        try
        {
            TypeBuilder toomany = module.DefineType("TooMany", TypeAttributes.Public);
            toomany.DefineGenericParameters(Names(65537));
            Console.WriteLine(toomany.CreateType().GetGenericArguments().Length);
        }
        catch (Exception e) { Console.WriteLine(e.GetType() + ": " + e.Message); }
    }
}
