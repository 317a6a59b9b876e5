// Static abstract and virtual interface members, over structs and classes, with generic math.
using System.Numerics;

internal interface IMonoid<T> where T : IMonoid<T>
{
    static abstract T Zero { get; }
    static abstract T operator +(T a, T b);
    static virtual string Label => "default " + T.Zero;
    static virtual T Twice(T v) => v + v;
}

internal readonly struct IntSum(int v) : IMonoid<IntSum>
{
    public int V => v;
    public static IntSum Zero => new(0);
    public static IntSum operator +(IntSum a, IntSum b) => new(a.V + b.V);
    public override string ToString() => "IntSum" + v;
}

internal sealed class Str(string s) : IMonoid<Str>
{
    public static Str Zero => new("");
    public static Str operator +(Str a, Str b) => new(a.ToString() + b);
    public static string Label => "own label";
    public static Str Twice(Str v) => new("2x" + v);
    public override string ToString() => s;
}

internal readonly struct Pair<A, B>(A a, B b) : IMonoid<Pair<A, B>> where A : IMonoid<A> where B : IMonoid<B>
{
    public A First => a; public B Second => b;
    public static Pair<A, B> Zero => new(A.Zero, B.Zero);
    public static Pair<A, B> operator +(Pair<A, B> x, Pair<A, B> y) => new(x.First + y.First, x.Second + y.Second);
    public override string ToString() => $"({a};{b})";
}

internal interface IParse<TSelf> where TSelf : IParse<TSelf>
{
    static abstract TSelf From(string s);
    static abstract implicit operator string(TSelf t);
    static abstract bool operator ==(TSelf a, TSelf b);
    static abstract bool operator !=(TSelf a, TSelf b);
}
#pragma warning disable CS0660, CS0661
internal readonly struct Name(string v) : IParse<Name>
{
    private string V => v;
    public static Name From(string s) => new(s.Trim());
    public static implicit operator string(Name n) => n.V;
    public static bool operator ==(Name a, Name b) => a.V == b.V;
    public static bool operator !=(Name a, Name b) => !(a == b);
}

internal static class Program
{
    private static T Sum<T>(params ReadOnlySpan<T> xs) where T : IMonoid<T> { T t = T.Zero; foreach (T x in xs) t += x; return t; }
    private static string Label<T>() where T : IMonoid<T> => T.Label;
    private static T Twice<T>(T v) where T : IMonoid<T> => T.Twice(v);

    private static string RoundTrip<T>(string s) where T : IParse<T>
    {
        T t = T.From(s);
        string back = t;
        return back + (t == T.From(back));
    }

    private static T Average<T>(IEnumerable<T> xs) where T : INumber<T>
    {
        T t = T.Zero, n = T.Zero;
        foreach (T x in xs) { t += x; n++; }
        return t / n;
    }

    private static T Pow<T>(T b, int e) where T : INumberBase<T> { T r = T.One; for (int i = 0; i < e; i++) r *= b; return r; }
    private static T Gcd<T>(T a, T b) where T : IBinaryInteger<T> { while (b != T.Zero) (a, b) = (b, a % b); return a; }
    private static string Bounds<T>() where T : IMinMaxValue<T> => $"{T.MinValue}..{T.MaxValue}";
    private static TTo Convert<TFrom, TTo>(TFrom v) where TFrom : INumber<TFrom> where TTo : INumber<TTo> => TTo.CreateSaturating(v);
    private static T Parse<T>(string s) where T : IParsable<T> => T.Parse(s, null);
    private static Func<T, T, T> Adder<T>() where T : IMonoid<T> => (a, b) => a + b;

    private static void Main()
    {
        Console.WriteLine(Sum(new IntSum(1), new IntSum(2), new IntSum(39)));
        Console.WriteLine(Sum(new Str("a"), new Str("b")));
        Console.WriteLine(Sum(new Pair<IntSum, Str>(new(1), new("x")), new Pair<IntSum, Str>(new(2), new("y"))));
        Console.WriteLine(Sum(new Pair<Str, Pair<IntSum, Str>>(new("p"), new(new(5), new("q")))));
        Console.WriteLine($"{Label<IntSum>()}|{Label<Str>()}|{Label<Pair<Str, Str>>()}");
        Console.WriteLine($"{Twice(new IntSum(4))} {Twice(new Str("s"))} {Twice(new Pair<IntSum, IntSum>(new(1), new(2)))}");
        Console.WriteLine(RoundTrip<Name>("  trimmed "));
        Console.WriteLine($"{Average(new[] { 1, 2, 6 })} {Average(new[] { 1.0, 2.5 })} {Average(new[] { 1m, 2m })} " +
            $"{Average(new BigInteger[] { 10, 20 })}");
        Console.WriteLine($"{Pow(3, 4)} {Pow(1.5f, 2)} {Pow(new Complex(0, 1), 2)} {Pow<Int128>(10, 30)} {Pow((Half)2, 3)}");
        Console.WriteLine($"{Gcd(48, 36)} {Gcd(17UL, 5UL)} {Gcd<byte>(200, 75)}");
        Console.WriteLine($"{Bounds<sbyte>()} {Bounds<char>().Length} {Bounds<ushort>()} {Bounds<UInt128>()}");
        Console.WriteLine($"{Convert<double, byte>(300)} {Convert<int, sbyte>(-500)} {Convert<long, float>(1L << 40)} " +
            $"{Convert<double, int>(double.NaN)}");
        Console.WriteLine($"{Parse<int>("42")} {Parse<double>("2.5")} {Parse<Guid>("00112233445566778899aabbccddeeff")} " +
            $"{Parse<DateTime>("2020-01-02").Year}");
        Console.WriteLine(Adder<Str>()(new("l"), new("m")) + " " + Adder<IntSum>()(new(3), new(4)));
    }
}
