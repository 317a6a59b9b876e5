// also: common/GcLab.cs
// A million numbers that look like references keep nothing alive: in arrays, in fields, in locals, on the stack.
using System.Runtime.CompilerServices;

internal struct Mixed { public long A; public object? O; public long B; }

internal static class Program
{
    private static long[] s_numbers = [];
    private static Mixed[] s_mixed = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Make(int n)
    {
        var weak = new WeakReference[n];
        for (int i = 0; i < n; i++)
        {
            object o = new Probe(i);
            weak[i] = new WeakReference(o);
            s_numbers[i] = Lab.Address(o);
            s_mixed[i].A = Lab.Address(o);
            s_mixed[i].B = Lab.Address(o) + 8;
        }
        return weak;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe int OnStack(WeakReference[] weak)
    {
        long* copy = stackalloc long[2000];
        for (int i = 0; i < 2000; i++) copy[i] = s_numbers[i];
        long a = copy[1], b = copy[2], c = copy[3], d = copy[4];
        Lab.Collect(0);
        Lab.Collect();
        int alive = Lab.Alive(weak);
        return (a ^ b ^ c ^ d ^ copy[7]) == 1 ? -1 : alive;
    }

    private static void Main()
    {
        const int n = 20_000;
        s_numbers = new long[1_000_000];
        s_mixed = new Mixed[n];
        Lab.Collect();
        WeakReference[] weak = Make(n);
        var random = new Random(3);
        for (int i = n; i < s_numbers.Length; i++) s_numbers[i] = s_numbers[random.Next(n)] + random.Next(-3, 4) * 8;
        Lab.Expect("of 20,000 objects with a million numbers for them alive", OnStack(weak), 0, 20);
        Lab.Expect("the numbers are as they were", s_numbers[5] == s_mixed[5].A && s_mixed[5].B == s_mixed[5].A + 8);
        Lab.Done("integers are no roots");
    }
}
