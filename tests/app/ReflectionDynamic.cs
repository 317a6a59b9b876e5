// The dynamic keyword: members, operators, conversions, overloads, indexers, events, named arguments, errors of the binder; ExpandoObject
// and DynamicObject.
// also: common/Ask.cs
using System.Dynamic;
using System.Reflection;

class Thing
{
    public int Field = 3; public string Prop { get; set; } = "p"; public static int Static = 9; private int hidden = 1;
    public string Over(int a) => "int"; public string Over(long a) => "long"; public string Over(object a) => "object"; public string Over(string a, int b = 4) => "string " + b;
    public string Named(int a, int b, params string[] rest) => $"{a} {b} {rest.Length}"; public T Gen<T>(T a) => a; public string Typed<T>(object o) => typeof(T).Name;
    public int this[int i] { get => i + Field; set => Field = i + value; } public string this[string s, int i] => s + i;
    public static Thing operator +(Thing a, int b) => new() { Field = a.Field + b }; public static bool operator true(Thing t) => t.Field > 0; public static bool operator false(Thing t) => t.Field <= 0;
    public static implicit operator int(Thing t) => t.Field; public static explicit operator string(Thing t) => "explicit " + t.Field;
    public static Thing operator ++(Thing t) => new() { Field = t.Field + 1 }; public static Thing operator -(Thing t) => new() { Field = -t.Field }; public static Thing operator &(Thing a, Thing b) => a;
    public event Func<int, int>? Changed; public int Raise(int n) => Changed?.Invoke(n) ?? -1;
    public void Refs(ref int a, out string b) { a++; b = "o" + a; } public void Throws() => throw new FormatException("thrown");
    public Func<int, int> Delegate = x => x * 2;
}
class Late : DynamicObject
{
    public override bool TryGetMember(GetMemberBinder b, out object? r) { r = "got " + b.Name; return b.Name != "None"; }
    public override bool TrySetMember(SetMemberBinder b, object? v) { Console.WriteLine($"  set {b.Name} {v}"); return true; }
    public override bool TryInvokeMember(InvokeMemberBinder b, object?[]? a, out object? r) { r = $"{b.Name}({Ask.Text(a)}) {b.CallInfo.ArgumentCount} {string.Join(",", b.CallInfo.ArgumentNames)}"; return true; }
    public override bool TryInvoke(InvokeBinder b, object?[]? a, out object? r) { r = "invoked " + a!.Length; return true; }
    public override bool TryBinaryOperation(BinaryOperationBinder b, object a, out object? r) { r = b.Operation + " " + a; return true; }
    public override bool TryUnaryOperation(UnaryOperationBinder b, out object? r) { r = b.Operation.ToString(); return true; }
    public override bool TryGetIndex(GetIndexBinder b, object[] i, out object? r) { r = "index " + i.Length; return true; }
    public override bool TryConvert(ConvertBinder b, out object? r) { r = b.Type == typeof(int) ? 5 : null; return b.Type == typeof(int); }
    public override IEnumerable<string> GetDynamicMemberNames() => ["x", "y"];
}
struct Point { public int X; public void Move(int d) => X += d; public override string ToString() => "X" + X; }

static class Program
{
    static string Pick(int a) => "int"; static string Pick(string a) => "string"; static string Pick(double a) => "double"; static string Pick(object a) => "object"; static string Pick(List<int> a) => "list";
    static dynamic Id(object? o) => o!;

