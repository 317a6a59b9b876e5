// Members chosen by name: InvokeMember in every form, the default binder's choices and ambiguities, binders of one's own, hidden members.
// also: common/Ask.cs
using System.Globalization;
using System.Reflection;

class Base
{
    public int Hidden = 1; public virtual string V() => "base"; public string N() => "base n"; public static string S() => "static base"; private string P() => "private";
    public int this[int i] => i; protected internal int Protected { get; set; } = 3;
}
class Target : Base
{
    public new string Hidden = "new"; public override string V() => "target"; public new string N() => "target n"; public string N(int a) => "n int";
    public static string F(int a) => "int"; public static string F(long a) => "long"; public static string F(double a) => "double"; public static string F(object a) => "object"; public static string F(string a) => "string";
    public static string G(object a, string b) => "object string"; public static string G(string a, object b) => "string object";
    public static string H(int a, int b = 5) => "h2"; public static string H(int a) => "h1"; public static string H(params object[] a) => "params" + a.Length;
    public static string K(ref int a) => "ref " + a++; public static string K(int a) => "value";
    public static string Named(int a, string b, double c) => $"{a} {b} {c}";
    public string this[string i] => i; public string this[int i, int j] => "two"; public string this[Base b] => "base"; public string this[Target b] => "target";
    public int Prop { get; set; } = 9; public static int[] Array = [1, 2]; public readonly int ReadOnly = 4; public const int Const = 6;
    public static T Gen<T>(T a) => a; public static string Gen(int a) => "not generic";
    public event Action? E { add { } remove { } }
    public class Nest { } class nest { }
    public static string Byte(byte a) => "byte"; public static string Byte(short a) => "short"; public static string Byte(uint a) => "uint";
    public static string Enum(DayOfWeek d) => "enum"; public static string Enum(int d) => "int";
}

class Loose : Binder
{
    public override FieldInfo BindToField(BindingFlags f, FieldInfo[] match, object value, CultureInfo? c) { Console.WriteLine($"  fields {match.Length} {value}"); return match[0]; }
    public override MethodBase BindToMethod(BindingFlags f, MethodBase[] match, ref object?[] args, ParameterModifier[]? m, CultureInfo? c, string[]? names, out object? state)
    {
        Console.WriteLine($"  methods {match.Length} {Ask.Text(args)} {Ask.Text(names)}");
        state = "state";
        return match[^1];
    }
    public override object ChangeType(object value, Type type, CultureInfo? c) { Console.WriteLine($"  change {value} to {type}"); return type == typeof(string) ? value.ToString()! : Convert.ChangeType(value, type, c); }
    public override void ReorderArgumentArray(ref object?[] args, object state) => Console.WriteLine("  reorder " + state);
    public override MethodBase? SelectMethod(BindingFlags f, MethodBase[] match, Type[] types, ParameterModifier[]? m) { Console.WriteLine($"  select of {match.Length}"); return match[0]; }
    public override PropertyInfo? SelectProperty(BindingFlags f, PropertyInfo[] match, Type? type, Type[]? indexes, ParameterModifier[]? m) { Console.WriteLine($"  property of {match.Length}"); return match[0]; }
}

static class Program
{
    const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    static ParameterModifier Modifier() { var m = new ParameterModifier(1); m[0] = true; return m; }

