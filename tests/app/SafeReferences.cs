// Safe C# that points into frames, arrays and objects: ref returns, ref fields, scoped and unscoped, spans over the stack, inline arrays, ref structs as
// type arguments, interpolated strings' handlers.  All of it has to be accepted by the verifier (tests/verify).
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

[InlineArray(4)]
internal struct Four
{
    private int _first;
    public static int Sum(in Four f) { int s = 0; foreach (int i in f) s += i; return s; }
}

[InlineArray(3)]
internal struct Texts { private string _first; }

internal ref struct Holder
{
    public ref int Number;
    public readonly ref readonly int Read;
    public Holder(ref int r) { Number = ref r; Read = ref r; }
    public ref int Get() => ref Number;
    [UnscopedRef] public ref Holder Itself() => ref this;
}

internal interface IFirst { int Length(); [UnscopedRef] ref int First(); }

internal readonly ref struct FirstOfSpan(Span<int> span) : IFirst
{
    private readonly Span<int> _span = span;
    public int Length() => _span.Length;
    [UnscopedRef] public ref int First() => ref _span[0];
}

internal struct FirstOfField : IFirst
{
    private int _x;
    public int Length() => 1;
    [UnscopedRef] public ref int First() => ref _x;
}

// a span from an interface's method of a type variable: it cannot point into the variable
internal ref struct Writer<T>(T output) where T : IBufferWriter<byte>
{
    private readonly T _output = output;
    private Span<byte> _span = output.GetSpan();
    private int _used = 0;
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_span.Length < bytes.Length) _span = _output.GetSpan(bytes.Length);
        bytes.CopyTo(_span);
        _span = _span[bytes.Length..];
        _used += bytes.Length;
    }
    public int Commit() { _output.Advance(_used); return _used; }
}

internal abstract class Base
{
    public virtual int Virtual(in int a, scoped ReadOnlySpan<char> s) => a + s.Length;
    public abstract ref readonly int Last(int[] a);
}

internal sealed class Derived : Base
{
    public override int Virtual(in int a, scoped ReadOnlySpan<char> s) => base.Virtual(in a, s) * 2;
    public override ref readonly int Last(int[] a) => ref a[^1];
    public int OfBase() { Func<int> f = () => base.Virtual(3, "ab"); return f(); }
    private static int Takes(in Derived d) => d.Virtual(1, "");
    public int InThis() => Takes(this);
}

// `in` of a struct that is not all read-only: what is marked so is called where it stands
internal struct Mutable<T>(T value) : IEquatable<Mutable<T>>, IComparable
{
    private T _value = value;
    public T Next(T t) { T old = _value; _value = t; return old; }
    public readonly override string ToString() => "of " + _value;
    public readonly override int GetHashCode() => 1;
    public readonly override bool Equals(object? o) => o is Mutable<T> m && m.Equals(this);
    public readonly bool Equals(Mutable<T> m) => EqualityComparer<T>.Default.Equals(_value, m._value);
    readonly int IComparable.CompareTo(object? o) => 0;
    public static string Text(in Mutable<T> a, in Mutable<T> b) => a.ToString() + a.GetHashCode() + a.Equals(b) + a.Equals((object)b) + a.Equals(null);
}

internal struct Closed : IComparable
{
    private int _value;
    public int Next() => _value++;
    public readonly override string ToString() => "closed " + _value;
    public string ToString(string s) => s + _value++;
    readonly int IComparable.CompareTo(object? o) => 0;
    public static string Text(in Closed a) => a.ToString() + a.GetType();
}

internal delegate ref readonly T Reads<T>(T[] a, int i);

[InterpolatedStringHandler]
internal ref struct Handler
{
    private readonly Span<char> _buffer;
    private int _used;
    public Handler(int literal, int holes, Span<char> buffer) { _buffer = buffer; _used = 0; }
    public void AppendLiteral(string s) { s.CopyTo(_buffer[_used..]); _used += s.Length; }
    public void AppendFormatted<T>(T t) where T : ISpanFormattable { t.TryFormat(_buffer[_used..], out int n, default, null); _used += n; }
    public override string ToString() => new(_buffer[.._used]);
}

internal static class Program
{
    private static ReadOnlySpan<int> Numbers => [1, 2, 3, 4];
    private static ReadOnlySpan<byte> Bytes => "hello"u8;
    private static readonly Reads<string> s_reads = (a, i) => ref a[i];

