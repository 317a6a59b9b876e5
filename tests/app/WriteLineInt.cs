// maps: no
// Numbers on the console: the first step after literal text.
internal static class Program
{
    private static void Main()
    {
        Console.WriteLine(42);
        Console.WriteLine(-1);
        Console.WriteLine(int.MinValue);
        Console.WriteLine(9223372036854775807L);
        Console.WriteLine(18446744073709551615UL);
        Console.WriteLine(4000000000u);
        Console.WriteLine('c');
        Console.WriteLine(true);
        Console.WriteLine();
        Console.Write("no newline;");
        Console.Write(7);
        Console.WriteLine("é☃😀");
        for (int i = 0; i < 5; i++) Console.WriteLine(i * i);
    }
}
