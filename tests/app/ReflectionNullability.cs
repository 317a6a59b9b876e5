// NullabilityInfoContext over members of every shape, and what parameters say of defaults, modifiers and nullable context.
// also: common/Ask.cs
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

class Box<T> { public T Value = default!; public T? Maybe; public List<T?>? List; }
class Annotated
{
    public string A = ""; public string? B; public int C; public int? D; public string[]? E; public string?[] F = []; public Dictionary<string, List<string?>?>? G;
    public (string a, string? b)[]? H; public Box<string?>? I; public object?[,]? J; public Action<string?, string>? K;
    [AllowNull] public string L { get; set; } = ""; [MaybeNull] public string M { get; set; } = ""; [DisallowNull] public string? N { get; set; } [NotNull] public string? O { get; set; } = "";
    public string this[string? i] { get => ""; set { } } public event EventHandler<string?>? P; public event Action Q { add { } remove { } }
    public string? Method(string a, string? b, [NotNull] ref string? c, out string? d, in string? e, params string?[] f) { d = null; c = ""; return null; }
    public T Generic<T>(T a, T? b) where T : class? => a;
    public T NotNull<T>(T a) where T : notnull => a;
    [return: MaybeNull] public T Returns<T>() => default;
    public async Task<string?> Async() { await Task.Yield(); return null; }
    string? Private { get; set; }
    public readonly nint? R; public unsafe int* S; public required string T2; public string InitOnly { get; init; } = ""; public string? WriteOnly { set { } }
}
#nullable disable
class Oblivious { public string A; public List<string> B; public string M(string a) => a; public string[] P { get; set; } }
#nullable restore
struct Value { public string? A; public Value? B() => null; }
interface IFace { string? A { get; } static abstract string? S { get; } void M<T>(T? t) where T : struct; }

static class Program
{
    static string Info(NullabilityInfo i) => $"{i.Type} {i.ReadState}/{i.WriteState}" + (i.ElementType == null ? "" : " of " + Info(i.ElementType)) + string.Concat(i.GenericTypeArguments.Select(a => " <" + Info(a) + ">"));

    static void Main()
    {
        const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var context = new NullabilityInfoContext();
        foreach (Type t in new[] { typeof(Annotated), typeof(Box<>), typeof(Box<string>), typeof(Box<int?>), typeof(Oblivious), typeof(Value), typeof(IFace), typeof(List<>).GetNestedType("Enumerator")! })
        {
            Console.WriteLine("== " + t);
            foreach (FieldInfo f in t.GetFields(any))
                Ask.Say(f.Name, () => Info(context.Create(f)));
            foreach (PropertyInfo p in t.GetProperties(any))
                Ask.Say(p.Name, () => Info(context.Create(p)));
            foreach (EventInfo e in t.GetEvents(any))
                Ask.Say(e.Name, () => Info(context.Create(e)));
            foreach (MethodInfo m in t.GetMethods(any).Where(m => !m.IsSpecialName))
            {
                Ask.Say(m.Name, () => Info(context.Create(m.ReturnParameter)));
                foreach (ParameterInfo p in m.GetParameters())
                {
                    Ask.Say("  " + p.Name, () => Info(context.Create(p)));
                    Console.WriteLine($"  {p} {p.IsIn}{p.IsOut}{p.IsOptional}{p.ParameterType.IsByRef} {Ask.Text(p.GetRequiredCustomModifiers())} {p.Member.Name} {p.Position}");
                }
            }
        }
        Ask.Say("null", () => context.Create((FieldInfo)null!));
        Ask.Say("framework", () => Info(context.Create(typeof(string).GetMethod("IsNullOrEmpty")!.GetParameters()[0])));
        Ask.Say("framework", () => Info(context.Create(typeof(Dictionary<string, object>).GetMethod("TryGetValue")!.GetParameters()[1])));
    }
}
