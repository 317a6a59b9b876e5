// args: one "two words" "" --flag=é
// env: STATOR_SAMPLE=value EMPTY_ONE=
// The arguments of Main and the environment.
internal static class Program
{
    private static int Main(string[] args)
    {
        Console.WriteLine(args.Length);
        foreach (string a in args) Console.WriteLine("[" + a + "]");
        Console.WriteLine(Environment.GetEnvironmentVariable("STATOR_SAMPLE"));
        Console.WriteLine(Environment.GetEnvironmentVariable("NOT_SET_AT_ALL") == null);
        Environment.SetEnvironmentVariable("NOT_SET_AT_ALL", "now");
        Console.WriteLine(Environment.GetEnvironmentVariable("NOT_SET_AT_ALL"));
        Console.WriteLine(Environment.ExpandEnvironmentVariables("<%STATOR_SAMPLE%>"));
        Console.WriteLine(Environment.GetCommandLineArgs().Length);
        Console.WriteLine(Environment.NewLine.Length);
        Console.WriteLine(Path.GetFileName(Environment.GetCommandLineArgs()[0]));
        Environment.ExitCode = 0;
        return 0;
    }
}
