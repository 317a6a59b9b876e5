// Constraints: struct, class, new, unmanaged, notnull, Enum, Delegate, base class, other parameters; constrained calls on each.
internal abstract class Entity { public int Id; public virtual string Show() => "Entity" + Id; }
internal sealed class User : Entity { public override string Show() => "User" + Id; }
internal interface IReset { void Reset(); int Value { get; } }

internal struct Cell : IReset
{
    public int Value { get; set; }
    public void Reset() => Value = -1;
    public override readonly string ToString() => "Cell" + Value;
}

internal sealed class Ref : IReset { public int Value { get; set; } = 5; public void Reset() => Value = -2; }
[Flags] internal enum Colors : byte { None, Red = 1, Green = 2, Blue = 4 }
internal struct Blit { public int A; public double B; }

/* A definition whose base names a struct nested in it, which implements an interface over it. */
internal interface IRecipe<T> { T Create(int n); }
internal abstract class Made<TSelf, TRecipe> where TSelf : Made<TSelf, TRecipe> where TRecipe : struct, IRecipe<TSelf>
{
    private static readonly TRecipe s_recipe = default;
    public int N;
    public static TSelf Make(int n) => s_recipe.Create(n);
}
internal sealed class Cake : Made<Cake, Cake.Recipe> { internal struct Recipe : IRecipe<Cake> { public Cake Create(int n) => new() { N = n }; } }

internal static class Program
{
    private static T Create<T>(int id) where T : Entity, new() => new T { Id = id };

    private static int ResetAll<T>(T[] xs) where T : IReset
    {
        int t = 0;
        for (int i = 0; i < xs.Length; i++) { xs[i].Reset(); t += xs[i].Value; }
        return t;
    }

    private static int ResetCopy<T>(T x) where T : IReset { x.Reset(); return x.Value; }
    private static unsafe int SizeOf<T>() where T : unmanaged => sizeof(T);

    private static unsafe string Bytes<T>(T v) where T : unmanaged
    {
        byte* p = (byte*)&v;
        string s = "";
        for (int i = 0; i < sizeof(T); i++) s += p[i].ToString("x2");
        return s;
    }

    private static bool HasFlag<T>(T v, T f) where T : struct, Enum => v.HasFlag(f);
    private static string Names<T>() where T : struct, Enum => string.Join("|", Enum.GetNames<T>());
    private static T Combine<T>(T a, T b) where T : Delegate => (T)Delegate.Combine(a, b);
    private static string Str<T>(T v) => v?.ToString() ?? "null";
    private static int Hash<T>(T v) where T : notnull => v.GetHashCode();
    private static bool Eq<T>(T a, T b) where T : IEquatable<T> => a.Equals(b);
    private static bool Same<T>(T? a, T? b) where T : class => a == b;
    private static T? Maybe<T>(bool b, T v) where T : struct => b ? v : null;
    private static U Up<T, U>(T t) where T : U => t;
    private static string TypeName<T>(T v) => v!.GetType().Name;
    private static T Default<T>() where T : new() => new();

    private static void Main()
    {
        Console.WriteLine(Create<User>(7).Show());
        var cells = new Cell[] { new() { Value = 1 }, new() { Value = 2 } }; Console.WriteLine(ResetAll(cells) + " " + cells[0].Value);
        Console.WriteLine(ResetAll(new[] { new Ref(), new Ref() }));
        var cell = new Cell { Value = 9 };
        Console.WriteLine(ResetCopy(cell) + " " + cell.Value);
        IReset boxed = cell; Console.WriteLine(ResetCopy(boxed) + " " + boxed.Value + " " + cell.Value);
        Console.WriteLine($"{SizeOf<Blit>()} {SizeOf<byte>()} {SizeOf<(int, byte)>()} {SizeOf<Colors>()} {Bytes(0x01020304)} " +
            $"{Bytes(Colors.Blue)} {Bytes(1.5f)}");
        Console.WriteLine(HasFlag(Colors.Red | Colors.Blue, Colors.Blue) + " " + HasFlag(Colors.Red, Colors.Green) + " " + Names<Colors>());
        Combine<Action>(() => Console.Write("one "), () => Console.WriteLine("two"))();
        Console.WriteLine(Str(5) + Str("s") + Str<string>(null!) + Str(cell) + Str<int?>(null) + Str<int?>(4) +
            Str(Colors.Red | Colors.Green) + Str((object)3.5));
        Console.WriteLine($"{Hash(42)} {Hash('a')} {Hash(true)} {Hash(5L)} {Hash(Colors.Green)} {Hash("x") == "x".GetHashCode()}");
        Console.WriteLine($"{Eq(3, 3)} {Eq("a", "b")} {Eq(double.NaN, double.NaN)} {Same("q", "q")} {Same(new object(), new object())}");
        Console.WriteLine($"{Maybe(true, 5)} {Maybe(false, 5).HasValue} {Up<User, Entity>(new User { Id = 3 }).Show()} " +
            $"{Up<string, object>("up")}");
        Console.WriteLine(TypeName(5) + TypeName(cell) + TypeName(Colors.Red) + TypeName("s") + TypeName<int?>(5) + TypeName<object>(1.0));
        Console.WriteLine(Default<Cell>() + " " + Default<int>() + " " + Default<Ref>().Value + " " + Default<DateTime>().Year);
        Console.WriteLine($"{Cake.Make(5).N} {typeof(Cake).BaseType}");
        try { TypeName<int?>(null); } catch (NullReferenceException) { Console.WriteLine("null"); }
    }
}
