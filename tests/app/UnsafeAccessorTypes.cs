// UnsafeAccessorType: types given by name for parameters and results, of this assembly and of the framework; accessors in shared generics.
using System.Runtime.CompilerServices;

internal sealed class Hidden
{
    private readonly int _n;
    private static int s_made;
    private Hidden(int n) { _n = n; s_made++; }
    private string Show(Hidden other) => _n + "/" + other._n;
    private static Hidden Twice(Hidden h) => new(h._n * 2);
    private sealed class Inner { private static string Name() => "inner"; }
}

internal sealed class Box<T>
{
    private T _v;
    private static int s_count;
    private Box(T v) { _v = v; s_count++; }
    private U Convert<U>(Func<T, U> f) => f(_v);
    private static string Kind(Box<T>? b) => typeof(T).Name + s_count;
}

internal static class Of<T>
{
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] public static extern Box<T> New(T v);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_v")] public static extern ref T Value(Box<T> b);
    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "s_count")] public static extern ref int Count(Box<T>? b);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Convert")] public static extern U Convert<U>(Box<T> b, Func<T, U> f);
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "Kind")] public static extern string Kind(Box<T>? b, Box<T>? x);
}

internal static class Named<T>
{
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] [return: UnsafeAccessorType("Box`1[[!0]]")] public static extern object New(T v);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_v")] public static extern ref T Value([UnsafeAccessorType("Box`1[!0]")] object b);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_size")] public static extern ref int Lists([UnsafeAccessorType("System.Collections.Generic.List`1[[System.Collections.Generic.LinkedList`1[[!0]], System.Collections]], System.Private.CoreLib")] object l);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "count")] public static extern ref int Linked([UnsafeAccessorType("System.Collections.Generic.LinkedList`1[[!0]], System.Collections")] object l);
    [UnsafeAccessor(UnsafeAccessorKind.Method)] public static extern U Convert<U>([UnsafeAccessorType("Box`1[[!0]]")] object b, [UnsafeAccessorType("System.Func`2[[!0],[!!0]], System.Private.CoreLib")] object f);
}

internal static class Program
{

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] [return: UnsafeAccessorType("Hidden")] private static extern object Make(int n);
    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern string Show([UnsafeAccessorType("Hidden")] object self, [UnsafeAccessorType("Hidden")] object other);
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod)] [return: UnsafeAccessorType("Hidden")]
    private static extern object Twice([UnsafeAccessorType("Hidden")] object? self, [UnsafeAccessorType("Hidden")] object h);
    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "s_made")] private static extern ref int Made([UnsafeAccessorType("Hidden")] object? o);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_n")] private static extern ref int N([UnsafeAccessorType("Hidden")] object o);
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod)] private static extern string Name([UnsafeAccessorType("Hidden+Inner")] object? o);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_size")]
    private static extern ref int Size([UnsafeAccessorType("System.Collections.Generic.List`1[[System.Int32]], System.Private.CoreLib")] object l);
    [UnsafeAccessor(UnsafeAccessorKind.Method)] private static extern void Nope([UnsafeAccessorType("Hidden")] object o);
    [UnsafeAccessor(UnsafeAccessorKind.Method)] private static extern void Lost([UnsafeAccessorType("No.Such.Type")] object o);

    private static string Use<T>(T a, T b)
    {
        var box = Of<T>.New(a);
        string first = Of<T>.Convert(box, x => x + "?");
        Of<T>.Value(box) = b;
        Of<T>.Count(box)++;
        return first + Of<T>.Convert(box, x => x is string ? 1 : 2) + Of<T>.Kind(null, box);
    }

    private static void Main()
    {
        Console.WriteLine(Named<string>.Lists(new List<LinkedList<string>> { new() }) + " " + Named<string>.Linked(new LinkedList<string>(["a", "b"])) + " " + Named<int>.Linked(new LinkedList<int>([1])));
        try { Named<string>.Lists(new List<LinkedList<Uri>>()); } catch (InvalidCastException) { Console.WriteLine("another list"); }
        object h = Make(21), g = Twice(null, h);
        Console.WriteLine(h.GetType().Name + Show(g, h) + Made(null));
        N(h) = 5;
        Console.WriteLine(Show(h, g) + Name(null));
        List<int> l = [1, 2, 3]; Size(l) = 1; Console.WriteLine(l.Count);
        Console.WriteLine(Use("a", "b") + Use(1, 2) + Use<object>(3, "x") + Use(4L, 5L));
        object five = Named<int>.New(5);
        Named<int>.Value(five)++;
        Console.WriteLine(Named<int>.Value(five) + Named<int>.Convert<double>(five, (Func<int, double>)(x => x / 4.0)));
        object text = Named<string>.New("a"), array = Named<int[]>.New([1, 2]);
        Named<string>.Value(text) += "b";
        Console.WriteLine($"{Named<string>.Value(text)} {Named<string>.Convert<int>(text, (Func<string, int>)(x => x.Length))} {Named<int[]>.Value(array).Length} {text.GetType()} {array.GetType()}");
        try { Nope(h); } catch (MissingMethodException e) { Console.WriteLine(e.GetType().Name); }
        try { Lost(h); } catch (TypeLoadException e) { Console.WriteLine(e.GetType().Name); }
    }
}
