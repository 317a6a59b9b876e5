// Covariant return types of overrides, over several levels and in generic classes; hiding with new; sealed overrides.
internal class Food { public override string ToString() => GetType().Name; }
internal class Meat : Food { }
internal sealed class Steak : Meat { }
internal abstract class Animal { public abstract Food Eats { get; } public virtual object Clone() => "animal"; public Food Call() => Eats; }
internal class Tiger : Animal { public override Meat Eats => new(); public override Tiger Clone() => new(); }
internal class BigTiger : Tiger { public override Steak Eats => new(); public override BigTiger Clone() => new(); }
internal class Hidden : BigTiger { public new string Clone() => "hidden"; }
internal class Base<T> where T : class { public virtual object Make() => "base"; public virtual IEnumerable<T> Items() => new List<T>(); }

internal class Derived<T> : Base<T> where T : class, new()
{
    public override T Make() => new();
    public override List<T> Items() => [new(), new()];
}

internal sealed class Leaf : Derived<Meat> { public override Steak Make() => new(); }

internal static class Program
{
    private static void Main()
    {
        foreach (Animal a in new Animal[] { new Tiger(), new BigTiger(), new Hidden() })
            Console.WriteLine($"{a.Eats} {a.Call()} {a.Clone().GetType().Name}");
        Tiger t = new BigTiger(); Meat m = t.Eats; Tiger clone = t.Clone(); Console.WriteLine($"{m} {clone.GetType().Name}");
        BigTiger b = new(); Steak s = b.Eats; Console.WriteLine(s); Console.WriteLine(new Hidden().Clone());
        Base<Meat> d = new Derived<Meat>(); Console.WriteLine($"{d.Make()} {d.Items().Count()}");
        Derived<Meat> l = new Leaf(); Meat made = l.Make(); Console.WriteLine($"{made} {l.Items().Count} {((Base<Meat>)l).Make()}");
        Func<object> f = ((Animal)b).Clone; Console.WriteLine(f().GetType().Name);
        foreach (var mi in typeof(BigTiger).GetMethods().Where(x => x.Name == "Clone").OrderBy(x => x.ReturnType.Name))
            Console.WriteLine($"{mi.ReturnType.Name} {mi.DeclaringType!.Name}");
    }
}
