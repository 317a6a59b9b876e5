// Boxing: identity, mutation through interfaces, nullable, enums, unboxing rules, constrained calls, Equals and GetHashCode of structs.
internal interface IInc { void Inc(); int N { get; } }
internal struct Counter : IInc { public int N { get; private set; } public void Inc() => N++; }
internal struct NoOverrides { public int A; public string? S; public double D; }
internal struct Bits { public int A, B; }

internal struct WithOverride
{
    public int A;
    public override bool Equals(object? o) => o is WithOverride w && w.A / 10 == A / 10;
    public override int GetHashCode() => A / 10;
    public override string ToString() => "W" + A;
}

internal enum E : short { Zero, One, Two }

internal static class Program
{
    private static object Box<T>(T v) => v!;
    private static T Unbox<T>(object? o) => (T)o!;

    private static string Try(Func<object?> f)
    {
        try { return f()?.ToString() ?? "null"; } catch (Exception e) { return e.GetType().Name; }
    }

    private static void Main()
    {
        object a = 5, b = 5; Console.WriteLine($"{ReferenceEquals(a, b)} {a.Equals(b)} {a == b} {(int)a == (int)b} {a.GetType().Name}");
        Counter c = default; IInc i = c; i.Inc(); i.Inc(); ((IInc)c).Inc(); c.Inc(); Console.WriteLine($"{i.N} {c.N} {((Counter)i).N}");
        int? n = 7, none = null;
        object? bn = n, bnone = none;
        Console.WriteLine($"{bn!.GetType().Name} {bnone == null} {(int)bn} {(int?)bn} {((int?)bnone).HasValue}");
        object e = E.Two;
        Console.WriteLine($"{e} {(short)(E)e} {Try(() => (short)e)} {Try(() => (int)e)} {e is E} {e is short} {e is Enum} " +
            $"{e is ValueType} {e is IComparable}");
        Console.WriteLine($"{Try(() => (long)a)} {Try(() => (uint)a)} {Try(() => (int)(object)5u)} {Try(() => (int?)(object)5L)} " +
            $"{Try(() => Unbox<int>(null))} {Try(() => Unbox<int?>(null))} {Try(() => Unbox<string>(5))}");
        NoOverrides x = new() { A = 1, S = "s", D = 2 }, y = new() { A = 1, S = new string('s', 1), D = 2 };
        Console.WriteLine($"{x.Equals(y)} {x.Equals(null)} {x.Equals("s")} {x.GetHashCode() == y.GetHashCode()} {x.ToString()}");
        y.D = 0.0; x.D = -0.0; Console.WriteLine(x.Equals(y)); x.D = y.D = double.NaN; Console.WriteLine(x.Equals(y));
        Bits p = new() { A = 1, B = 2 }, q = p;
        Console.WriteLine($"{p.Equals(q)} {p.GetHashCode() == q.GetHashCode()} {((object)p).Equals(new Bits { A = 1 })}");
        WithOverride w = new() { A = 12 };
        Console.WriteLine($"{w} {w.Equals(new WithOverride { A = 19 })} {w.GetHashCode()} {((object)w).ToString()} " +
            $"{new HashSet<WithOverride> { w, new() { A = 15 }, new() { A = 25 } }.Count}");
        Console.WriteLine($"{Box(1.5f)} {Box('c')} {Box<object>("o")} {Box(E.One)} {Box(w)} {Box<int?>(3).GetType().Name}");
        ArrayHolder();
        object[] os = { 1, 2L, 3f, 4d, 5m, 'c', true, (byte)6, E.One, "s", w };
        foreach (object o in os) Console.Write(o.GetType().Name + "=" + o + " ");
        Console.WriteLine();
        object boxed = p;
        ((Bits)boxed).ToString();
        ref Bits inside = ref System.Runtime.CompilerServices.Unsafe.Unbox<Bits>(boxed);
        inside.A = 99;
        Console.WriteLine(((Bits)boxed).A);
        object o1 = 1; object o2 = o1; o1 = 2; Console.WriteLine(o2);
        IFormattable f = 255; Console.WriteLine(f.ToString("X", null) + ((IConvertible)true).ToInt32(null) + ((IComparable)3).CompareTo(4));
        ValueType vt = 3.5; Console.WriteLine(vt.GetType() + " " + vt);
    }

    private static void ArrayHolder()
    {
        Array arr = new int[] { 1, 2, 3 };
        object? v = arr.GetValue(1);
        arr.SetValue(20, 1);
        Console.WriteLine($"{v} {arr.GetValue(1)}");
        IInc[] cs = { new Counter(), new Counter() };
        cs[0].Inc();
        Console.WriteLine(cs[0].N + cs[1].N);
    }
}
