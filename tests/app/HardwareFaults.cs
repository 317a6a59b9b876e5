// maps: no
// Exceptions that the machine or a check raises: null reference, divide by zero, overflow, index, cast, array store.
internal static class Program
{
    private class Box { public int Value; public long[]? Pad; public Box? Next; public int Get() => Value; public virtual int Virt() => 1; }

    private static int Load(Box? b) { try { return b!.Value; } catch (NullReferenceException) { return -1; } }
    private static int Store(Box? b) { try { b!.Value = 3; return 0; } catch (NullReferenceException) { return -1; } }
    private static int Virt(Box? b) { try { return b!.Virt(); } catch (NullReferenceException) { return -1; } }
    private static int Inst(Box? b) { try { return b!.Get(); } catch (NullReferenceException) { return -1; } }
    private static int Len(int[]? a) { try { return a!.Length; } catch (NullReferenceException) { return -1; } }

    private static int Elem(int[]? a, int i)
    {
        try { return a![i]; } catch (NullReferenceException) { return -1; } catch (IndexOutOfRangeException) { return -2; }
    }

    private static int Div(int a, int b)
    {
        try { return a / b; } catch (DivideByZeroException) { return -1; } catch (OverflowException) { return -2; }
    }

    private static long Rem(long a, long b)
    {
        try { return a % b; } catch (DivideByZeroException) { return -1; } catch (OverflowException) { return -2; }
    }

    private static int Checked(int a, int b) { try { return checked(a * b); } catch (OverflowException) { return -2; } }
    private static int Cast(object o) { try { return ((Box)o).Value; } catch (InvalidCastException) { return -3; } }

    private static int Unbox(object? o)
    {
        try { return (int)o!; } catch (InvalidCastException) { return -3; } catch (NullReferenceException) { return -1; }
    }

    private static int ArrayStore(object[] a, object v) { try { a[0] = v; return 0; } catch (ArrayTypeMismatchException) { return -4; } }
    private static int NewNegative(int n) { try { return new int[n].Length; } catch (OverflowException) { return -2; } }

    private static int Main()
    {
        var box = new Box { Value = 8 };
        if (Load(box) != 8 || Load(null) != -1) return 1;
        if (Store(box) != 0 || Store(null) != -1 || box.Value != 3) return 2;
        if (Virt(box) != 1 || Virt(null) != -1) return 3;
        if (Inst(box) != 3 || Inst(null) != -1) return 4;
        if (Len(null) != -1 || Len(new int[3]) != 3) return 5;
        int[] a = { 10, 20 };
        if (Elem(a, 1) != 20 || Elem(a, 2) != -2 || Elem(a, -1) != -2 || Elem(a, int.MinValue) != -2 || Elem(null, 0) != -1) return 6;
        if (Div(7, 2) != 3 || Div(7, 0) != -1 || Div(int.MinValue, -1) != -2) return 7;
        if (Rem(7, 4) != 3 || Rem(7, 0) != -1 || Rem(long.MinValue, -1) != -2) return 8;
        if (Checked(1000, 1000) != 1000000 || Checked(100000, 100000) != -2) return 9;
        if (Cast(box) != 3 || Cast("text") != -3 || Cast(a) != -3) return 10;
        if (Unbox(5) != 5 || Unbox(5L) != -3 || Unbox(null) != -1) return 11;
        object[] strings = new string[1];
        if (ArrayStore(strings, "s") != 0 || ArrayStore(strings, box) != -4 || ArrayStore(new object[1], box) != 0) return 12;
        if (NewNegative(3) != 3 || NewNegative(-1) != -2) return 13;
        return 0;
    }
}
