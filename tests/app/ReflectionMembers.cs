// Members: listing with binding flags, parameters and defaults, invoking of every shape, fields, properties, events,
// constructors, generic methods, modifiers, binding.
using System.Reflection;
using System.Runtime.InteropServices;

internal class Base
{
    public virtual string Virt() => "Base";
    public string Hidden() => "b";
    protected int Prot = 1;
    private int _priv = 2;
    public static string Stat = "s";
}

internal sealed class Target : Base
{
    public const int K = 9;
    public readonly string RO = "ro";
    public int Field;
    public static double SField = 1.5;
    public string? Prop { get; set; }
    public int Init { get; init; } = 3;
    private int Secret { get; set; } = 4;
    public int this[int i, string s] { get => i + s.Length; set => Field = value; }
    public event Action<int>? Ev;
    public Target() { }
    public Target(int f, string p = "dflt") { Field = f; Prop = p; }
    static Target() => SField = 2.5;
    public override string Virt() => "Target";
    public new string Hidden() => "t";
    public int Over(int a) => 1;
    public int Over(long a) => 2;
    public int Over(object a) => 3;
    public int Over(string a, params int[] b) => 4 + b.Length;

    public void Refs(ref int a, out string b, in long c, DateTime d = default, int? e = null, DayOfWeek f = DayOfWeek.Friday,
        decimal g = 1.5m)
    {
        a += (int)c;
        b = "out" + a;
    }

    public T Gen<T>(T t, List<T> l) where T : notnull { l.Add(t); return t; }
    public static int Stat2(Span<int> s) => s.Length;
    public void Raise(int i) => Ev?.Invoke(i);
    public static unsafe int Ptr(int* p) => *p;
    public (int, string) Tup((int a, string b) t) => (t.a + 1, t.b);
    public ref int RefRet() => ref Field;
    public static void Throw() => throw new FormatException("thrown");
    public static implicit operator int(Target t) => t.Field;
    ~Target() { }
    [return: MarshalAs(UnmanagedType.Bool)] public static bool Opt([Optional] int x, [In, Out] int[] y = null!) => x == 0;
    private static string Priv(object o, string s) => "priv" + o + s;
}

internal struct SV { public int N; public void Inc() => N++; public override readonly string ToString() => "SV" + N; }

