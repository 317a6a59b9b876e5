// maps: no
// One line on the console.
internal static class Program
{
    private static void Main() => Console.WriteLine("Hello, world!");
}
