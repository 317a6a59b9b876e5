// The dynamic binder: members, calls, operators, conversions, indexers, events, delegates, generic and by-ref arguments, errors, DynamicObject.
using System.Collections;
using System.Dynamic;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.CSharp.RuntimeBinder;

public class Thing
{
    public int Field = 1;
    public string Name { get; set; } = "thing";
    public int this[int i, string s] { get => i + s.Length; set => Field = i + value; }
    public event Action? Fired;
    public void Fire() => Fired?.Invoke();
    public string Over(int x) => "int";
    public string Over(long x) => "long";
    public string Over(object x) => "object";
    public string Over(string x, int y = 5) => "string" + y;
    public string Named(int a, int b = 2, params int[] rest) => $"{a},{b},{string.Join("+", rest)}";
    public T Generic<T>(T v, List<T> l) { l.Add(v); return v; }
    public void Refs(ref int a, out string b) { a++; b = "out" + a; }
    public static string Static(dynamic d) => "static " + d;
    public static Thing operator +(Thing a, int b) => new() { Field = a.Field + b };
    public static bool operator ==(Thing a, Thing b) => a.Field == b.Field;
    public static bool operator !=(Thing a, Thing b) => !(a == b);
    public override bool Equals(object? o) => base.Equals(o);
    public override int GetHashCode() => 0;
    public static explicit operator int(Thing t) => t.Field * 100;
    public static implicit operator string(Thing t) => "as string " + t.Field;
    private int Hidden() => 1;
    protected internal int Semi = 3;
}

public class Echo : DynamicObject
{
    public override bool TryGetMember(GetMemberBinder b, out object? r) { r = "get " + b.Name; return b.Name != "Missing"; }
    public override bool TrySetMember(SetMemberBinder b, object? v) { Console.WriteLine($"set {b.Name} {v}"); return true; }
    public override bool TryInvokeMember(InvokeMemberBinder b, object?[]? a, out object? r) { r = $"{b.Name}({string.Join(",", a!)}) {string.Join(",", b.CallInfo.ArgumentNames)}"; return true; }
    public override bool TryInvoke(InvokeBinder b, object?[]? a, out object? r) { r = "invoke " + a!.Length; return true; }
    public override bool TryGetIndex(GetIndexBinder b, object[] i, out object? r) { r = "index " + string.Join(",", i); return true; }
    public override bool TryConvert(ConvertBinder b, out object? r) { r = b.Type == typeof(int) ? 77 : "converted"; return true; }
    public override bool TryBinaryOperation(BinaryOperationBinder b, object o, out object? r) { r = b.Operation + " " + o; return true; }
    public override bool TryUnaryOperation(UnaryOperationBinder b, out object? r) { r = b.Operation.ToString(); return true; }
}

