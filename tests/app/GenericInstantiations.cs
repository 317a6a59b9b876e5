// Generics over references, structs, nested and recursive instantiations; shared code and its dictionaries; statics per instantiation.
internal class Box<T>
{
    public T V = default!;
    public static int Count;
    public Box() { Count++; }
    public Type Kind => typeof(T);
    public Box<Box<T>> Wrap() => new() { V = this };
    public class Inner<U> { public string Both => typeof(T).Name + "/" + typeof(U).Name; public static string? Note; }
}

internal struct Val<T>
{
    public T A, B;
    public readonly Val<U> Map<U>(Func<T, U> f) => new() { A = f(A), B = f(B) };
    public override readonly string ToString() => $"<{A},{B}>";
}

internal class Curious<T> where T : Curious<T> { public static T? Last; public T Register() { Last = (T)this; return Last; } }
internal sealed class Self : Curious<Self> { }
internal sealed class Self2 : Curious<Self2> { }

internal abstract class Shape<TSelf> : IComparable<TSelf> where TSelf : Shape<TSelf>
{
    public abstract int Size { get; }
    public int CompareTo(TSelf? o) => Size.CompareTo(o!.Size);
}

internal sealed class Sq(int n) : Shape<Sq> { public override int Size => n; }

internal static class Cache<K, V> where K : notnull
{
    public static readonly Dictionary<K, V> Map = new();
    [ThreadStatic] public static int Hits;
    public static string Key = typeof(K).Name + typeof(V).Name;
}

internal class Deep<T> { public string Go(int n) => n == 0 ? typeof(T).Name.Length + "" : n + new Deep<Deep<T>>().Go(n - 1); }

internal static class Program
{
    private static string Name(Type t) => t.IsGenericType ? t.Name.Split('`')[0] + "<" +
        string.Join(",", t.GetGenericArguments().Select(Name)) + ">" : t.IsArray ? Name(t.GetElementType()!) + "[]" : t.Name;
    private static string TypeOf<T>(T _) => Name(typeof(T));
    private static object MakeList<T>() => new List<T[]>();
    private static T[] Arr<T>(int n) => new T[n];
    private static object BoxIt<T>(T v) => v!;
    private static bool Test<T>(object o) => o is T[] || o is List<T>;
    private static (T, U) Tup<T, U>(T t, U u) => (t, u);
    private static string Chain<T>(int n) => n == 0 ? Name(typeof(T)) : Chain<Box<T>>(n - 1);
    private static string ChainV<T>(int n) => n == 0 ? Name(typeof(T)) : n == 1 ? ChainV<Val<T>>(0) : ChainV<List<T>>(n - 1);

    private static T Max<T>(params T[] xs) where T : IComparable<T>
    {
        T m = xs[0];
        foreach (T x in xs) if (x.CompareTo(m) > 0) m = x;
        return m;
    }

    private static U Call<T, U>(T t) where T : IEnumerable<U> => t.First();
    private static class Stat<T> { public static T[] Empty = new T[0]; public static Func<T, T> Id = x => x; }

    private static void Main()
    {
        new Box<int>(); new Box<int>(); new Box<string>(); new Box<object>(); new Box<object>(); new Box<object>();
        Console.WriteLine($"{Box<int>.Count} {Box<string>.Count} {Box<object>.Count} {Box<long>.Count}");
        Console.WriteLine(Name(new Box<int>().Wrap().Wrap().GetType()) + " " + Name(new Box<string>().Wrap().Kind));
        Console.WriteLine(new Box<int>.Inner<string>().Both + " " + new Box<string>.Inner<int>().Both + " " +
            new Box<List<string>>.Inner<Val<object>>().Both);
        Box<int>.Inner<string>.Note = "is";
        Box<string>.Inner<int>.Note = "si";
        Console.WriteLine(Box<int>.Inner<string>.Note + Box<string>.Inner<int>.Note + (Box<string>.Inner<long>.Note ?? "null"));
        Console.WriteLine(new Val<int> { A = 1, B = 2 }.Map(x => x * 0.5).Map(d => "s" + d).Map(s => s.Length));
        new Self().Register(); new Self2().Register(); Console.WriteLine($"{Self.Last!.GetType().Name} {Self2.Last!.GetType().Name}");
        Console.WriteLine(Max(new Sq(3), new Sq(9), new Sq(4)).Size + " " + Max("b", "c", "a") + " " + Max(1.5, 0.5) + " " + Max('x', 'y'));
        Cache<string, int>.Map["a"] = 1; Cache<string, object>.Map["a"] = "o"; Cache<int, string>.Hits += 5;
        Console.WriteLine($"{Cache<string, int>.Map.Count} {Cache<string, object>.Map["a"]} {Cache<int, string>.Hits} " +
            $"{Cache<string, string>.Hits} {Cache<string, string>.Key} {Cache<int, Sq>.Key}");
        Console.WriteLine(new Deep<int>().Go(4) + " " + new Deep<string>().Go(4));
        Console.WriteLine(TypeOf(Tup(1, "x")) + " " + TypeOf(Tup(new Val<int>(), new[] { "a" })) + " " +
            Name(MakeList<Val<string>>().GetType()));
        Console.WriteLine(Name(Arr<string>(1).GetType()) + Name(Arr<Val<int>>(1).GetType()) + Name(Arr<List<int>[]>(1).GetType()) + " " +
            BoxIt(5) + BoxIt("b") + BoxIt<int?>(null) + BoxIt<int?>(7));
        Console.WriteLine($"{Test<string>(new string[1])} {Test<object>(new string[1])} {Test<int>(new int[1])} " +
            $"{Test<string>(new List<string>())} {Test<object>(new List<string>())} {Test<uint>(new int[1])}");
        Console.WriteLine(Chain<int>(5));
        Console.WriteLine(Chain<string>(5));
        Console.WriteLine(ChainV<int>(4));
        Console.WriteLine(ChainV<string>(4));
        Console.WriteLine(Call<List<string>, string>(["first"]) + Call<int[], int>([8]));
        Console.WriteLine(Stat<string>.Empty.Length + Stat<int>.Id(5) + Stat<string>.Id("i") + Name(Stat<Sq>.Empty.GetType()));
        Console.WriteLine(typeof(Dictionary<,>).Name + typeof(Box<>.Inner<>).Name + Name(typeof(KeyValuePair<string, Val<Val<int>>>)));
        Console.WriteLine(Enumerable.Range(0, 5).Select(i => new Val<long> { A = i, B = -i }).ToDictionary(v => v.A, v => v.ToString())[3]);
    }
}
