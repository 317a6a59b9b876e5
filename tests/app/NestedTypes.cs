// Nested types, private nested access, generic nesting, partial classes, hiding, namespaces, aliases, constants,
// readonly and static fields, object initialisers.
using Alias = System.Collections.Generic.Dictionary<string, Outer.Middle<int>.Inner>;
using Pair = (int X, int Y);

internal class Outer
{
    private int _p = 1;
    private static int s_p = 2;
    public const string C = "const" + "!";
    public const long Big = 1L << 40;
    public const double D = 1.0 / 3;
    public const decimal M = 1.25m;
    public const string? Null = null;

    public class Middle<T>
    {
        public T V = default!;

        public class Inner
        {
            public T[] Arr = new T[1];
            public int Peek(Outer o) => o._p + s_p;
            public enum Kind { A, B }
            public delegate T Maker();
            public interface IThing { T Get(); }
        }

        private protected int Hidden = 5;
    }

    internal sealed class Derived : Middle<string> { public int Get() => Hidden; }
}

internal class Hide
{
    public int X = 1;
    public virtual string M() => "Hide";
    public static string S() => "S1";
    public string Overload(object o) => "object";
    public string Overload(long l) => "long";
}

internal class Hide2 : Hide
{
    public new string X = "two";
    public new virtual string M() => "Hide2";
    public new static string S() => "S2";
    public string Overload(int? i) => "int?";
    public string Overload(params int[] i) => "params";
}

internal class Hide3 : Hide2 { public override string M() => "Hide3:" + base.M(); }

internal partial class Part
{
    private readonly List<string> _log = [];
    partial void OnInit(string s);
    partial void NotImplemented(int x);
    public Part() { OnInit("ctor"); int side = 0; NotImplemented(side++); _log.Add("side " + side); }
}

internal partial class Part { partial void OnInit(string s) => _log.Add("init " + s); public string Log => string.Join(",", _log); }

internal class Init
{
    public required string Name { get; init; }
    public int[] Arr { get; } = [1, 2, 3];
    public Init? Child { get; set; }
    public Dictionary<string, int> Map { get; } = new();
    public Init() { }
    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers] public Init(string n) : this() => Name = n;
    private readonly int _ro = 5;
    public int Ro => _ro;
    ~Init() { }
}

namespace Deep.Er { internal static class Thing { public static string Name => typeof(Thing).FullName!; } file class FileLocal { } }
namespace Deep { internal static class Access { public static string Get() => Er.Thing.Name + global::Outer.C; } }

internal static class Program
{
    private static string Opt(int a, string b = "dflt", double c = 1.5, DayOfWeek d = DayOfWeek.Monday, decimal m = 2.5m)
        => $"{a}{b}{c}{d}{m}";

    private static void Main()
    {
        var inner = new Outer.Middle<int>.Inner();
        Console.WriteLine(inner.Peek(new Outer()) + " " + new Outer.Derived().Get() + " " + inner.GetType().FullName + " " +
            Outer.Middle<string>.Inner.Kind.B);
        Outer.Middle<int>.Inner.Maker mk = () => 9;
        Alias al = new() { ["k"] = inner };
        Pair p = (1, 2);
        Console.WriteLine(mk() + al["k"].Arr.Length + p.Y);
        Console.WriteLine($"{Outer.C} {Outer.Big} {Outer.D} {Outer.M} {Outer.Null == null}");
        Hide3 h = new();
        Hide2 h2 = h;
        Hide h1 = h;
        Console.WriteLine($"{h1.M()} {h2.M()} {h.M()} {h1.X} {h2.X} {Hide.S()}{Hide2.S()} {h.Overload(5)} {h1.Overload(5)} " +
            $"{h.Overload((int?)null)} {h.Overload(1, 2)} {h.Overload("s")}");
        Console.WriteLine(new Part().Log);
        var i = new Init { Name = "n", Arr = { [1] = 20 }, Map = { ["a"] = 1, ["b"] = 2 }, Child = new("c") { Map = { { "z", 26 } } } };
        Console.WriteLine($"{i.Name}{i.Arr[1]}{i.Map.Count}{i.Child.Map["z"]}{i.Child.Name}{i.Ro}");
        Console.WriteLine(Deep.Access.Get());
        Console.WriteLine(Opt(1) + " " + Opt(b: "x", a: 2) + " " + Opt(3, d: DayOfWeek.Friday, c: 2));
    }
}
