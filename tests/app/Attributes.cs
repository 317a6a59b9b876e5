// Custom attributes: constructor and named arguments of every kind, inheritance, AllowMultiple, on every target,
// CustomAttributeData, pseudo attributes, generic attributes.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.ComponentModel;
[assembly: Tag("assembly")] [module: Tag("module")]

[AttributeUsage(AttributeTargets.All, AllowMultiple = true, Inherited = true)]
internal class TagAttribute(string name) : Attribute
{
    public string Name => name;
    public int Order { get; set; }
    public Type? Kind;
    public object? Any { get; set; }
    public string[]? List { get; set; }
    public DayOfWeek Day;
    public override string ToString() => $"Tag({name},{Order},{Kind?.Name},{Any},{(List == null ? "-" : string.Join("/", List))},{Day})";
}

[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class OnceAttribute : Attribute
{
    public OnceAttribute(int a, long b, byte c, bool d, char e, double f, float g, Type h, object i, object[] j, int[] k, DayOfWeek l,
        string? m) => Text = string.Join(",", a, b, c, d, e, f, g, h.Name, i, j.Length, k.Sum(), l, m ?? "null");
    public string Text { get; }
}

[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class GenAttribute<T> : Attribute
{
    public T? V { get; set; }
    public override string ToString() => "Gen<" + typeof(T).Name + ">" + V;
}

internal sealed class DerivedTagAttribute() : TagAttribute("derived") { }

[Once(1, 2L, 3, true, 'x', 1.5, 2.5f, typeof(List<>), 42, new object[] { 1, "two", typeof(int), DayOfWeek.Friday }, new[] { 1, 2, 3 },
    DayOfWeek.Sunday, null), Tag("base", Order = 5, Kind = typeof(Dictionary<string, int>), Any = DayOfWeek.Monday,
        List = new[] { "a", "b" }, Day = DayOfWeek.Tuesday)]
internal class Base
{
    [Tag("virt")] public virtual void M([Tag("param")] int p) { }
    [Tag("prop")] public virtual int P { [Tag("getter")] get; set; }
}

[Tag("derived1"), Tag("derived2"), DerivedTag, Gen<int>(V = 7), Gen<string>(V = "g")]
internal sealed class Derived<[Tag("typaram")] T> : Base
{
    public override void M(int p) { }
    [return: Tag("ret")] public int R() => 0;
    [Tag("field"), Obsolete("old", false), NonSerialized0] public int F;
    [Tag("event")] public event Action? E;
    [DefaultValue(5), Description("d")] public override int P { get; set; }
    [Tag("ctor")] public Derived() { }
    [Tag("nested")] private enum N { [Tag("member")] A }
    [MethodImpl(MethodImplOptions.NoInlining)] public void Impl() { }
    public void Fire() => E?.Invoke();
}

internal sealed class NonSerialized0Attribute : Attribute { }
[StructLayout(LayoutKind.Explicit, Size = 16)] internal struct Lay { [FieldOffset(8)] public int X; }

internal static class Program
{
    [DllImport("libc", EntryPoint = "strlen", CharSet = CharSet.Ansi, SetLastError = true)] private static extern nint Len(string s);
    private static string J(IEnumerable<object> a) => string.Join(" ", a.Select(x => x.ToString()!).Order(StringComparer.Ordinal));

    private static void Main()
    {
        Type d = typeof(Derived<int>), b = typeof(Base);
        Console.WriteLine(b.GetCustomAttribute<OnceAttribute>()!.Text);
        Console.WriteLine(J(b.GetCustomAttributes<TagAttribute>()));
        Console.WriteLine(J(d.GetCustomAttributes<TagAttribute>()));
        Console.WriteLine(J(d.GetCustomAttributes<TagAttribute>(false)));
        Console.WriteLine(J(d.GetCustomAttributes(true).Where(a => a.GetType().Namespace == null)));
        Console.WriteLine(d.IsDefined(typeof(OnceAttribute)) + " " + b.IsDefined(typeof(Attribute)) + " " +
            Attribute.IsDefined(d, typeof(DerivedTagAttribute)));
        Console.WriteLine(J(d.GetMethod("M")!.GetCustomAttributes<TagAttribute>()) +
            J(d.GetMethod("M")!.GetParameters()[0].GetCustomAttributes<TagAttribute>()) + "|" +
            J(Attribute.GetCustomAttributes(d.GetProperty("P")!, typeof(TagAttribute))) + "|" +
            J(d.GetProperty("P")!.GetCustomAttributes<TagAttribute>(false)) +
            J(b.GetProperty("P")!.GetMethod!.GetCustomAttributes<TagAttribute>()) +
            J(d.GetMethod("R")!.ReturnTypeCustomAttributes.GetCustomAttributes(typeof(TagAttribute), false)) +
            J(d.GetField("F")!.GetCustomAttributes<TagAttribute>()) + J(d.GetEvent("E")!.GetCustomAttributes<TagAttribute>()) +
            J(d.GetConstructor([])!.GetCustomAttributes<TagAttribute>()) +
            J(typeof(Derived<>).GetGenericArguments()[0].GetCustomAttributes(typeof(TagAttribute), false)) +
            J(d.GetNestedType("N", BindingFlags.NonPublic)!.GetCustomAttributes<TagAttribute>()) +
            J(d.GetNestedType("N", BindingFlags.NonPublic)!.GetField("A")!.GetCustomAttributes<TagAttribute>()) +
            J(d.Assembly.GetCustomAttributes<TagAttribute>()) + J(d.Module.GetCustomAttributes<TagAttribute>()));
        foreach (CustomAttributeData c in b.GetCustomAttributesData().Concat(d.GetField("F")!.CustomAttributes)
            .OrderBy(c => c.AttributeType.Name))
            Console.WriteLine(c.AttributeType.Name + " " + c.Constructor + " " +
                string.Join(";", c.ConstructorArguments.Select(a => a.ToString())) + " " +
                string.Join(";", c.NamedArguments.OrderBy(a => a.MemberName).Select(a => a.ToString())));
        Console.WriteLine(d.GetField("F")!.GetCustomAttribute<ObsoleteAttribute>()!.Message +
            d.GetProperty("P")!.GetCustomAttribute<DefaultValueAttribute>()!.Value);
        var sl = typeof(Lay).StructLayoutAttribute!;
        var di = typeof(Program).GetMethod("Len", BindingFlags.NonPublic | BindingFlags.Static)!.GetCustomAttribute<DllImportAttribute>()!;
        Console.WriteLine($"{sl.Value} {sl.Size} {typeof(Lay).GetField("X")!.GetCustomAttribute<FieldOffsetAttribute>()!.Value} " +
            $"{di.EntryPoint} {di.SetLastError} {di.CharSet} {d.GetMethod("Impl")!.GetMethodImplementationFlags()} " +
            $"{d.GetMethod("Impl")!.IsDefined(typeof(MethodImplAttribute))}");
        var a1 = new TagAttribute("q") { Order = 1 };
        Console.WriteLine(a1.Equals(new TagAttribute("q") { Order = 1 }) + " " + a1.Match(new TagAttribute("q")) + " " +
            a1.IsDefaultAttribute() + " " + (a1.TypeId == (object)typeof(TagAttribute)));
        Console.WriteLine(typeof(Program).Assembly.GetCustomAttribute<System.Runtime.Versioning.TargetFrameworkAttribute>()!.FrameworkName);
        try { typeof(Bad).GetCustomAttributes(true); } catch (Exception e) { Console.WriteLine(e.GetType().Name + e.Message); }
        foreach (PropertyDescriptor pd in TypeDescriptor.GetProperties(typeof(Base))) Console.WriteLine(pd.Name + pd.PropertyType);
        new Derived<int>().Fire();
        Console.WriteLine(Caller());
        Console.WriteLine(typeof(Derived<>).IsDefined(typeof(DefaultMemberAttribute)) + " " +
            typeof(List<int>).GetCustomAttribute<DefaultMemberAttribute>()!.MemberName);
    }

    private sealed class ThrowsAttribute : Attribute { public ThrowsAttribute() => throw new FormatException("attribute ctor"); }
    [Throws] private sealed class Bad { }
    private static string Caller([CallerMemberName] string m = "", [CallerLineNumber] int l = 0,
        [CallerArgumentExpression(nameof(l))] string e = "") => m + (l > 0) + e;
}
