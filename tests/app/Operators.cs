// Operator overloading: arithmetic, comparison, true/false with && and ||, conversions, checked ones, ++, shifts,
// compound assignment operators, indexers.
internal readonly struct Frac(int n, int d) : IEquatable<Frac>
{
    public int N => n; public int D => d;
    public static Frac operator +(Frac a, Frac b) => new(a.N * b.D + b.N * a.D, a.D * b.D);
    public static Frac operator -(Frac a) => new(-a.N, a.D);
    public static Frac operator *(Frac a, int k) => new(a.N * k, a.D);
    public static Frac operator checked *(Frac a, int k) => new(checked(a.N * k), a.D);
    public static Frac operator ++(Frac a) => new(a.N + a.D, a.D);
    public static bool operator ==(Frac a, Frac b) => a.N * b.D == b.N * a.D;
    public static bool operator !=(Frac a, Frac b) => !(a == b);
    public static bool operator <(Frac a, Frac b) => a.N * b.D < b.N * a.D;
    public static bool operator >(Frac a, Frac b) => b < a;
    public static implicit operator Frac(int i) => new(i, 1);
    public static explicit operator double(Frac f) => (double)f.N / f.D;
    public static explicit operator int(Frac f) => f.N / f.D;
    public static explicit operator checked int(Frac f) => f.N % f.D == 0 ? f.N / f.D : throw new OverflowException("not whole");
    public static Frac operator <<(Frac a, string s) => new(a.N + s.Length, a.D);
    public static Frac operator >>>(Frac a, int b) => new(a.N >>> b, a.D);
    public bool Equals(Frac o) => this == o;
    public override bool Equals(object? o) => o is Frac f && this == f;
    public override int GetHashCode() => 1;
    public override string ToString() => $"{n}/{d}";
}

internal sealed class Tri(int v)
{
    public static readonly Tri T = new(1), F = new(-1), U = new(0);
    public static bool operator true(Tri t) { Console.Write("t?"); return t.V > 0; }
    public static bool operator false(Tri t) { Console.Write("f?"); return t.V < 0; }
    public static Tri operator &(Tri a, Tri b) => new(Math.Min(a.V, b.V));
    public static Tri operator |(Tri a, Tri b) => new(Math.Max(a.V, b.V));
    public static Tri operator !(Tri a) => new(-a.V);
    public int V => v;
}

internal sealed class Acc
{
    public int Total;
    public int Ops;
    public void operator +=(int v) { Total += v; Ops++; }
    public void operator ++() { Total++; Ops += 10; }
    public static Acc operator +(Acc a, int b) => new() { Total = a.Total + b, Ops = -1 };
    public static implicit operator string(Acc a) => $"acc{a.Total}.{a.Ops}";
}

internal class Poly
{
    private readonly Dictionary<(int, string), double> _d = new();
    public double this[int i, string s] { get => _d.TryGetValue((i, s), out double v) ? v : -1; set => _d[(i, s)] = value; }
    public string this[params int[] xs] => string.Join("+", xs);
    public string this[Range r] => r.ToString();
    public char this[Index i] => i.IsFromEnd ? 'e' : 's';
}

internal readonly struct Meters(double v) { public double V => v; public static explicit operator Feet(Meters m) => new(m.V * 3.28); }

internal readonly struct Feet(double v)
{
    public double V => v;
    public static implicit operator string(Feet f) => f.V.ToString("F2") + "ft";
}

internal static class Program
{
    private static Tri Say(string s, Tri t) { Console.Write(s); return t; }

    private static void Main()
    {
        Frac h = new(1, 2), t = new(1, 3);
        Console.WriteLine($"{h + t} {-h} {h * 6} {h + 1} {(double)h} {(int)new Frac(7, 2)} {h == new Frac(2, 4)} {h < t} {h > t} " +
            $"{h << "abc"} {new Frac(-8, 1) >>> 28}");
        Frac x = h;
        x++;
        Frac y = x++;
        Console.WriteLine($"{x} {y} {++y}");
        x += h;
        x *= 2;
        Console.WriteLine(x);
        try { checked { _ = new Frac(int.MaxValue, 1) * 2; } } catch (OverflowException) { Console.WriteLine("checked *"); }
        Console.WriteLine(new Frac(int.MaxValue, 1) * 2);
        try { checked { _ = (int)h; } } catch (OverflowException e) { Console.WriteLine(e.Message); }
        if (Say("a", Tri.T) && Say("b", Tri.U)) Console.WriteLine("yes"); else Console.WriteLine("no");
        if (Say("a", Tri.F) && Say("b", Tri.T)) Console.WriteLine("yes"); else Console.WriteLine("no");
        if (Say("a", Tri.T) || Say("b", Tri.F)) Console.WriteLine("or");
        if (!Tri.F) Console.WriteLine("not");
        var acc = new Acc();
        var same = acc;
        acc += 5;
        acc++;
        ++acc;
        Console.WriteLine((string)acc + ReferenceEquals(acc, same));
        acc = acc + 1;
        Console.WriteLine((string)acc);
        var p = new Poly();
        p[1, "a"] = 2;
        p[1, "a"] *= 4;
        p[2, "b"]++;
        Console.WriteLine($"{p[1, "a"]} {p[2, "b"]} {p[1, 2, 3]} {p[1..^2]} {p[^1]} {p[..]}");
        string s = (Feet)new Meters(2);
        Console.WriteLine(s);
        Frac? lifted = h;
        lifted += null;
        Console.WriteLine(lifted.HasValue);
        decimal m = 5;
        m %= 3;
        m = -m;
        Console.WriteLine(m + (decimal)h.N / 3);
        Console.WriteLine(string.Join(",", new[] { h, t, new Frac(2, 4) }.Distinct()));
    }
}
