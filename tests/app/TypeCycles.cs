// Types that name a subclass of their own as a type argument of their base, and what decides between interfaces that convert to each other.
using System;
using System.Collections.Generic;

class Base<T> { public virtual string Name(T x) => "Base<" + typeof(T).Name + ">"; }
class Foo : Base<Bar> { public override string Name(Bar x) => "Foo over " + base.Name(x); }
class Bar : Foo { }

class Two<T> { public T Value; }
class One<T> : Two<Leaf> { }
class Leaf : One<Leaf> { public int Number = 7; }

interface IA<T> { T Me(); }
interface IB : IA<D> { }
class D : IB { public D Me() => this; }

class Early<T> { public virtual string Of() => typeof(T).ToString(); }
class Late : Early<Around<Start>> { }
class Around<T> : Late { public virtual string Own() => typeof(T) + " in " + Of(); }
class Start : Around<Start> { }

class Animal { public override string ToString() => GetType().Name; }
class Cat : Animal { }

interface ISource<out T> { string Get(); }
class OfAnimal : ISource<Animal> { string ISource<Animal>.Get() => "base, of Animal itself"; }
class OfCat : OfAnimal, ISource<Cat> { string ISource<Cat>.Get() => "subclass, of Cat"; }
class Both : ISource<Cat>, ISource<Animal>
{
    string ISource<Cat>.Get() => "Cat";
    string ISource<Animal>.Get() => "Animal";
}
interface IWithInit
{
    static IWithInit() => Console.WriteLine("interface initialised");
    void Run() => Console.WriteLine("default method runs");
}
class UsesInit : IWithInit { }

static class Program
{
    static string Ask(ISource<Animal> s) => s.Get();
    static void Main()
    {
        Console.WriteLine(new Bar().Name(new Bar()));
        Console.WriteLine(typeof(Bar).BaseType + " " + typeof(Foo).BaseType);
        Console.WriteLine(new Leaf().Number + " " + (new Leaf().Value == null) + " " + typeof(One<int>).BaseType);
        Console.WriteLine(((IA<D>)new D()).Me() is IB);
        Console.WriteLine(new Start().Own() + " " + new Around<int>().Own() + " " + new Late().Of() + " " + (new Start() is Early<Around<Start>>));
        Console.WriteLine(typeof(Start).BaseType!.BaseType!.BaseType);
        Console.WriteLine(Ask(new OfAnimal()));
        Console.WriteLine(Ask(new OfCat()));
        Console.WriteLine(Ask(new Both()));
        Console.WriteLine(((ISource<Cat>)new OfCat()).Get());
        IWithInit i = new UsesInit();
        Console.WriteLine("before the call");
        i.Run();
    }
}