internal static class Program
{
    private static void Try(string what, Func<object?> f)
    {
        try { Console.WriteLine(what + ": " + f()); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }

    private static void Members()
    {
        dynamic t = new Thing();
        t.Field += 4;
        t.Name = t.Name + "!";
        Console.WriteLine($"{t.Field} {t.Name} {t[1, "abc"]}");
        t[2, "x"] = 9;
        int fired = 0;
        t.Fired += (Action)(() => fired++);
        t.Fire();
        Console.WriteLine(t.Field + " " + fired);
        foreach (dynamic x in new object[] { 1, 2L, (byte)3, "s", 'c', 2.5, null! }) Try("over " + (object)x, () => t.Over(x));
        Try("named", () => t.Named(b: 7, a: (dynamic)1) + " " + t.Named(1) + " " + t.Named(1, 2, 3, 4));
        var list = new List<string>();
        Try("generic", () => t.Generic((dynamic)"v", list) + list.Count);
        Try("explicit generic", () => t.Generic<object>("v", new List<object>()));
        int a = 5;
        string b;
        t.Refs(ref a, out b);
        Console.WriteLine(a + b + Thing.Static(t.Field));
        Try("operators", () => (t + 3).Field + " " + (t == t) + " " + (t != new Thing()));
        Try("explicit", () => (int)t);
        Try("implicit", () => { string s = t; return s; });
        Try("hidden", () => t.Hidden());
        Try("semi", () => t.Semi);
        Try("missing", () => t.Nothing);
        Try("missing call", () => t.Nothing(1));
        Try("bad arguments", () => t.Refs(1));
        Try("no conversion", () => { DateTime d = t; return d; });
        Try("null", () => { dynamic n = null!; return n.Length; });
        Try("not callable", () => { dynamic n = 5; return n(1); });
        Try("no index", () => { dynamic n = 5; return n[0]; });
        Try("set read only", () => { dynamic n = "s"; n.Length = 4; return null; });
    }

    private static void Operators()
    {
        dynamic[] v = [5, 2.5, 3L, "s", 'c', 1.5m, true, DayOfWeek.Monday];
        foreach (dynamic x in v)
            foreach (dynamic y in v)
                Try($"{x} + {y}", () => { object r = x + y; return r + " " + r.GetType().Name; });
        dynamic i = 6, z = 0;
        Try("shift", () => (i << 2) + (i >> 1) + (i ^ 3) + (i & 2) + (i | 1) + ~i + -i);
        Try("compare", () => (i > 3) + " " + (i <= 5.5) + " " + (i == 6L) + " " + !(i != 6));
        Try("divide", () => i / z);
        Try("checked", () => checked(i * int.MaxValue));
        Try("logic", () => { dynamic yes = true, no = false; return (yes && no) + " " + (no || yes) + " " + (yes ? 1 : 2); });
        Try("increment", () => { i++; --i; i += 2; i -= 1; i *= 2; return i; });
        Try("string of null", () => "x" + (dynamic)null!);
        Try("nullable", () => { int? n = 4; dynamic d = n; return d + 1; });
        Try("bad", () => i + new object());
    }

    private static void Shapes()
    {
        dynamic d = (Func<int, int>)(x => x * 2);
        Try("delegate", () => d(21));
        dynamic array = new[] { 1, 2, 3 };
        Try("array", () => { array[1] = 9; return array[1] + array.Length; });
        dynamic dict = new Dictionary<string, int> { ["k"] = 1 };
        Try("dictionary", () => { dict["n"] = 2; return dict["k"] + dict["n"] + dict.Count; });
        Try("foreach", () => { int s = 0; foreach (dynamic x in array) s += x; return s; });
        Try("anonymous", () => { dynamic a = new { A = 1, B = "b" }; return a.A + a.B; });
        Try("tuple", () => { dynamic t = (1, "two"); return t.Item1 + t.Item2; });
        Try("constructor", () => new Uri((dynamic)"http://a/b").Host);
        Try("extension", () => { dynamic e = "abc"; return e.First(); });
        Try("static call", () => Math.Max((dynamic)3, 4.5));
        Try("using", () => { using (dynamic m = new MemoryStream()) return m.CanRead; });
        dynamic expando = new ExpandoObject();
        expando.X = 1;
        expando.Add = (Func<int, int>)(x => x + expando.X);
        expando.X++;
        Try("expando", () => expando.Add(5) + string.Join(",", ((IDictionary<string, object?>)expando).Keys));
        Try("expando missing", () => expando.Y);
        dynamic echo = new Echo();
        Try("echo", () => echo.Any + " " + echo.Call(1, two: 2) + " " + echo(1, 2, 3) + " " + echo[1, "x"]);
        echo.Prop = 4;
        Try("echo operators", () => (echo + 1) + " " + (-echo) + " " + (echo > 4));
        Try("echo convert", () => (int)echo);
        Try("echo missing", () => echo.Missing);
        for (int i = 0; i < 200; i++) d = i % 3 == 0 ? i : i % 3 == 1 ? "s" + i : (object)(double)i;
        string all = "";
        foreach (dynamic x in new object[] { 1, "a", 2.0, 3m, 4L, 'c', (byte)5, new Thing() }) all += x.ToString() + (x is Thing ? "" : x + "") + ";";
        Console.WriteLine(all);
        Console.WriteLine(d);
    }

    private static void Main()
    {
        Members();
        Operators();
        Shapes();
    }
}
