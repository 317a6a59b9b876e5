// maps: no
// Generic classes and methods over value and reference types, statics per instantiation, constraints; exit code only.
internal interface IAdd<T> { T Plus(T other); }
internal struct Num : IAdd<Num> { public int V; public Num Plus(Num o) => new Num { V = V + o.V }; }
internal sealed class Text : IAdd<Text> { public int Len; public Text Plus(Text o) => new Text { Len = Len + o.Len }; }

internal sealed class Stack<T>
{
    public static int Created;
    private T[] _items = new T[2];
    private int _n;
    public Stack() { Created++; }
    public int Count => _n;

    public void Push(T v)
    {
        if (_n == _items.Length)
        {
            var bigger = new T[_n * 2];
            for (int i = 0; i < _n; i++) bigger[i] = _items[i];
            _items = bigger;
        }
        _items[_n++] = v;
    }

    public T Pop() => _items[--_n];
}

internal class Base<T> { public virtual int Kind() => 1; public T? Value; }
internal sealed class Derived<T> : Base<T[]> { public override int Kind() => 2; }

internal static class Program
{
    private static T Sum<T>(T[] items) where T : IAdd<T>
    {
        T total = items[0];
        for (int i = 1; i < items.Length; i++) total = total.Plus(items[i]);
        return total;
    }

    private static bool IsA<T>(object o) => o is T;
    private static T Make<T>() where T : new() => new T();
    private static void Swap<T>(ref T a, ref T b) { T t = a; a = b; b = t; }
    private static int Size<T>(T[] a) => a.Length;
    private static T? Default<T>() => default;

    private static int Main()
    {
        var ints = new Stack<int>();
        for (int i = 0; i < 100; i++) ints.Push(i * i);
        if (ints.Count != 100 || ints.Pop() != 9801) return 1;
        var objs = new Stack<object>();
        var strs = new Stack<string>();
        objs.Push(ints); strs.Push("x"); new Stack<string>();
        if (objs.Pop() != ints || strs.Pop() != "x") return 2;
        if (Stack<int>.Created != 1 || Stack<object>.Created != 1 || Stack<string>.Created != 2) return 3;
        if (Sum(new[] { new Num { V = 1 }, new Num { V = 2 }, new Num { V = 3 } }).V != 6) return 4;
        if (Sum(new[] { new Text { Len = 4 }, new Text { Len = 5 } }).Len != 9) return 5;
        if (!IsA<string>("s") || IsA<string>(ints) || !IsA<Stack<int>>(ints) || IsA<Stack<long>>(ints) || !IsA<int>(3) || IsA<long>(3))
            return 6;
        if (Make<Text>().Len != 0 || Make<Num>().V != 0) return 7;
        object a = "a", b = "b"; Swap(ref a, ref b);
        if ((string)a != "b") return 8;
        long x = 1, y = 2; Swap(ref x, ref y);
        if (x != 2) return 9;
        Base<int[]> d = new Derived<int>();
        d.Value = new[] { 1, 2, 3 };
        if (d.Kind() != 2 || Size(d.Value) != 3) return 10;
        if (Default<int>() != 0 || Default<string>() != null) return 11;
        return 0;
    }
}
