// maps: no
// expect-exit: 42
// The exit code is Main's result.
internal static class Program
{
    private static int Main() => 42;
}
