// output: budgets: OK
// stress: loose
// env: DOTNET_GCgen0size=400000
// also: common/GcLab.cs
// A collection comes when generation 0's budget is used up, and not before; the budget is a setting, and one of the runtime's own figures.
// Argument: most, when only a bound for it is set.
using System.Reflection;
using System.Runtime.CompilerServices;

internal static class Program
{
    private const long Budget = 0x400000;
    private static object? s_last;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long UntilNext(int size)
    {
        int before = GC.CollectionCount(0);
        long start = GC.GetAllocatedBytesForCurrentThread();
        while (GC.CollectionCount(0) == before) s_last = new byte[size];
        return GC.GetAllocatedBytesForCurrentThread() - start;
    }

    private static void Main(string[] args)
    {
        if (args.Length > 0)
        {
            for (int i = 0; i < 50; i++) Lab.Expect("bytes between collections", UntilNext(1000), 1, Budget * 12 / 10);
            Lab.Done("budgets");
            return;
        }
        foreach (int size in new[] { 1, 100, 1000, 10_000 })
        {
            GC.Collect();
            UntilNext(size);
            for (int i = 0; i < 10; i++) Lab.Expect($"bytes between collections, objects of {size}", UntilNext(size), Budget * 8 / 10, Budget * 12 / 10);
        }
        MethodInfo budget = typeof(GC).GetMethod("GetGenerationBudget", BindingFlags.Static | BindingFlags.NonPublic)!;
        Lab.Expect("budget of generation 0", (long)budget.Invoke(null, [0])!, Budget, Budget);
        int count = GC.CollectionCount(0);
        for (int i = 0; i < 30; i++) s_last = new byte[100_000];
        Lab.Expect("collections for 3 MB", GC.CollectionCount(0) - count, 0, 1);
        Lab.Done("budgets");
    }
}