    static void Main()
    {
        Type t = typeof(Target);
        var o = new Target();
        object? Call(string name, BindingFlags f, object? target, params object?[]? args) => t.InvokeMember(name, f, null, target, args);
        foreach (object? a in new object?[] { 1, 1L, (byte)1, 1f, 1m, "s", null, 'c', new object(), DayOfWeek.Friday, (nint)3 })
            Ask.Say("F " + Ask.Text(a), () => Call("F", BindingFlags.InvokeMethod | any, null, a));
        foreach (object? a in new object?[] { (byte)1, (sbyte)1, (short)1, (ushort)1, 1u, 'c' })
            Ask.Say("Byte " + a, () => Call("Byte", BindingFlags.InvokeMethod | any, null, a));
        Ask.Say("G", () => Call("G", BindingFlags.InvokeMethod | any, null, "a", "b"));
        Ask.Say("G", () => Call("G", BindingFlags.InvokeMethod | any, null, "a", 1));
        Ask.Say("G", () => Call("G", BindingFlags.InvokeMethod | any, null, null, null));
        Ask.Say("H", () => Call("H", BindingFlags.InvokeMethod | any, null, 1));
        Ask.Say("H", () => Call("H", BindingFlags.InvokeMethod | any | BindingFlags.OptionalParamBinding, null, 1, 2));
        Ask.Say("H", () => Call("H", BindingFlags.InvokeMethod | any, null, 1, 2, 3));
        Ask.Say("H", () => Call("H", BindingFlags.InvokeMethod | any, null));
        Ask.Say("H", () => Call("H", BindingFlags.InvokeMethod | any, null, "x"));
        object?[] byRef = [3];
        Ask.Say("K", () => t.InvokeMember("K", BindingFlags.InvokeMethod | any, null, null, byRef, [Modifier()], null, null) + Ask.Text(byRef));
        Ask.Say("Gen", () => Call("Gen", BindingFlags.InvokeMethod | any, null, "x"));
        Ask.Say("Enum", () => Call("Enum", BindingFlags.InvokeMethod | any, null, DayOfWeek.Friday));
        Ask.Say("Enum", () => Call("Enum", BindingFlags.InvokeMethod | any, null, (byte)1));
        Ask.Say("named", () => t.InvokeMember("Named", BindingFlags.InvokeMethod | any, null, null, [1.5, 1, "b"], null, null, ["c", "a", "b"]));
        Ask.Say("named, one", () => t.InvokeMember("Named", BindingFlags.InvokeMethod | any, null, null, ["b", 1, 2.5], null, null, ["b"]));
        Ask.Say("named, none", () => t.InvokeMember("Named", BindingFlags.InvokeMethod | any, null, null, [1, "b", 2.5], null, null, ["z"]));
        Ask.Say("N", () => Call("N", BindingFlags.InvokeMethod | any, o));
        Ask.Say("N", () => Call("N", BindingFlags.InvokeMethod | any, o, 1));
        Ask.Say("V", () => Call("V", BindingFlags.InvokeMethod | any, o));
        Ask.Say("private of the base", () => Call("P", BindingFlags.InvokeMethod | any, o));
        Ask.Say("static of the base", () => Call("S", BindingFlags.InvokeMethod | any, o));
        Ask.Say("static of the base", () => Call("S", BindingFlags.InvokeMethod | any | BindingFlags.FlattenHierarchy, o));
        Ask.Say("any case", () => Call("v", BindingFlags.InvokeMethod | any | BindingFlags.IgnoreCase, o));
        Ask.Say("no target", () => Call("V", BindingFlags.InvokeMethod | any, null));
        Ask.Say("none", () => Call("None", BindingFlags.InvokeMethod | any, o));
        Ask.Say("no flags", () => Call("V", BindingFlags.Default, o));
        Ask.Say("two kinds", () => Call("V", BindingFlags.InvokeMethod | BindingFlags.CreateInstance | any, o));
        Ask.Say("create", () => Call("ignored", BindingFlags.CreateInstance | any, null));
        Ask.Say("create", () => Call("ignored", BindingFlags.CreateInstance | any, null, 1));
        Ask.Say("get field", () => Call("Hidden", BindingFlags.GetField | any, o));
        Ask.Say("get hidden", () => typeof(Base).InvokeMember("Hidden", BindingFlags.GetField | any, null, o, null));
        Ask.Say("set field", () => Call("Hidden", BindingFlags.SetField | any, o, "v") + o.Hidden);
        Ask.Say("set field, wrong", () => Call("Hidden", BindingFlags.SetField | any, o, 5));
        Ask.Say("set readonly", () => Call("ReadOnly", BindingFlags.SetField | any, o, 5) + "" + o.ReadOnly);
        Ask.Say("set const", () => Call("Const", BindingFlags.SetField | any, o, 5));
        Ask.Say("array", () => Call("Array", BindingFlags.GetField | any, null, 1));
        Ask.Say("array", () => Call("Array", BindingFlags.SetField | any, null, 1, 8) + "" + Target.Array[1]);
        Ask.Say("array, both", () => Call("Array", BindingFlags.SetField | BindingFlags.GetField | any, null, 1, 8));
        Ask.Say("get property", () => Call("Prop", BindingFlags.GetProperty | any, o));
        Ask.Say("set property", () => Call("Prop", BindingFlags.SetProperty | any, o, 12) + "" + o.Prop);
        Ask.Say("set property, wrong", () => Call("Prop", BindingFlags.SetProperty | any, o, "x"));
        Ask.Say("protected", () => Call("Protected", BindingFlags.GetProperty | any, o));
        Ask.Say("field or property", () => Call("Prop", BindingFlags.GetProperty | BindingFlags.GetField | any, o));
        foreach (object?[] a in new object?[][] { ["x"], [1], [1, 2], [new Base()], [new Target()], [null], [1.5] })
            Ask.Say("index " + Ask.Text(a), () => Call("Item", BindingFlags.GetProperty | any, o, a));
        Ask.Say("default member", () => Call("", BindingFlags.GetProperty | any, o, "q"));
        Ask.Say("open type", () => typeof(List<>).InvokeMember("Clear", BindingFlags.InvokeMethod | any, null, null, null));

        var loose = new Loose();
        Ask.Say("binder", () => t.InvokeMember("F", BindingFlags.InvokeMethod | any, loose, null, [5]));
        Ask.Say("binder, names", () => t.InvokeMember("Named", BindingFlags.InvokeMethod | any, loose, null, ["1", 2, "3.5"], null, CultureInfo.InvariantCulture, ["a"]));
        Ask.Say("binder, field", () => t.InvokeMember("Hidden", BindingFlags.SetField | any, loose, o, [77]));
        Ask.Say("binder, invoke", () => t.GetMethod("Named")!.Invoke(null, BindingFlags.Default, loose, ["1", 2, "3"], CultureInfo.InvariantCulture));
        Ask.Say("binder, exact", () => t.GetMethod("Named")!.Invoke(null, BindingFlags.ExactBinding, loose, ["1", 2, "3"], CultureInfo.InvariantCulture));
        Ask.Do("binder, set", () => t.GetField("Hidden")!.SetValue(o, 5, BindingFlags.Default, loose, CultureInfo.InvariantCulture));
        Ask.Do("binder, property", () => t.GetProperty("Prop")!.SetValue(o, "55", BindingFlags.Default, loose, null, CultureInfo.InvariantCulture));
        Ask.Say("binder, create", () => Activator.CreateInstance(typeof(string), BindingFlags.Public | BindingFlags.Instance, loose, ['c', "3"], CultureInfo.InvariantCulture));
        Ask.Say("binder, method", () => t.GetMethod("F", any, loose, [typeof(string)], null));
        Ask.Say("binder, property", () => t.GetProperty("Item", any, loose, typeof(string), [typeof(int)], null));
        Ask.Say("default change", () => Type.DefaultBinder.ChangeType(1, typeof(long), null));

        Ask.Say("ambiguous", () => t.GetMethod("F"));
        Ask.Say("ambiguous property", () => t.GetProperty("Item"));
        Ask.Say("field by name", () => t.GetField("Hidden"));
        Ask.Say("any case nested", () => t.GetNestedType("NEST", any | BindingFlags.IgnoreCase));
        Ask.Say("nested", () => t.GetNestedType("nest", any));
        Ask.Say("method", () => t.GetMethod("F", [typeof(byte)]));
        Ask.Say("method", () => t.GetMethod("F", [typeof(decimal)]));
        Ask.Say("method", () => t.GetMethod("F", any | BindingFlags.ExactBinding, null, [typeof(byte)], null));
        Ask.Say("method", () => t.GetMethod("G", [typeof(string), typeof(string)]));
        Ask.Say("method", () => t.GetMethod("N", Type.EmptyTypes));
        Ask.Say("method, generic", () => t.GetMethod("Gen", 1, [Type.MakeGenericMethodParameter(0)]));
        Ask.Say("method, null", () => t.GetMethod(null!));
        Ask.Say("method, null type", () => t.GetMethod("F", [null!]));
        Ask.Say("property", () => t.GetProperty("Item", typeof(int), [typeof(int)]));
        Ask.Say("property", () => t.GetProperty("Item", [typeof(Target)]));
        Ask.Say("property, wrong type", () => t.GetProperty("Prop", typeof(string)));
        Ask.Say("members", () => t.GetMember("N*", any).Select(m => m.DeclaringType + "." + m).ToArray());
        Ask.Say("members", () => t.GetMember("*", MemberTypes.Property | MemberTypes.Event, any).Select(m => m.ToString()).ToArray());
        Ask.Say("found", () => t.FindMembers(MemberTypes.Method, any, Type.FilterNameIgnoreCase, "f*").Select(m => m.ToString()).ToArray());
        Ask.Say("found", () => t.FindMembers(MemberTypes.Field, any, Type.FilterAttribute, FieldAttributes.Static).Select(m => m.ToString()).ToArray());
        Ask.Say("found", () => t.FindInterfaces((x, c) => true, null));
        Ask.Say("constructor", () => t.GetConstructor([typeof(int)]));
        Ask.Say("same definition", () => t.GetMemberWithSameMetadataDefinitionAs(typeof(Base).GetMethod("N")!));
        Ask.Say("same definition", () => typeof(List<int>).GetMemberWithSameMetadataDefinitionAs(typeof(List<>).GetMethod("Add")!));
        foreach (MemberInfo m in t.GetMembers(any | BindingFlags.FlattenHierarchy))
            Console.WriteLine($"{m.MemberType} {m.DeclaringType!.Name} {m}");
    }
}
