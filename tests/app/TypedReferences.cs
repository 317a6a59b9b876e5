// Typed references: __makeref, __refvalue, __reftype over locals, fields and elements; TypedReference helpers;
// __arglist is not on this platform.
internal struct S { public int A; public string? B; }

internal static class Program
{
    private static void Set(TypedReference t, int v) => __refvalue(t, int) = v;
    private static string Kind(TypedReference t) => __reftype(t).Name + " " + (__reftype(t) == typeof(int) ? __refvalue(t, int).ToString()
        : TypedReference.ToObject(t));

    private static void Main()
    {
        int i = 5;
        TypedReference ti = __makeref(i);
        Set(ti, 9);
        Console.WriteLine(i + " " + Kind(ti));
        string s = "text";
        Console.WriteLine(Kind(__makeref(s)));
        S st = new() { A = 1, B = "b" };
        Set(__makeref(st.A), 77);
        Console.WriteLine(st.A);
        long[] arr = [1, 2];
        TypedReference ta = __makeref(arr[1]);
        __refvalue(ta, long) += 40;
        Console.WriteLine(arr[1] + Kind(ta));
        try { Console.WriteLine(__refvalue(ti, long)); } catch (InvalidCastException) { Console.WriteLine("wrong type"); }
        typeof(S).GetField("B")!.SetValueDirect(__makeref(st), "direct");
        Console.WriteLine(st.B + typeof(S).GetField("A")!.GetValueDirect(__makeref(st)));
        object o = st;
        Console.WriteLine(TypedReference.GetTargetType(__makeref(o)).Name);
        Generic(3.5);
        Generic("g");
    }

    private static void Generic<T>(T v)
    {
        TypedReference t = __makeref(v);
        Console.WriteLine(__reftype(t) == typeof(T) ? __refvalue(t, T)!.ToString() : "no");
    }
}
