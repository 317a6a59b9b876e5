// stress: loose
// env: DOTNET_GCHeapHardLimit=4000000
// A heap with a hard limit: the program gets OutOfMemoryException when it holds more, and goes on; garbage is no reason for one.
internal static class Program
{
    private static int Fill(int size)
    {
        var kept = new List<byte[]>();
        try
        {
            for (int i = 0; i < 100_000_000 / size; i++) kept.Add(new byte[size]);
        }
        catch (OutOfMemoryException)
        {
            int n = kept.Count;
            kept.Clear();
            return n * (size / 1000);
        }
        return -1;
    }

    private static void Main()
    {
        Console.WriteLine(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        foreach (int size in new[] { 1_000, 20_000, 100_000, 1_000_000 })
        {
            int kb = Fill(size);
            Console.WriteLine($"{size}: {kb is > 5_000 and < 70_000}");
            GC.Collect();
        }
        long sum = 0;
        for (int i = 0; i < 5000; i++) sum += new byte[i % 7 == 0 ? 200_000 : 30_000].Length;
        Console.WriteLine(sum);
        try { GC.KeepAlive(new byte[200_000_000]); } catch (OutOfMemoryException) { Console.WriteLine("too big"); }
    }
}
