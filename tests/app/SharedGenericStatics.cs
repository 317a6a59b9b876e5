// Statics of generic types in shared code: cctors per instantiation, static delegates, thread statics, nested types,
// generic methods reaching them.
internal class Reg<T>
{
    private static readonly List<string> s_log = new();
    public static readonly string Tag = Make();
    public static T? Value;
    public static (int, object?) Pair = (typeof(T).Name.Length, null);
    [ThreadStatic] public static T? PerThread;
    private static string Make() { Console.WriteLine("init " + typeof(T).Name); return "<" + typeof(T).Name + ">"; }
    public static void Log(string s) => s_log.Add(s);
    public static string Dump() => Tag + string.Join(",", s_log);
    public class Child { public static string Name = "Child of " + Tag; public static int N; }
    public static class Lazy<U> { public static readonly Dictionary<U, T> Map = new Dictionary<U, T>(); }
}

internal class RegOf<T> : Reg<List<T>> { public static string Own = "own " + Tag; }

internal static class Program
{
    private static void Use<T>(T v) { Reg<T>.Value = v; Reg<T>.Log("use " + v); Reg<T>.Child.N++; }
    private static string Show<T>() => Reg<T>.Dump() + Reg<T>.Value + Reg<T>.Child.Name + Reg<T>.Child.N;
    private static void UseNested<T>(T v) => Use(new List<T> { v });

    private static void Main()
    {
        Use("a"); Use("b"); Use(new object().GetType()); Use(5); Use(6L); Use(new[] { "arr" }.Length); UseNested("n"); UseNested(3);
        Console.WriteLine(Show<string>());
        Console.WriteLine(Show<int>());
        Console.WriteLine(Show<long>());
        Console.WriteLine(Show<object>());
        Console.WriteLine(Reg<List<string>>.Child.N + " " + Reg<List<int>>.Child.N + " " + RegOf<string>.Own + " " + RegOf<int>.Tag);
        Reg<string>.PerThread = "main"; Reg<object>.PerThread = 1; string? seen = null, other = null;
        var t = new Thread(() => { seen = Reg<string>.PerThread; Reg<string>.PerThread = "other"; other = Reg<string>.PerThread; });
        t.Start();
        t.Join();
        Console.WriteLine($"{seen ?? "null"} {other} {Reg<string>.PerThread} {Reg<object>.PerThread}");
        Reg<string>.Lazy<int>.Map[1] = "one";
        Reg<int>.Lazy<string>.Map["one"] = 1;
        Console.WriteLine(Reg<string>.Lazy<int>.Map[1] + Reg<int>.Lazy<string>.Map["one"] + Reg<object>.Lazy<int>.Map.Count);
        Reg<string>.Pair.Item2 = "p"; Console.WriteLine($"{Reg<string>.Pair} {Reg<object>.Pair} {Reg<int>.Pair}");
        ref string? r = ref Reg<string>.Value; r = "by ref"; Console.WriteLine(Reg<string>.Value);
    }
}
