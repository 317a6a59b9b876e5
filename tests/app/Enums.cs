// Enums: every underlying type, flags, parsing, formatting, names and values, boxed comparison, conversions, generic use.
internal enum B : byte { A = 1, Z = 255 }
internal enum SB : sbyte { N = -128, Z = 0, P = 127 }
internal enum US : ushort { Max = 65535 }
internal enum L : long { Min = long.MinValue, Max = long.MaxValue }
internal enum UL : ulong { Top = 1ul << 63, Max = ulong.MaxValue }
internal enum U : uint { Max = uint.MaxValue }
[Flags] internal enum F { None = 0, Read = 1, Write = 2, Exec = 4, RW = Read | Write, All = 7 }
internal enum Dup { First = 1, Also = 1, Second = 2 } internal enum Holes { A = -5, B = 0, C = 100 }

internal static class Program
{
    private static string Try(Func<object> f) { try { return f().ToString()!; } catch (Exception e) { return e.GetType().Name; } }
    private static string Info<T>() where T : struct, Enum => $"{typeof(T).Name}:{Enum.GetUnderlyingType(typeof(T)).Name} [" +
        $"{string.Join(",", Enum.GetNames<T>())}] [{string.Join(",", Enum.GetValues<T>().Select(v => v.ToString("D")))}]";
    private static T Or<T>(T a, T b) where T : struct, Enum => (T)Enum.ToObject(typeof(T), Convert.ToInt64(a) | Convert.ToInt64(b));

    private static void Main()
    {
        Console.WriteLine(Info<B>());
        Console.WriteLine(Info<SB>());
        Console.WriteLine(Info<US>());
        Console.WriteLine(Info<L>());
        Console.WriteLine(Info<UL>());
        Console.WriteLine(Info<U>());
        Console.WriteLine(Info<F>());
        Console.WriteLine(Info<Dup>());
        Console.WriteLine(Info<Holes>());
        Console.WriteLine($"{F.Read | F.Exec} {F.RW} {(F)0} {(F)8} {(F)9} {F.All} {(F)(-1)} {Holes.B} {(Holes)7} {B.Z} {(B)7} {(UL)5} " +
            $"{(L)(-3)}");
        Console.WriteLine($"{F.RW:G} {F.RW:D} {F.RW:X} {F.RW:F} {(Holes)3:F} {B.Z:X} {L.Min:X} {SB.N:D} {UL.Max:D}");
        Console.WriteLine(Try(() => Enum.Parse<F>("Read, Exec")) + " " + Try(() => Enum.Parse<F>("write", true)) + " " +
            Try(() => Enum.Parse<F>("write")) + " " + Try(() => Enum.Parse<F>("5")) + " " + Try(() => Enum.Parse<B>("256")) + " " +
            Enum.TryParse("Second", out Dup d) + d);
        Console.WriteLine($"{Enum.IsDefined(F.RW)} {Enum.IsDefined(typeof(F), 8)} {Enum.IsDefined(typeof(F), "Read")} " +
            $"{Enum.GetName(Holes.C)} {Enum.GetName(typeof(Dup), 1)} {Enum.ToObject(typeof(B), 255)} {Enum.Format(typeof(F), 3, "g")}");
        object x = F.Read, y = F.Read;
        Console.WriteLine($"{x.Equals(y)} {x.Equals(1)} {((IComparable)x).CompareTo(F.Write)} {F.Read.GetHashCode()} " +
            $"{L.Max.GetHashCode()} {x.GetType().Name} {Try(() => ((IComparable)x).CompareTo(1))} {F.All.HasFlag(F.RW)} " +
            $"{F.Read.HasFlag(F.None)} {F.Read.CompareTo(F.Exec)}");
        F f = F.Read;
        f |= F.Exec;
        f &= ~F.Read;
        f ^= F.Write;
        f++;
        Console.WriteLine($"{f} {(int)f} {F.Exec - F.Read} {F.Read + 1} {unchecked((B)300) == (B)44} {Or(F.Read, F.Exec)} {Or(B.A, (B)2)}");
        Console.WriteLine($"{Convert.ToInt32(Holes.A)} {Convert.ToString(F.Write)} {((IConvertible)B.Z).ToDouble(null)} " +
            $"{(int)(object)Holes.C} {(Holes)(object)(-5)} {Try(() => (F)(object)Holes.A)}");
        var dict = new Dictionary<F, string> { [F.RW] = "rw" };
        Console.WriteLine(dict[F.Read | F.Write]);
        Console.WriteLine(string.Join(",", new[] { Holes.C, Holes.A, Holes.B }.OrderBy(h => h)) + EqualityComparer<SB>.Default.Equals(SB.N,
            (SB)(-128)) + Comparer<UL>.Default.Compare(UL.Max, UL.Top) + Array.IndexOf(new[] { L.Min, L.Max }, L.Max));
        Console.WriteLine($"{default(Dup)} {(Dup)1} {typeof(F).IsEnum} {typeof(F).GetEnumName(2)} {nameof(F.All)} {DayOfWeek.Friday}");
    }
}
