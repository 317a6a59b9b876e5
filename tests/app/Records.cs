// Records: value equality, ToString, with, deconstruction, inheritance and EqualityContract, record structs, primary constructors.
internal record Person(string Name, int Age) { public string Upper => Name.ToUpperInvariant(); }
internal record Student(string Name, int Age, string School) : Person(Name, Age);
internal sealed record Odd : Person { public int Extra { get; init; } public Odd() : base("odd", 1) { } }
internal record struct Point(int X, double Y);

internal readonly record struct Money(decimal Amount, string Currency)
{
    public static Money operator +(Money a, Money b) => a with { Amount = a.Amount + b.Amount };
}

internal record Generic<T>(T Value, T[] Items);
internal abstract record Tree { internal sealed record Leaf(int V) : Tree; internal sealed record Node(Tree L, Tree R) : Tree; }

internal record Custom(int A)
{
    public virtual bool Equals(Custom? o) => o is not null && o.A % 10 == A % 10;
    public override int GetHashCode() => A % 10;
    public sealed override string ToString() => $"C{A}";
}

internal class Primary(int seed, string label)
{
    private int _n = seed;
    public int Next() => _n += seed;
    public string Label => label + seed;
}

internal struct PrimaryStruct(int a) { public int A = a; public readonly int Twice => a * 2; }

internal static class Program
{
    private static int Sum(Tree t) => t switch { Tree.Leaf(var v) => v, Tree.Node(var l, var r) => Sum(l) + Sum(r),
        _ => throw new InvalidOperationException() };

    private static void Main()
    {
        var a = new Person("Ann", 30); var b = new Person("Ann", 30); Person s = new Student("Ann", 30, "MIT");
        Console.WriteLine($"{a == b} {a.Equals(b)} {ReferenceEquals(a, b)} {a.GetHashCode() == b.GetHashCode()} {a == s} {s == a}");
        Console.WriteLine(a); Console.WriteLine(s); Console.WriteLine(new Odd { Extra = 3 });
        var older = a with { Age = 31 };
        Console.WriteLine($"{older} {a.Age} {older.Upper}");
        Person moved = s with { Name = "Bob" };
        Console.WriteLine($"{moved} {moved.GetType().Name}");
        var (name, age) = a;
        Console.WriteLine($"{name} {age}");
        Point p = new(1, 2.5), q = p with { X = 9 };
        p.Y = 7;
        Console.WriteLine($"{p} {q} {p == q} {q == new Point(9, 2.5)} {default(Point)}");
        Console.WriteLine(new Money(1.50m, "EUR") + new Money(2.25m, "EUR"));
        Console.WriteLine(new Generic<string>("v", ["x", "y"]));
        int[] shared = [1];
        Console.WriteLine(new Generic<int>(1, shared) == new Generic<int>(1, shared));
        Console.WriteLine(new Generic<int>(1, [1]) == new Generic<int>(1, [1]));
        Console.WriteLine(Sum(new Tree.Node(new Tree.Node(new Tree.Leaf(1), new Tree.Leaf(2)), new Tree.Leaf(39))));
        Console.WriteLine(new Tree.Node(new Tree.Leaf(1), new Tree.Leaf(2)));
        Console.WriteLine($"{new Custom(13) == new Custom(3)} {new Custom(13)} {new HashSet<Custom> { new(1), new(11), new(2) }.Count}");
        var dict = new Dictionary<Person, int> { [a] = 1 };
        Console.WriteLine(dict[b]);
        var prim = new Primary(5, "L");
        Console.WriteLine($"{prim.Next()} {prim.Next()} {prim.Label} {new PrimaryStruct(4).Twice} {default(PrimaryStruct).A}");
        var anon = new { X = 1, Y = "two" }; var anon2 = new { X = 1, Y = "two" };
        Console.WriteLine($"{anon} {anon.Equals(anon2)} {anon.GetHashCode() == anon2.GetHashCode()} {anon with { X = 3 }}");
    }
}
