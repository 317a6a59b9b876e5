// Nullable<T>: lifted operators and conversions, ??, ?., boxing, comparison, GetValueOrDefault, in generics; nullable
// of structs with operators.
internal readonly struct Money(int v)
{
    public int V => v;
    public static Money operator +(Money a, Money b) => new(a.V + b.V);
    public static bool operator <(Money a, Money b) => a.V < b.V;
    public static bool operator >(Money a, Money b) => a.V > b.V;
    public static implicit operator int(Money m) => m.V;
    public static explicit operator Money(string s) => new(int.Parse(s));
    public override string ToString() => "$" + v;
}

internal static class Program
{
    private static string S<T>(T? v) where T : struct => v.HasValue ? v.Value.ToString()! : "null";
    private static bool? And(bool? a, bool? b) => a & b;
    private static bool? Or(bool? a, bool? b) => a | b;
    private static int Pick(int? a, int? b, int c) => a ?? b ?? c;

    private static void Main()
    {
        int? a = 5, n = null; long? l = a; short? sh = (short?)a;
        Console.WriteLine($"{S(a + 1)} {S(a + n)} {S(a * a)} {a > 3} {n > 3} {n <= n} {n == null} {a == n} {a != n} {S(-n)} {S(~a)} " +
            $"{S(l)} {S(sh)} {S(n << 2)} {S(a / 2.0)}");
        foreach (bool? x in new bool?[] { true, false, null })
        {
            foreach (bool? y in new bool?[] { true, false, null }) Console.Write(S(And(x, y)) + "," + S(Or(x, y)) + "," + S(x ^ y) + " ");
            Console.WriteLine(S(!x));
        }
        Console.WriteLine($"{Pick(1, 2, 3)} {Pick(null, 2, 3)} {Pick(null, null, 3)} {n.GetValueOrDefault()} {n.GetValueOrDefault(9)} " +
            $"{a.Value}");
        try { _ = n!.Value; } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        try { _ = (int)n!; } catch (InvalidOperationException) { Console.WriteLine("cast"); }
        try { checked { byte? b = (byte?)(a + 300); } } catch (OverflowException) { Console.WriteLine("overflow"); }
        Money? m = new Money(3), z = null;
        Console.WriteLine($"{S(m + m)} {S(m + z)} {m < new Money(5)} {m < z} {S((Money?)"12")} {S((int?)m)}");
        string? s = null; Console.WriteLine($"{s?.Length ?? -1} {"abc"?.Length} {S(s?.Length)} {s?.Substring(1).Length == null}");
        int?[] arr = { 1, null, 3 };
        Console.WriteLine($"{arr.Sum()} {arr.Count(x => x.HasValue)} {arr.Max()} {Nullable.Compare(arr[0], arr[1])} " +
            $"{Nullable.Equals(arr[1], null)} {Nullable.GetUnderlyingType(typeof(int?))!.Name}");
        n ??= 8; n++; n += 2; Console.WriteLine(n); a = null; a++; a ??= -1; Console.WriteLine(a);
        Console.WriteLine($"{a.GetHashCode()} {((int?)null).GetHashCode()} [{((int?)null).ToString()}] {a.Equals(-1)} " +
            $"{a is int k && k < 0} {n is not null}");
        DateTime? d = null;
        Console.WriteLine(d?.Year == null);
        (int, string)? t = (1, "x");
        Console.WriteLine(t?.Item2 + t.Value.Item1);
        DayOfWeek? w = DayOfWeek.Monday;
        Console.WriteLine(w + 1);
        var dict = new Dictionary<int, int?> { [1] = null };
        Console.WriteLine(dict.TryGetValue(1, out int? got) + " " + got.HasValue);
        ref int? r = ref arr[1];
        r = 5;
        Console.WriteLine(arr[1]);
    }
}
