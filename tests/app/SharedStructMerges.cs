// Struct values that a merge of two paths knows exactly on one side and over __Canon on the other; private type arguments of
// generic code elsewhere; conversions to integers of a type parameter.
using System.Numerics;
using System.Runtime.CompilerServices;

internal readonly struct Map<K, V> where K : notnull
{
    public static readonly Map<K, V> Empty = new("empty");
    public readonly object Data;
    public Map(object data) { Data = data; }
    public override string ToString() => (string?)Data ?? "null";
    public static Map<K, V> Exchange(ref Map<K, V> place, Map<K, V> value, Map<K, V> compare) =>
        new(Interlocked.CompareExchange(ref Unsafe.As<Map<K, V>, object>(ref place), value.Data, compare.Data));
    public sealed class Builder
    {
        private object? _made;
        public void Add() { _made ??= "made"; }
        public Map<K, V> ToMap() => _made == null ? Empty : new(_made);
    }
}

internal sealed class Node
{
    private static readonly Map<string, object> s_sentinel = new("sentinel");
    public Map<string, object> Own;
    public Node? Base;
    [MethodImpl(MethodImplOptions.NoInlining)] private static string Show(Map<string, object> m) => m.ToString();
    public string FieldOrStatic(bool own) { var v = own ? Own : s_sentinel; return Show(v); }
    public string StaticOrStatic(bool empty) { var v = empty ? Map<string, object>.Empty : s_sentinel; return Show(v); }
    public string Nested(bool ok, Map<string, object>.Builder? b)
    {
        var v = ok ? (b?.ToMap() ?? (Base != null ? Base.Own : Map<string, object>.Empty)) : s_sentinel;
        Map<string, object>.Exchange(ref Own, v, default);
        return Show(v) + "/" + Show(Own);
    }
}

internal static class Program
{
    private struct Hidden { public int X; }
    private static string Convert<T>() where T : IBinaryInteger<T> =>
        string.Join(",", new[] { 1.9, -1.9, 300, 70000, -300, 1e10 }.Select(d => double.ConvertToInteger<T>(d) + "")) + " " +
        double.ConvertToIntegerNative<T>(42.7) + " " + float.ConvertToIntegerNative<T>(-3.5f) + " " + float.ConvertToInteger<T>(99.5f);

    private static void Main()
    {
        var b = new Map<string, object>.Builder();
        b.Add();
        foreach (bool ok in new[] { true, false })
        {
            foreach (var x in new[] { b, null })
            {
                var n = new Node { Base = new Node { Own = new("base") } };
                Console.WriteLine($"{n.Nested(ok, x)} {n.FieldOrStatic(ok)} {n.StaticOrStatic(ok)} {new Node().Nested(ok, x)}");
            }
        }
        var hidden = new Stack<Hidden>();
        hidden.Push(new Hidden { X = 5 });
        Console.WriteLine(hidden.ToArray()[0].X);
        Console.WriteLine($"{Convert<sbyte>()} {Convert<short>()} {Convert<int>()} {Convert<long>()} {Convert<nint>()} {Convert<Int128>()}");
    }
}
