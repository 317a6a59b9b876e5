// Custom attributes: constructors with many parameters, every kind of value, named members, inheritance, usage, pseudo-attributes, and
// what CustomAttributeData says of the same.
// also: common/Ask.cs
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Diagnostics.CodeAnalysis;

enum Small : sbyte { Minus = -1, One = 1 }
[Flags] enum Big : ulong { None, Top = 1UL << 63 }
class Outer<T> { public class Inner { public enum Nested { A, B } } }

[AttributeUsage(AttributeTargets.All, AllowMultiple = true, Inherited = true)]
class AllAttribute : Attribute
{
    public readonly string Said;
    public AllAttribute() => Said = "none";
    public AllAttribute(bool a, byte b, sbyte c, short d, ushort e, int f, uint g, long h, ulong i, char j, float k, double l, string m, Type n, object o, Small p, Big q, int[] r, string?[] s, object?[] t, Small[] u, Type[] v,
        bool a2, byte b2, sbyte c2, short d2, ushort e2, int f2, uint g2, long h2, ulong i2, char j2, float k2, double l2, string m2, Type n2, object o2, Small p2, Big q2) =>
        Said = string.Join(" ", new object?[] { a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, Ask.Text(r), Ask.Text(s), Ask.Text(t), Ask.Text(u), Ask.Text(v), a2, b2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2, o2, p2, q2 });
    public AllAttribute(object? value) => Said = value == null ? "null object" : value.GetType() + " " + Ask.Text(value);
    public AllAttribute(Type? value) => Said = "type " + value;
    public AllAttribute(params string[] values) => Said = "strings " + values.Length;
    public AllAttribute(params object[] values) => Said = "objects " + Ask.Text(values);
    public AllAttribute(Outer<int>.Inner.Nested n) => Said = "nested " + n;
    public int Number;
    public string? Text { get; set; }
    public Small Small { get; set; }
    public object? Anything;
    public Type[]? Types { get; set; }
    public Big[]? Bigs;
    public object?[]? Objects { get; set; }
    public override string ToString() => $"{Said} / {Number} {Text} {Small} {Ask.Text(Anything)} {Ask.Text(Types)} {Ask.Text(Bigs)} {Ask.Text(Objects)}";
}
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)] class GenericAttribute<T>(T value) : Attribute { public T Value = value; public override string ToString() => typeof(T) + " " + Value; }
[AttributeUsage(AttributeTargets.Class, Inherited = false)] class NotInheritedAttribute : Attribute;
[AttributeUsage(AttributeTargets.Class)] class OnceAttribute(int n) : Attribute { public int N = n; public override string ToString() => "once " + N; }
class ThrowsAttribute : Attribute { public ThrowsAttribute(int n) { if (n > 0) throw new InvalidOperationException("attribute " + n); } public int Bad { set => throw new FormatException("setter"); get => 0; } }
class RecursiveAttribute : Attribute { public static int Made; public RecursiveAttribute() { if (++Made < 20) _ = typeof(Recursive).GetCustomAttributes(false); } }
[Recursive] class Recursive;
[SelfMade] class SelfMadeAttribute : Attribute { public SelfMadeAttribute() { } }

[All(true, 1, -2, -3, 4, -5, 6, -7, 8, 'x', 1.5f, -2.5, "m", typeof(List<>), 7L, Small.Minus, Big.Top, new[] { 1, 2 }, new[] { "a", null }, new object?[] { 1, "b", null, typeof(int), Small.One, new[] { 'c' } }, new[] { Small.One, Small.Minus }, new[] { typeof(Outer<>.Inner), typeof(Outer<int[]>.Inner) },
    false, 255, 127, short.MinValue, ushort.MaxValue, int.MinValue, uint.MaxValue, long.MinValue, ulong.MaxValue, '\uffff', float.NaN, double.NegativeInfinity, "", typeof(int*[,]), new[] { "boxed", "array" }, (Small)50, Big.None)]
[All((object?)null)]
[All((Type?)null)]
[All(5)]
[All('c')]
[All(Small.One)]
[All(Big.Top)]
[All(typeof(Outer<>))]
[All(new object[0])]
[All(1, "two", 3.0)]
[All(Outer<int>.Inner.Nested.B)]
[All("x", "y", Number = 7, Text = "named", Small = Small.Minus, Anything = Big.Top, Types = new[] { typeof(int), null! }, Bigs = new[] { Big.Top }, Objects = new object?[] { null, new Type[] { typeof(void) } })]
[All(Text = null, Anything = new[] { 1 }, Types = null, Number = int.MaxValue)]
[Generic<int>(5), Generic<string>("s"), Generic<Type>(typeof(long))]
[Once(1), NotInherited, Description("d"), DefaultValue(typeof(decimal), "1.5")]
class Base
{
    [All(1)] public virtual void M([All(2), In] int a, [Optional, DefaultParameterValue(5)] int b, [CallerMemberName] string c = "", params int[] d) { }
    [return: All(3), MarshalAs(UnmanagedType.Bool)] [Obsolete("old", true, DiagnosticId = "X1")] public virtual bool R() => true;
    [All(4)] public virtual int P { [All(5)] get; [All(6)] [param: All(7)] set; }
    [All(8)] [field: All(9)] public virtual event Action? E;
    [All(10), NonSerialized, ThreadStatic] public static int F;
    public void G<[All(11)] T>() { }
    [DecimalConstant(1, 0, 0, 0, 15)] public static readonly decimal D;
    public void Decimal([Optional, DateTimeConstant(5)] DateTime u, decimal d = 2.5m, DateTime t = default) { }
}
[Once(2), All("derived")] class Derived : Base { public override void M(int a, int b, string c = "", params int[] d) { } public override bool R() => false; public override int P { get; set; } public override event Action? E { add { } remove { } } }
class Bottom : Derived { }
[Serializable, StructLayout(LayoutKind.Explicit, Pack = 2, Size = 16, CharSet = CharSet.Unicode)] struct Laid { [FieldOffset(4), MarshalAs(UnmanagedType.I2)] public int X; [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 3), FieldOffset(8)] public string S; }
[ComImport, Guid("00000000-0000-0000-C000-000000000046"), InterfaceType(ComInterfaceType.InterfaceIsIUnknown)] interface IImported { [PreserveSig] int Kept(); void Not(); }
static class Native
{
    [DllImport("none", EntryPoint = "entry", SetLastError = true, CharSet = CharSet.Ansi, ExactSpelling = true, CallingConvention = CallingConvention.StdCall, BestFitMapping = false, ThrowOnUnmappableChar = true)] public static extern void Call([MarshalAs(UnmanagedType.LPArray, SizeParamIndex = 1, ArraySubType = UnmanagedType.I4)] int[] a, int n);
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.Synchronized)] public static void Impl() { }
}
[Throws(1)] class OnBad1; [Throws(0, Bad = 3)] class OnBad2;

