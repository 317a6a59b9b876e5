// Function pointers: managed static, with ref, generic and struct arguments; unmanaged into libc and back through UnmanagedCallersOnly.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal struct Big { public long A, B, C; }

internal static unsafe class Program
{
    private static int Add(int a, int b) => a + b;
    private static int Sub(int a, int b) => a - b;
    private static void Inc(ref int x) => x++;
    private static Big Make(long a, Big b) => new() { A = a, B = b.A + 1, C = b.B + b.C };
    private static T Pick<T>(bool first, T a, T b) => first ? a : b;
    private static ref int Slot(int[] a, int i) => ref a[i];
    private static string Cat(string a, object b) => a + b;
    private static int Thrower() => throw new InvalidOperationException("through calli");
    private static int s_compares;

    [UnmanagedCallersOnly]
    private static int Compare(int* a, int* b) { s_compares++; return *a - *b; }
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static double Mix(int a, double b, float c, long d, byte e) => a + b + c + d + e;
    [UnmanagedCallersOnly]
    private static Big Unmanaged(Big b) => new() { A = b.C, B = b.B, C = b.A };

    [DllImport("libc")] private static extern void qsort(void* data, nuint n, nuint size, delegate* unmanaged<int*, int*, int> compare);

    private static int Fold(delegate*<int, int, int> f, ReadOnlySpan<int> xs)
    {
        int r = xs[0];
        foreach (int x in xs[1..]) r = f(r, x);
        return r;
    }

    private static void Main()
    {
        Console.WriteLine(Fold(&Add, [1, 2, 3, 4]) + " " + Fold(&Sub, [1, 2, 3, 4]));
        delegate*<int, int, int>[] table = { &Add, &Sub };
        Console.WriteLine(table[1](9, 4) + table[0](1, 1));
        delegate*<ref int, void> inc = &Inc; int n = 4; inc(ref n); Console.WriteLine(n);
        delegate*<long, Big, Big> make = &Make; Big b = make(7, new Big { A = 1, B = 2, C = 3 }); Console.WriteLine($"{b.A} {b.B} {b.C}");
        delegate*<bool, string, string, string> pick = &Pick<string>; Console.WriteLine(pick(false, "a", "b"));
        delegate*<bool, double, double, double> pickD = &Pick<double>; Console.WriteLine(pickD(true, 1.5, 2.5));
        delegate*<int[], int, ref int> slot = &Slot; int[] arr = { 1, 2, 3 }; slot(arr, 1) = 20; Console.WriteLine(arr[1]);
        delegate*<string, object, string> cat = &Cat; Console.WriteLine(cat("x", 5));
        delegate*<int> thrower = &Thrower; try { thrower(); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        void* raw = (delegate*<int, int, int>)&Add; Console.WriteLine(((delegate*<int, int, int>)raw)(20, 22));
        Console.WriteLine((nint)raw != 0 && raw == (delegate*<int, int, int>)&Add);

        int[] data = { 5, -3, 9, 0, 7, -8 };
        fixed (int* p = data) qsort(p, (nuint)data.Length, 4, &Compare);
        Console.WriteLine(string.Join(",", data) + " " + (s_compares > 0));
        delegate* unmanaged[Cdecl]<int, double, float, long, byte, double> mix = &Mix;
        Console.WriteLine(mix(1, 2.5, 0.25f, 1L << 33, 200));
        delegate* unmanaged<Big, Big> un = &Unmanaged; b = un(new Big { A = 1, B = 2, C = 3 }); Console.WriteLine($"{b.A} {b.B} {b.C}");
        nint libm = NativeLibrary.Load("libm.so.6");
        var pow = (delegate* unmanaged<double, double, double>)NativeLibrary.GetExport(libm, "pow");
        Console.WriteLine(pow(2, 10));
        var d = Marshal.GetDelegateForFunctionPointer<Func2>((nint)NativeLibrary.GetExport(libm, "fmax")); Console.WriteLine(d(3, 4));
        Console.WriteLine(NativeLibrary.TryGetExport(libm, "no_such_function", out _));
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)] private delegate double Func2(double a, double b);
}
