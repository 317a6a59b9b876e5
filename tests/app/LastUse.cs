// stress: no
// also: common/GcLab.cs
// In optimised code a list and its 10,000 objects may go after the last use, though the variable is still in scope.
using System.Collections;
using System.Runtime.CompilerServices;

internal sealed class Item { public static int Finalised; ~Item() => Finalised++; }

internal static class Program
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int AfterLastUse()
    {
        var a = new ArrayList();
        for (int i = 0; i < 10_000; i++) a.Add(new Item());
        Console.WriteLine(a.Count);
        for (int i = 0; i < 3; i++) { Lab.Collect(); GC.WaitForPendingFinalizers(); }
        return Item.Finalised;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int KeptAlive()
    {
        var a = new ArrayList();
        for (int i = 0; i < 10_000; i++) a.Add(new Item());
        for (int i = 0; i < 3; i++) { Lab.Collect(); GC.WaitForPendingFinalizers(); }
        int finalised = Item.Finalised;
        GC.KeepAlive(a);
        return finalised;
    }

    private static void Main()
    {
        Lab.Expect("finalised after the last use", AfterLastUse(), 9_990, 10_000);
        Item.Finalised = 0;
        Lab.Expect("finalised though kept alive", KeptAlive(), 0, 10);
        Lab.Done("last use");
    }
}
