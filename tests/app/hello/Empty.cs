// maps: no
// The smallest program: it returns 0.
internal static class Program
{
    private static int Main() => 0;
}
