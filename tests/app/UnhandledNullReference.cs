// expect-exit: 134
// maps: no
// An unhandled hardware fault.
internal static class Program
{
    private static string? s_none;
    private static int Main() { Console.WriteLine("before"); return s_none!.Length; }
}
