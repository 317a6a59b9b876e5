// ref: LibVisualBasic LibFSharp LibIL
// One type system for all languages: C# classes over classes of Visual Basic, F# and IL, overriding what is virtual there, caught as an interface of
// Visual Basic and by its handlers; and one algorithm in four languages with the same result.
using FSharpSide;

internal class Square(double side) : Shape("square")
{
    public override double Area() => side * side;
    public override int Sides() => 4;
    public override string Describe(string prefix) => base.Describe(prefix) + ", area " + Area();
}

internal sealed class Cube(double side) : Square(side)
{
    public sealed override int Sides() => base.Sides() * 3;
}

internal sealed class TooRound(string text) : ShapeException(text), INamed
{
    public override string Name => "too round";
}

internal sealed class Prism() : Solid("prism")
{
    public override double Volume(double height) => base.Volume(height) * 3;
    public override string Name => "C# " + base.Name;
}

internal sealed class ByThree : Counter
{
    public override int Step() => base.Step() + 2;
    public int Count => count;
}

internal static class Program
{
    private static string Primes(int limit)
    {
        bool[] taken = new bool[limit + 1];
        int count = 0, last = 0;
        long sum = 0;
        for (int i = 2; i <= limit; i++)
        {
            if (taken[i]) continue;
            count++;
            sum += i;
            last = i;
            for (int k = 2 * i; k <= limit; k += i) taken[k] = true;
        }
        return count + " " + sum + " " + last;
    }

    private static void Main()
    {
        foreach (Shape s in new Shape[] { new Square(2), new Cube(3) })
        {
            INamed named = s;
            named.Renamed += from => Console.WriteLine(from + " is now " + named.Name);
            Console.WriteLine(s.Describe() + " / " + s.Describe("the ") + " / " + s.Area() + " / " + s.Sides());
            s.Rename(s.GetType().Name);
        }
        try { throw new TooRound("a circle"); }
        catch (Exception e) when (e is INamed n && n.Name == "too round") { Console.WriteLine(((INamed)e).Name + ": " + e.Message + " " + e.GetType().BaseType); }
        Console.WriteLine(VisualBasicPrimes.Caught(() => throw new TooRound("an ellipse")));
        try { VisualBasicPrimes.Caught(() => throw new TooRound("dot")); }
        catch (ShapeException e) { Console.WriteLine("past its filter: " + e.Message); }

        Solid solid = new Prism();
        Console.WriteLine(solid.Name + " " + solid.Volume(2) + " " + solid.Twice(2));
        Tree tree = Tree.NewNode(Tree.NewLeaf(3), Tree.NewNode(Tree.NewLeaf(4), Tree.NewLeaf(5)));
        Console.WriteLine(tree.Sum + " " + (tree is Tree.Node { Item1: Tree.Leaf l } ? l.Item : 0) + " " + tree.Equals(tree));

        Counter counter = new ByThree();
        counter.Next();
        Console.WriteLine(counter.Next() + " " + ((ByThree)counter).Count + " " + typeof(Counter).GetMethod("two words")!.Invoke(null, ["by name"]));

        string[] all = [Primes(1000), VisualBasicPrimes.Primes(1000), FSharpSide.Primes.primes(1000), IntermediatePrimes.Primes(1000)];
        Console.WriteLine(string.Join(", ", all) + (all.Distinct().Count() == 1 ? ": one result" : ": different results"));
        foreach (Type t in new[] { typeof(Square), typeof(Shape), typeof(Solid), typeof(Counter), typeof(Tree) })
            Console.WriteLine(t + " : " + t.BaseType + " in " + t.Assembly.GetName().Name + (typeof(INamed).IsAssignableFrom(t) ? ", named" : ""));
    }
}