    static void Main()
    {
        dynamic t = new Thing();
        Ask.Say("field", () => t.Field); Ask.Say("property", () => t.Prop); Ask.Do("set", () => { t.Field = 5; t.Prop = "q"; }); Ask.Say("both", () => t.Field + t.Prop);
        foreach (object? a in new object?[] { 1, 1L, (byte)1, 1.5, "s", 'c', null, new int[1] }) Ask.Say("over " + Ask.Text(a), () => t.Over((dynamic?)a));
        Ask.Say("optional", () => t.Over("x", b: 7)); Ask.Say("named", () => t.Named(b: 1, a: 2)); Ask.Say("params", () => t.Named(1, 2, "x", "y")); Ask.Say("generic", () => t.Gen(Id("g"))); Ask.Say("typed", () => t.Typed<DateTime>(1));
        Ask.Say("index", () => t[4]); Ask.Do("index set", () => t[1] = 10); Ask.Say("index", () => t["s", 2]); Ask.Say("compound", () => { t[1] += 2; return t.Field; });
        Ask.Say("plus", () => (t + 4).Field); Ask.Say("implicit", () => { int i = t; return i; }); Ask.Say("explicit", () => (string)t); Ask.Say("minus", () => (-t).Field); Ask.Say("increment", () => { dynamic u = t; u++; return u.Field; }); Ask.Say("true", () => t ? "yes" : "no"); Ask.Say("and", () => t && t ? 1 : 2);
        Ask.Say("event", () => { Func<int, int> h = x => x + 1; t.Changed += h; int r = t.Raise(4); t.Changed -= h; return r + " " + t.Raise(4); });
        Ask.Say("refs", () => { int a = 1; string b; ((dynamic)t).Refs(ref a, out b); return a + b; });
        Ask.Do("throws", () => t.Throws()); Ask.Say("delegate", () => t.Delegate(21)); Ask.Say("none", () => t.None); Ask.Say("none", () => t.None()); Ask.Say("private", () => t.hidden); Ask.Say("wrong", () => t.Named("x", 1)); Ask.Say("count", () => t.Raise()); Ask.Say("static", () => t.Static);
        Ask.Say("null", () => Id(null).Length); Ask.Say("read only", () => { dynamic s = "abc"; s.Length = 4; return 0; }); Ask.Say("convert", () => { DateTime d = t; return d; }); Ask.Say("ambiguous", () => Id(1) + Id(new object()));
        object?[] values = [1, 2L, 3.5, "s", 'c', true, (byte)200, 5m, null, DayOfWeek.Friday, new DateTime(2020, 1, 1), (int?)4, new[] { 1 }];
        foreach (object? a in values) foreach (object? b in values)
            Ask.Say($"{Ask.Text(a)} {Ask.Text(b)}", () => { string s = ""; foreach (Func<dynamic?, dynamic?, object?> f in new Func<dynamic?, dynamic?, object?>[] { (x, y) => x + y, (x, y) => x == y, (x, y) => x < y }) { try { s += Ask.Text(f(a, b)) + " "; } catch (Exception e) { s += e.GetType().Name + " "; } } return s; });
        Ask.Say("checked", () => { dynamic m = int.MaxValue; return checked(m + 1); }); Ask.Say("unchecked", () => { dynamic m = int.MaxValue; return unchecked(m + 1); }); Ask.Say("shift", () => Id(1) << 33); Ask.Say("divide", () => Id(1) / Id(0)); Ask.Say("not", () => !Id(true)); Ask.Say("complement", () => ~Id(5)); Ask.Say("negate", () => -Id(5m)); Ask.Say("or", () => Id(true) || Id(1));
        foreach (object? a in new object?[] { 1, "s", 2f, (short)1, new List<int>(), null, t }) Ask.Say("pick", () => Pick((dynamic?)a));
        Ask.Say("constructor", () => new string(Id('x'), 3)); Ask.Say("foreach", () => { int n = 0; foreach (var x in Id(new[] { 1, 2 })) n += x; return n; }); Ask.Say("array", () => Id(new[] { 5, 6 })[1]); Ask.Say("array 2", () => Id(new int[2, 2])[1, 1]); Ask.Say("string", () => Id("abc")[1]); Ask.Say("span", () => Id("abc").AsSpan()); Ask.Say("extension", () => Id(new List<int>()).First());
        Ask.Say("struct", () => { dynamic p = new Point(); p.Move(3); p.X += 2; return p; }); Ask.Say("nullable", () => { dynamic n = (int?)3; return n.HasValue; }); Ask.Say("enum", () => Id(DayOfWeek.Monday) + 1); Ask.Say("interpolated", () => $"{Id(5):x4}"); Ask.Say("await", () => ((Func<Task<int>>)(async () => await Id(Task.FromResult(8))))().Result); Ask.Say("is", () => Id("x") is string); Ask.Say("as", () => Id("x") as string); Ask.Say("conditional", () => Id(null)?.Length); Ask.Say("coalesce", () => Id(null) ?? "c");
        dynamic late = new Late();
        Ask.Say("late", () => late.Anything); Ask.Say("late none", () => late.None); Ask.Do("late set", () => late.X = 5); Ask.Say("late call", () => late.Call(1, name: "n")); Ask.Say("late invoke", () => late(1, 2)); Ask.Say("late plus", () => late + 3); Ask.Say("late not", () => !late); Ask.Say("late index", () => late[1, 2]); Ask.Say("late convert", () => (int)late); Ask.Say("late convert", () => (string)late);
        dynamic e = new ExpandoObject(); e.A = 1; e.F = (Func<int, int>)(x => x + e.A);
        Ask.Say("expando", () => e.F(4)); Ask.Say("expando", () => string.Join(",", ((IDictionary<string, object?>)e).Keys)); Ask.Say("expando none", () => e.B); Ask.Do("expando", () => ((IDictionary<string, object?>)e).Remove("A")); Ask.Say("expando", () => e.A);
        Ask.Say("anonymous", () => Id(new { Q = 5 }).Q); Ask.Say("tuple", () => Id((1, "b")).Item2); Ask.Say("generic type", () => { dynamic d = new Dictionary<string, int>(); d["k"] = 4; d.Add("l", 5); return d.Count + d["k"]; });
    }
}