internal static class Program
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static |
        BindingFlags.DeclaredOnly;

    private static string T(Func<object?> f)
    {
        try { return f()?.ToString() ?? "null"; }
        catch (TargetInvocationException e) { return "TIE:" + e.InnerException!.GetType().Name; }
        catch (Exception e) { return e.GetType().Name; }
    }

    private static unsafe void Main()
    {
        Type t = typeof(Target);
        foreach (MemberInfo m in t.GetMembers(All).OrderBy(m => m.MemberType).ThenBy(m => m.ToString(), StringComparer.Ordinal))
            Console.WriteLine($"{m.MemberType} {m} {(m as MethodBase)?.Attributes}{(m as FieldInfo)?.Attributes}" +
                $"{(m as PropertyInfo)?.Attributes} {m.DeclaringType!.Name}");
        Console.WriteLine(string.Join(",", t.GetMethods().Select(m => m.Name).Distinct().Order()));
        Console.WriteLine(string.Join(",", typeof(Base).GetFields(All).Select(f => f.Name).Order()) + " " +
            t.GetField("Prot", BindingFlags.NonPublic | BindingFlags.Instance)!.DeclaringType!.Name + " " +
            (t.GetField("_priv", BindingFlags.NonPublic | BindingFlags.Instance) == null) + " " +
            t.GetField("Stat", BindingFlags.Public | BindingFlags.Static | BindingFlags.FlattenHierarchy)!.GetValue(null));
        var o = new Target(7, "p");
        foreach (ParameterInfo p in t.GetMethod("Refs")!.GetParameters())
            Console.Write($"{p.Position}:{p} in={p.IsIn} out={p.IsOut} opt={p.IsOptional} def=" +
                $"{(p.HasDefaultValue ? p.DefaultValue ?? "null" : "-")} ; ");
        Console.WriteLine();
        object?[] args = [5, null, 10L, Type.Missing, Type.Missing, Type.Missing, Type.Missing];
        Console.WriteLine(T(() => t.GetMethod("Refs")!.Invoke(o, BindingFlags.OptionalParamBinding, null, args, null)) + args[0] + args[1]);
        Console.WriteLine(T(() => t.GetMethod("Over", [typeof(int)])!.Invoke(o, [1])) +
            T(() => t.GetMethod("Over", [typeof(long)])!.Invoke(o, [(byte)1])) +
            T(() => t.GetMethod("Over", [typeof(string), typeof(int[])])!.Invoke(o, ["s", new[] { 1, 2 }])) + T(() => t.GetMethod("Over")) +
            T(() => t.InvokeMember("Over", BindingFlags.InvokeMethod | BindingFlags.Public | BindingFlags.Instance, null, o,
            ["str", 1, 2, 3])) + T(() => t.GetMethod("Over", [typeof(DateTime)])) +
            T(() => t.InvokeMember("Over", BindingFlags.InvokeMethod | BindingFlags.Public | BindingFlags.Instance, null, o, [5u])));
        Console.WriteLine(T(() => typeof(Base).GetMethod("Virt")!.Invoke(o, null)) +
            T(() => typeof(Base).GetMethod("Hidden")!.Invoke(o, null)) + T(() => t.GetMethod("Throw")!.Invoke(null, null)) +
            T(() => t.GetMethod("Priv", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, [1, null])) +
            T(() => t.GetMethod("Stat2")!.Invoke(null, [null])) + T(() => t.GetMethod("Tup")!.Invoke(o, [(1, "x")])) +
            T(() => t.GetMethod("RefRet")!.Invoke(o, null)) + T(() => t.GetMethod("Raise")!.Invoke(o, [1])) +
            T(() => t.GetMethod("Virt")!.Invoke("wrong", null)) + T(() => t.GetMethod("op_Implicit")!.Invoke(null, [o])) +
            T(() => t.GetMethod("Opt")!.Invoke(null, [0, null])));
        int pv = 33;
        Console.WriteLine(T(() =>
        {
            int local = 33;
            unsafe { return t.GetMethod("Ptr")!.Invoke(null, [Pointer.Box(&local, typeof(int*))]); }
        }));
        MethodInfo g = t.GetMethod("Gen")!;
        Console.WriteLine($"{g} {g.IsGenericMethodDefinition} {g.MakeGenericMethod(typeof(int))} " +
            $"{T(() => g.MakeGenericMethod(typeof(string)).Invoke(o, ["g", new List<string>()]))} " +
            $"{T(() => g.MakeGenericMethod(typeof(int)).Invoke(o, [4, new List<int>()]))} {T(() => g.Invoke(o, [1, null]))} " +
            $"{g.GetGenericArguments()[0].DeclaringMethod!.Name} {g.MakeGenericMethod(typeof(int)).GetGenericMethodDefinition() == g}");
        FieldInfo f = t.GetField("Field")!;
        f.SetValue(o, 77);
        Console.WriteLine(f.GetValue(o) + T(() => t.GetField("RO")!.GetValue(o)) + T(() => t.GetField("K")!.GetRawConstantValue()) + T(() =>
        {
            t.GetField("SField")!.SetValue(null, 9.5f);
            return Target.SField;
        }) + T(() =>
        {
            f.SetValue(o, "x");
            return 0;
        }) + T(() =>
        {
            f.SetValue(null, 1);
            return 0;
        }));
        t.GetField("RO")!.SetValue(o, "changed");
        Console.WriteLine(o.RO);
        object sv = new SV { N = 5 };
        typeof(SV).GetField("N")!.SetValue(sv, 6);
        typeof(SV).GetMethod("Inc")!.Invoke(sv, null);
        Console.WriteLine(sv);
        TypedReference tr = __makeref(pv);
        Console.WriteLine(__refvalue(tr, int) + __reftype(tr).Name);
        PropertyInfo p1 = t.GetProperty("Prop")!;
        p1.SetValue(o, "viaprop");
        Console.WriteLine(p1.GetValue(o) + T(() => t.GetProperty("Item")!.GetValue(o, [3, "abc"])) +
            T(() => t.GetProperty("Secret", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(o)) + T(() =>
        {
            t.GetProperty("Init")!.SetValue(o, 8);
            return o.Init;
        }) + p1.CanWrite + p1.GetGetMethod()!.IsSpecialName +
            string.Join(",", t.GetProperty("Init")!.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Select(m => m.Name)) +
            t.GetProperty("Item")!.GetIndexParameters().Length);
        Console.WriteLine(T(() => ((Target)Activator.CreateInstance(t, 3, "act")!).Prop) +
            T(() => t.GetConstructor([typeof(int), typeof(string)])!.Invoke([1, "c"])) + T(() => t.GetConstructors().Length) +
            T(() => t.TypeInitializer!.Name) + T(() => Activator.CreateInstance<SV>()) + T(() => Activator.CreateInstance(typeof(int))) +
            T(() => Activator.CreateInstance(t, "bad", 1)) +
            T(() => Activator.CreateInstance(typeof(List<>).MakeGenericType(typeof(Target)))!.GetType().Name) +
            T(() => Activator.CreateInstance(typeof(string), 'q', 3)) + T(() => Array.CreateInstance(typeof(SV), 2).GetValue(1)) +
            T(() => Activator.CreateInstance(typeof(Target).Assembly.FullName!, "SV")!.Unwrap()));
        var inv = MethodInvoker.Create(t.GetMethod("Over", [typeof(int)])!);
        Console.WriteLine(inv.Invoke(o, 5) + "" + ConstructorInvoker.Create(t.GetConstructor([])!).Invoke());
        var d = t.GetMethod("Virt")!.CreateDelegate<Func<Target, string>>();
        Console.WriteLine(d(o) + t.GetMethod("Virt")!.GetBaseDefinition().DeclaringType!.Name + t.GetMethod("Virt")!.IsVirtual +
            MethodBase.GetCurrentMethod()!.Name);
        InterfaceMapping map = typeof(List<int>).GetInterfaceMap(typeof(ICollection<int>));
        Console.WriteLine(map.InterfaceMethods.Length + map.TargetMethods.First(m => m.Name.EndsWith("Contains")).Name);
        var body = t.GetMethod("Hidden")!.GetMethodBody()!;
        Console.WriteLine(body.GetILAsByteArray()!.Length > 0 && body.MaxStackSize > 0);
        Console.WriteLine(t.Module.ResolveMethod(t.GetMethod("Virt")!.MetadataToken)!.Name + t.Module.ResolveType(t.MetadataToken).Name +
            t.Module.ResolveField(f.MetadataToken)!.Name + MethodBase.GetMethodFromHandle(t.GetMethod("Virt")!.MethodHandle)!.Name +
            FieldInfo.GetFieldFromHandle(f.FieldHandle).Name + t.GetMethod("Virt")!.MethodHandle.GetFunctionPointer().Equals(0));
        var n = new NullabilityInfoContext();
        Console.WriteLine(n.Create(p1).ReadState + " " + n.Create(t.GetField("RO")!).ReadState);
        Console.WriteLine(string.Join(",", t.GetMember("Over").Length, t.GetDefaultMembers().Length, t.GetEvent("Ev")!.EventHandlerType,
            t.GetMethod("Opt")!.ReturnParameter.IsDefined(typeof(MarshalAsAttribute)),
            t.FindMembers(MemberTypes.Method, All, Type.FilterName, "Ra*").Length));
    }
}
