// compile: library
// What Unloading.cs loads into contexts that go away: everything that leaves traces in the runtime.
using System.Runtime.CompilerServices;

public interface IShape { double Area(); string Tag => "default " + GetType().Name; }
public struct Pair<T> { public T A, B; public override string ToString() => A + "/" + B; }
public enum Colour { Red, Green }
public delegate string Namer<T>(T value);

public class Shape : IShape, IComparable<Shape>
{
    public static readonly Shape Instance = new() { Size = 3 }; // refers to itself through its own statics
    public static List<Shape> All = [];
    [ThreadStatic] private static Shape? t_last;
    [ThreadStatic] private static int t_count;
    public int Size;
    public virtual double Area() => Size * Size;
    public int CompareTo(Shape? o) => Size.CompareTo(o!.Size);
    public static Shape Last(int size) { t_last = new Shape { Size = size }; t_count++; return t_last; }
    public static string Counted() => t_count + " " + (t_last?.Size ?? -1);
    public override string ToString() => "shape " + Size;
}
public sealed class Round : Shape { public override double Area() => 3 * Size * Size; }
public class WithFinalizer { public static int Ended; public object? Other; ~WithFinalizer() => Ended++; }
public static class Generic<T> { public static T? Value; public static int Uses; public static T Use(T v) { Uses++; Value = v; return v; } }

public static class Work
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Show<T>(T v) => typeof(T).Name + ":" + v;

    public static string Run(int n)
    {
        var shapes = new List<Shape>();
        for (int i = 0; i < 6; i++) shapes.Add(i % 2 == 0 ? new Shape { Size = n + i } : new Round { Size = n - i });
        shapes.Sort();
        Shape.All.AddRange(shapes);
        IShape[] array = [.. shapes];
        double area = 0;
        foreach (IShape s in array) area += s.Area();
        var byName = new Dictionary<Colour, Pair<Shape>> { [Colour.Green] = new Pair<Shape> { A = shapes[0], B = Shape.Instance } };
        Namer<Shape> namer = s => s + "!" + n; // a closure
        Func<int, int> plain = static x => x + 1;
        namer += s => "second " + s;
        string name = string.Join(",", shapes.Where(s => s.Size > n).Select(s => s.Size));
        object boxed = new Pair<int> { A = n, B = 2 };
        var grid = new Shape[2, 3]; grid[1, 2] = shapes[1];
        Generic<Shape>.Use(shapes[2]); Generic<string>.Use("text"); Generic<Pair<Colour>>.Use(default);
        IComparer<Round> variant = Comparer<Shape>.Default;
        int order = variant.Compare(new Round { Size = 1 }, new Round { Size = 2 });
        IEnumerable<object> objects = shapes;
        return $"{area} {byName[Colour.Green]} {namer(shapes[0])} {plain(n)} {name} {boxed} {grid[1, 2]} {Show(shapes[0])} {Show(Colour.Red)} " +
            $"{((IShape)shapes[0]).Tag} {order} {objects.Count()} {Shape.Last(n)} {Shape.Counted()} {Enum.Parse<Colour>("Green")}";
    }

    public static int Twice(int x) => x * 2;
    public static void Throw(string text) => throw new InvalidOperationException(text);
    public static string Literal() => "a literal of the library";

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static string Call(Action a) { a(); return "called " + typeof(Work).Assembly.IsCollectible; }
    public static async Task<int> Later(Task t) { await t; return 7; }
}
