// UnsafeAccessor: private fields, methods, constructors, statics, of generic types too.
using System.Runtime.CompilerServices;

internal sealed class Secret
{
    private int _n = 5;
    private static string s_text = "static";
    private readonly List<int> _list = [1, 2];
    private Secret(int n) { _n = n; }
    public Secret() { }
    private int Add(int a, ref int b) { b++; return _n + a; }
    private static string Hello(string s) => "hello " + s;
    private T Echo<T>(T t) => t;
    private int Prop { get; set; } = 3;
}

internal sealed class Gen<T>
{
    private T _v = default!;
    private Gen() { }
    private static int s_count = 1;
    private string Show(T t) => typeof(T).Name + t;
    public static Gen<T> Make() => new();
}

internal struct Val { private int _x; public Val(int x) { _x = x; } }

internal static class Acc<T>
{
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_v")] public static extern ref T V(Gen<T> g);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Show")] public static extern string Show(Gen<T> g, T t);
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] public static extern Gen<T> New();
}

internal static class Program
{
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_n")] private static extern ref int N(Secret s);
    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "s_text")] private static extern ref string Text(Secret? s);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_list")] private static extern ref List<int> Items(Secret s);
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] private static extern Secret Make(int n);
    [UnsafeAccessor(UnsafeAccessorKind.Method)] private static extern int Add(Secret s, int a, ref int b);
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "Hello")] private static extern string Greet(Secret? s, string t);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Prop")] private static extern int GetProp(Secret s);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Echo")] private static extern T Echo<T>(Secret s, T t);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_x")] private static extern ref int X(ref Val v);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Missing")] private static extern void Missing(Secret s);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_size")] private static extern ref int Size(List<int> l);

    private static void Main()
    {
        var s = new Secret(); N(s) += 10; Console.WriteLine(N(s)); Text(null) += "!"; Console.WriteLine(Text(s));
        Items(s).Add(3); Console.WriteLine(Items(s).Count); Console.WriteLine(N(Make(77)));
        int b = 1;
        Console.WriteLine(Add(s, 100, ref b) + b);
        Console.WriteLine(Greet(null, "you") + GetProp(s) + Echo(s, "e") + Echo(s, 4));
        Val v = new(9); X(ref v)++; Console.WriteLine(X(ref v));
        try { Missing(s); } catch (MissingMethodException e) { Console.WriteLine(e.GetType().Name); }
        var gs = Acc<string>.New(); Acc<string>.V(gs) = "val"; Console.WriteLine(Acc<string>.V(gs) + Acc<string>.Show(gs, "q"));
        var gi = Acc<int>.New(); Acc<int>.V(gi)++; Console.WriteLine(Acc<int>.V(gi) + Acc<int>.Show(gi, 6));
        List<int> l = [1, 2, 3]; Size(l) = 2; Console.WriteLine(string.Join(",", l));
    }
}
