// Array covariance: stores, casts between arrays, int and uint arrays, arrays as generic interfaces, Array.Copy with conversions.
internal class A { } internal class B : A { } internal interface I { } internal sealed class C : B, I { } internal enum E { X, Y }

internal static class Program
{
    private static string Try(Action f) { try { f(); return "ok"; } catch (Exception e) { return e.GetType().Name; } }
    private static void Put<T>(T[] a, T v) => a[0] = v;
    private static bool Is<T>(object o) => o is T;

    private static void Main()
    {
        A[] a = new B[2];
        Console.WriteLine(Try(() => a[0] = new B()) + Try(() => a[0] = new C()) + Try(() => a[0] = new A()) + Try(() => a[0] = null!));
        object[] o = new string[1];
        Console.WriteLine(Try(() => o[0] = "s") + Try(() => o[0] = 5) + Try(() => Put(o, new object())) +
            Try(() => Put<object>(new A[1], "x")));
        I[] i = new C[1];
        Console.WriteLine(Try(() => i[0] = new C()) + i.GetType().Name);
        object[][] jj = new string[1][];
        Console.WriteLine(Try(() => jj[0] = new string[2]) + Try(() => jj[0] = new object[2]));
        Console.WriteLine($"{Is<object[]>(new string[0])} {Is<object[]>(new int[0])} {Is<uint[]>(new int[0])} {Is<int[]>(new E[0])} " +
            $"{Is<E[]>(new int[0])} {Is<short[]>(new ushort[0])} {Is<byte[]>(new bool[0])} {Is<sbyte[]>(new byte[0])} " +
            $"{Is<char[]>(new ushort[0])} {Is<nint[]>(new long[0])} {Is<A[]>(new C[0])} {Is<C[]>(new A[0])} {Is<I[]>(new C[0])} " +
            $"{Is<object[][]>(new string[0][])} {Is<Array>(new int[0, 0])}");
        uint[] u = (uint[])(object)new int[] { -1 }; Console.WriteLine(u[0] + " " + u.GetType().Name);
        IList<A> la = new B[] { new C(), new B() };
        Console.WriteLine(la.Count + la[0].GetType().Name + la.IndexOf(la[1]) + Try(() => la[0] = new A()) + Try(() => la.Add(new B())) +
            la.IsReadOnly);
        IEnumerable<object> eo = new[] { "x", "y" };
        Console.WriteLine(string.Concat(eo));
        IReadOnlyCollection<I> rc = new C[3];
        Console.WriteLine(rc.Count);
        ICollection<int> ci = new[] { 4, 5 };
        Console.WriteLine(ci.Contains(5));
        int[] dest = new int[3];
        ci.CopyTo(dest, 1);
        Console.WriteLine(string.Join("", dest));
        foreach (int n in (IEnumerable<int>)new[] { 1, 2 }) Console.Write(n);
        using IEnumerator<int> en = ((IEnumerable<int>)new int[1]).GetEnumerator();
        Console.WriteLine(Try(() => _ = en.Current) + en.MoveNext() + en.MoveNext());
        long[] longs = new long[3];
        Array.Copy(new int[] { 1, -2, 3 }, longs, 3);
        Console.WriteLine(string.Join(",", longs));
        Console.WriteLine(Try(() => Array.Copy(new long[1], new int[1], 1)) + Try(() => Array.Copy(new object[] { 1 }, new string[1], 1)) +
            Try(() => Array.Copy(new object[] { "q" }, new string[1], 1)) +
            Try(() => Array.ConstrainedCopy(new int[1], 0, new long[1], 0, 1)));
        object[] boxed = new object[2];
        Array.Copy(new[] { 7, 8 }, boxed, 2);
        int[] unboxed = new int[2];
        Array.Copy(boxed, unboxed, 2);
        Console.WriteLine(boxed[1] + " " + unboxed[0] + Try(() => Array.Copy(new object?[] { null }, new int[1], 1)));
        double[] ds = new double[2];
        Array.Copy(new float[] { 0.5f, 2 }, ds, 2);
        Console.WriteLine(ds[0]);
        Array ov = new[] { 1, 2, 3, 4, 5 };
        Array.Copy(ov, 0, ov, 1, 4);
        Console.WriteLine(string.Join("", (int[])ov));
        string[] strs = ["a", "b", "c"];
        Array.Copy(strs, 1, strs, 0, 2);
        Console.WriteLine(string.Concat(strs));
        Console.WriteLine(Array.IndexOf(new[] { "p", "q" }, "q") + Array.BinarySearch(new[] { 1, 3, 5 }, 3) +
            Array.FindIndex(new[] { 1, 2 }, x => x > 1) + " " + Array.Exists(new[] { 1 }, x => x == 2) +
            string.Join("", Array.ConvertAll(new[] { 1, 2 }, x => x * 2)));
        int[] rs = [1];
        Array.Resize(ref rs, 3);
        Array.Fill(rs, 7, 1, 2);
        Array.Reverse(rs);
        Console.WriteLine(string.Join("", rs));
        int[] keys = [3, 1, 2];
        string[] items = ["c", "a", "b"];
        Array.Sort(keys, items);
        Console.WriteLine(string.Concat(items));
        Array.Sort(items, 0, 3, StringComparer.OrdinalIgnoreCase);
        A[] mixed = [new A(), new C()];
        Console.WriteLine(mixed.OfType<B>().Count() + Try(() => Array.Sort(mixed)) + ((System.Collections.IList)keys).Add0());
    }

    private static string Add0(this System.Collections.IList l) => Try(() => l.Add(1)) + l.IsFixedSize;
}
