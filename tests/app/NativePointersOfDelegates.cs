// stress: no
// Native function pointers of delegates that come and go: each calls its own delegate, the same one gives the same pointer, and memory stays.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal static unsafe class Program
{
    private delegate int Small(int x);
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)] private delegate double Wide(double a, long b, int c, float d, long e, long f, long g, long h, long i);
    private static readonly List<Delegate> s_kept = [];
    private static int s_wrong;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void One(int i)
    {
        Small s = x => x * 3 + i;
        Wide w = (a, b, c, d, e, f, g, h, k) => a + b + c + d + e + f + g + h + k + i;
        IntPtr p = Marshal.GetFunctionPointerForDelegate(s), q = Marshal.GetFunctionPointerForDelegate(w);
        if (((delegate* unmanaged<int, int>)p)(7) != 21 + i) s_wrong++;
        if (((delegate* unmanaged[Cdecl]<double, long, int, float, long, long, long, long, long, double>)q)(0.5, 1, 2, 3, 4, 5, 6, 7, 8) != 36.5 + i) s_wrong++;
        if (Marshal.GetFunctionPointerForDelegate(s) != p || Marshal.GetDelegateForFunctionPointer<Wide>(q) != w) s_wrong++;
        if (i % 1000 == 0) s_kept.Add(s);
        GC.KeepAlive(s); GC.KeepAlive(w);
    }

    private static void Many(int from, int n)
    {
        for (int i = from; i < from + n; i++) { One(i); if (i % 500 == 499) GC.Collect(); }
    }

    private static void Main()
    {
        Many(0, 3000);
        GC.Collect();
        long before = Environment.WorkingSet;
        Many(3000, 12000);
        GC.Collect();
        long grown = Environment.WorkingSet - before;
        foreach (Delegate d in s_kept)
            if (((delegate* unmanaged<int, int>)Marshal.GetFunctionPointerForDelegate(d))(1) != ((Small)d)(1)) s_wrong++;
        Console.WriteLine($"{s_wrong} wrong, {s_kept.Count} kept, {(grown < 12 << 20 ? "flat" : (grown >> 20) + " MB")}");
    }
}
