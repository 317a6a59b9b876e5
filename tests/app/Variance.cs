// Variance of interfaces and delegates: casts, dispatch through variant interfaces, array covariance beneath, invalid ones.
internal interface IProducer<out T> { T Get(); }
internal interface IConsumer<in T> { string Put(T v); }
internal interface IBoth<in A, out R> { R Turn(A a); }
internal class Animal { public override string ToString() => GetType().Name; }
internal class Cat : Animal { }
internal sealed class Lion : Cat { }

internal sealed class Cats : IProducer<Cat>, IConsumer<Animal>
{
    public Cat Get() => new Lion();
    public string Put(Animal a) => "took " + a;
}

internal sealed class Two : IProducer<Lion>, IProducer<string>
{
    Lion IProducer<Lion>.Get() => new();
    string IProducer<string>.Get() => "text";
}

internal sealed class Turner : IBoth<Animal, Cat> { public Cat Turn(Animal a) => new(); }
internal sealed class Nested : IProducer<IConsumer<Animal>> { public IConsumer<Animal> Get() => new Cats(); }
internal delegate T Maker<out T>();
internal delegate void Taker<in T>(T v);

internal static class Program
{
    private static bool Is<T>(object o) => o is T;
    private static string Animals(IEnumerable<Animal> xs) => string.Join(",", xs);

    private static void Main()
    {
        object o = new Cats();
        Console.WriteLine($"{o is IProducer<Animal>} {o is IProducer<object>} {o is IProducer<Lion>} {o is IConsumer<Cat>} " +
            $"{o is IConsumer<object>} {o is IProducer<string>}");
        Console.WriteLine(((IProducer<Animal>)o).Get() + " " + ((IConsumer<Lion>)o).Put(new Lion()));
        object two = new Two(); Console.WriteLine(((IProducer<Animal>)two).Get() + " " + ((IProducer<IComparable>)two).Get());
        object t = new Turner();
        Console.WriteLine(((IBoth<Lion, Animal>)t).Turn(new Lion()) + " " + (t is IBoth<object, Cat>) + " " + (t is IBoth<Cat, Cat>));
        object n = new Nested();
        Console.WriteLine((n is IProducer<IConsumer<Cat>>) + " " + (n is IProducer<IConsumer<object>>) + " " +
            ((IProducer<IConsumer<Lion>>)n).Get().Put(new Lion()));
        Console.WriteLine(Animals(new List<Cat> { new(), new Lion() }) + " " + Animals(new Lion[] { new() }));
        IEnumerable<object> strs = new[] { "a", "b" }; Console.WriteLine(string.Concat(strs));
        IReadOnlyList<object> rl = new List<string> { "x", "y" }; Console.WriteLine(rl[1]);
        Console.WriteLine($"{Is<IEnumerable<object>>(new int[1])} {Is<IEnumerable<object>>(new string[1])} " +
            $"{Is<IEnumerable<uint>>(new int[1])} {Is<IList<object>>(new string[1])} {Is<IEnumerable<long>>(new List<int>())}");
        Maker<Cat> mc = () => new Lion(); Maker<Animal> ma = mc; Console.WriteLine(ma() + " " + ReferenceEquals(ma, mc));
        Taker<Animal> ta = a => Console.WriteLine("take " + a); Taker<Lion> tl = ta; tl(new Lion());
        Func<object, string> f = x => "f" + x; Func<string, object> g = f; Console.WriteLine(g("z"));
        Action<object> ao = x => Console.Write("[" + x + "]");
        Action<string> all = ao;
        try { all += s => Console.WriteLine(s.Length); } catch (ArgumentException e) { Console.WriteLine(e.Message); }
        all("four");
        all = new Action<string>(ao) + (s => Console.WriteLine(s.Length));
        all("five!");
        Comparison<Animal> cmp = (a, b) => string.CompareOrdinal(a.ToString(), b.ToString());
        var list = new List<Lion> { new(), new() };
        list.Sort(cmp);
        Console.WriteLine(list.Count);
        IComparer<object> co = Comparer<object>.Create((a, b) => a.ToString()!.Length - b.ToString()!.Length);
        IComparer<string> cs = co;
        Console.WriteLine(cs.Compare("aaa", "b"));
        try { _ = (IProducer<Lion>)o; } catch (InvalidCastException e) { Console.WriteLine(e.Message); }
        try { _ = (IEnumerable<object>)(object)new List<int>(); }
        catch (InvalidCastException) { Console.WriteLine("no variance over value types"); }
        try { object m = ma; _ = (Maker<Lion>)m; } catch (InvalidCastException) { Console.WriteLine("bad delegate cast"); }
        Console.WriteLine(typeof(IEnumerable<object>).IsAssignableFrom(typeof(List<string>)) + " " +
            typeof(IConsumer<Lion>).IsAssignableFrom(typeof(IConsumer<Animal>)));
    }
}
