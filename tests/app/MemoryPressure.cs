// also: common/GcLab.cs
// Memory outside the heap that a program tells of makes collections come; telling wrongly is refused.
internal sealed class Outside { public static int Freed; public Outside() => GC.AddMemoryPressure(20_000_000); ~Outside() { GC.RemoveMemoryPressure(20_000_000); Freed++; } }

internal static class Program
{
    private static object? s_last;

    private static void Main()
    {
        int before = GC.CollectionCount(0);
        for (int i = 0; i < 500; i++) { s_last = new Outside(); if (i % 50 == 0) GC.WaitForPendingFinalizers(); }
        s_last = null;
        Lab.Expect("collections for 10 GB outside the heap", GC.CollectionCount(0) - before, 1, 10_000);
        for (int i = 0; i < 5 && Outside.Freed < 490; i++) { Lab.Collect(); GC.WaitForPendingFinalizers(); }
        Lab.Expect("of 500 owners finalised", Outside.Freed, 490, 500);
        try { GC.AddMemoryPressure(0); } catch (ArgumentOutOfRangeException e) { Console.WriteLine(e.ParamName); }
        try { GC.RemoveMemoryPressure(-1); } catch (ArgumentOutOfRangeException e) { Console.WriteLine(e.ParamName); }
        Lab.Done("memory pressure");
    }
}