    private static ref T At<T>(this ref T t) where T : struct => ref t;
    private static ref readonly T Pick<T>(bool b, ref readonly T x, ref readonly T y) => ref b ? ref x : ref y;
    private static int Count<T>(T t) where T : IFirst, allows ref struct { t.First()++; return t.Length() + t.First(); }
    private static string Format(Span<char> buffer, [InterpolatedStringHandlerArgument("buffer")] Handler h) => h.ToString();
    private static int Sum(params ReadOnlySpan<int> s) { int r = 0; foreach (ref readonly int i in s) r += i; return r; }
    private static T SumOf<T>(params IEnumerable<T> s) where T : INumber<T> { T r = T.Zero; foreach (T t in s) r += t; return r; }
    private static Span<byte> Rest(Span<byte> s) => s is [_, .. var rest] ? rest : s;
    private static string Match(ReadOnlySpan<char> s) => s switch { "abc" => "1", ['a', .. var r] => r.ToString(), [] => "", _ => "other" };

    private static ref int Find(Span<int> s, int v)
    {
        foreach (ref int i in s) if (i == v) return ref i;
        return ref Unsafe.NullRef<int>();
    }

    private static int OnStack(int n)
    {
        Span<int> a = stackalloc int[n];
        Span<int> b = n > 2 ? stackalloc[] { 1, 2, 3 } : stackalloc int[1] { 5 };
        ReadOnlySpan<long> c = stackalloc long[] { n, 2, 3 };
        scoped Span<int> d;
        if (n > 5) d = a; else d = b;
        Span<int> e = [n, n, 3];
        return a.Length + b[0] + (int)c[2] + d.Length + e[1];
    }

    private static int Inline()
    {
        Four f = new();
        f[0] = 3;
        f[^1] = 4;
        Span<int> s = f;
        s[1] = 7;
        ReadOnlySpan<int> r = f[1..3];
        Texts t = default;
        t[0] = "x";
        foreach (ref string x in (Span<string>)t) x ??= "n";
        return Four.Sum(f) + r[0] + t[2].Length;
    }

    private static int References(int[] a)
    {
        ref int r = ref a[0];
        r = ref a[1];
        r++;
        ref readonly int ro = ref r;
        Holder h = new(ref r);
        h.Get() += 2;
        ref Holder itself = ref h.Itself();
        itself.Number++;
        int x = 1, y = 2;
        (a[0] > 5 ? ref x : ref y) = 9;
        return ro + x + y + h.Read + Pick(true, in x, in y);
    }

    private static async Task<int> InAsync()
    {
        await Task.Yield();
        Span<int> s = stackalloc int[2];
        s[0] = 5;
        foreach (ref int i in s) i++;
        return s[0] + s[1];
    }

    private static void Main()
    {
        Console.WriteLine(Format(stackalloc char[40], $"a{1}b{25}"));
        Console.WriteLine(Sum(1, 2, 3) + " " + SumOf(1.5, 2) + " " + Count(new FirstOfSpan([1, 2])) + " " + Count(new FirstOfField()));
        Console.WriteLine(Match("abc") + Match("axy") + Match("") + Match("q") + Find([1, 2], 2) + Rest([1, 2]).Length + Numbers[2] + Bytes.Length);
        Console.WriteLine(OnStack(7) + " " + OnStack(1) + " " + Inline() + " " + References([1, 2]) + " " + InAsync().Result);
        var d = new Derived();
        Console.WriteLine(d.Virtual(2, "abc") + " " + d.OfBase() + " " + d.InThis() + " " + d.Last([1, 2]) + s_reads(["p", "q"], 1));
        var w = new ArrayBufferWriter<byte>();
        var writer = new Writer<ArrayBufferWriter<byte>>(w);
        writer.Write("one "u8);
        writer.Write("two"u8);
        Console.WriteLine(writer.Commit() + " " + System.Text.Encoding.UTF8.GetString(w.WrittenSpan));
        Mutable<int> one = new(1), two = new(2);
        Console.WriteLine(Mutable<int>.Text(in one, in two) + one.Next(5) + Closed.Text(new Closed()) + new Closed().ToString("s"));
        int at = 3;
        at.At()++;
        Console.WriteLine(at);
    }
}