static class Program
{
    static void Show(string what, ICustomAttributeProvider p)
    {
        Console.WriteLine(what);
        Ask.Say("  own", () => p.GetCustomAttributes(false));
        Ask.Say("  all", () => p.GetCustomAttributes(true));
        Ask.Say("  of All", () => p.GetCustomAttributes(typeof(AllAttribute), true).GetType() + " " + p.IsDefined(typeof(AllAttribute), false) + p.IsDefined(typeof(AllAttribute), true) + p.IsDefined(typeof(Attribute), true));
        Ask.Say("  data", () => (p switch { MemberInfo m => m.GetCustomAttributesData(), ParameterInfo m => m.GetCustomAttributesData(), Assembly m => m.GetCustomAttributesData(), Module m => m.GetCustomAttributesData(), _ => null })?.Select(Data).ToArray());
    }

    static string Data(CustomAttributeData d) => d + " " + d.Constructor + d.AttributeType + "(" + string.Join(",", d.ConstructorArguments.Select(Typed)) + ")" + string.Join(",", d.NamedArguments.Select(n => n.MemberName + n.IsField + n.MemberInfo + n + Typed(n.TypedValue)));
    static string Typed(CustomAttributeTypedArgument a) => a.ArgumentType + "=" + (a.Value is IEnumerable<CustomAttributeTypedArgument> l ? "{" + string.Join(";", l.Select(Typed)) + "}" : Ask.Text(a.Value));

    static void Main()
    {
        foreach (Type t in new[] { typeof(Base), typeof(Derived), typeof(Bottom), typeof(Laid), typeof(IImported), typeof(OnBad1), typeof(OnBad2), typeof(SelfMadeAttribute) })
        {
            Show(t.Name, t);
            foreach (MemberInfo m in t.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            {
                Show(m.ToString()!, m);
                if (m is MethodInfo f)
                {
                    Show("return", f.ReturnParameter);
                    foreach (ParameterInfo p in f.GetParameters())
                    {
                        Show(p.ToString(), p);
                        Console.WriteLine($"  {p.IsIn}{p.IsOut}{p.IsOptional}{p.HasDefaultValue} {Ask.Text(p.DefaultValue)} {Ask.Text(p.RawDefaultValue)} {p.Attributes}");
                    }
                    if (f.IsGenericMethod)
                        Show("T", f.GetGenericArguments()[0]);
                }
            }
        }
        foreach (MethodInfo m in typeof(Native).GetMethods(BindingFlags.Static | BindingFlags.Public))
        {
            Show(m.Name, m);
            foreach (ParameterInfo p in m.GetParameters())
                Show(p.Name!, p);
        }
        Ask.Say("Attribute, inherited parameter", () => Attribute.GetCustomAttributes(typeof(Derived).GetMethod("M")!.GetParameters()[0], true));
        Ask.Say("Attribute, inherited property", () => Attribute.GetCustomAttributes(typeof(Derived).GetProperty("P")!, true));
        Ask.Say("Attribute, inherited event", () => Attribute.GetCustomAttributes(typeof(Derived).GetEvent("E")!, true));
        Ask.Say("one of many", () => Attribute.GetCustomAttribute(typeof(Base), typeof(AllAttribute)));
        Ask.Say("one", () => typeof(Derived).GetCustomAttribute<OnceAttribute>());
        Ask.Say("generic", () => typeof(Base).GetCustomAttribute<GenericAttribute<string>>());
        Ask.Say("open generic", () => typeof(Base).GetCustomAttributes(typeof(GenericAttribute<>), false));
        Ask.Say("not an attribute", () => typeof(Base).GetCustomAttributes(typeof(string), false));
        Ask.Say("null", () => typeof(Base).GetCustomAttributes(null!, false));
        Ask.Say("interface", () => typeof(Base).GetCustomAttributes(typeof(IDisposable), false).GetType());
        Ask.Say("recursive", () => typeof(Recursive).GetCustomAttributes(false).Length + " " + RecursiveAttribute.Made);
        Ask.Say("equal", () => typeof(Base).GetCustomAttribute<OnceAttribute>()!.Equals(typeof(Base).GetCustomAttribute<OnceAttribute>()) + " " + typeof(Base).GetCustomAttribute<OnceAttribute>()!.Match(null) + typeof(Base).GetCustomAttribute<OnceAttribute>()!.IsDefaultAttribute());
        Ask.Say("layout", () => { var l = typeof(Laid).StructLayoutAttribute!; return $"{l.Value} {l.Pack} {l.Size} {l.CharSet}"; });
    }
}
