// Runs this program once more for each name, all at a time, and shows what each printed and returned, without the library's own frames.
internal static class Children
{
    public static void Run(IEnumerable<string> names)
    {
        var all = names.Select(name =>
        {
            var i = new System.Diagnostics.ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
            i.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
            i.ArgumentList.Add(name);
            var p = System.Diagnostics.Process.Start(i)!;
            return (name, p, p.StandardOutput.ReadToEndAsync(), p.StandardError.ReadToEndAsync());
        }).ToList();
        foreach ((string name, System.Diagnostics.Process p, Task<string> text, Task<string> err) in all)
        {
            Console.Write(text.Result);
            foreach (string line in err.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                if (!line.StartsWith("   at System.")) Console.WriteLine("  | " + line);
            p.WaitForExit();
            Console.WriteLine($"{name} = {p.ExitCode}");
        }
    }
}
