// stdin: first line\nsecond é line\n42\nrest of\nthe input
// Reading standard input by line, by character and to the end; redirected streams; Console.SetOut.
internal static class Program
{
    private static void Main()
    {
        Console.WriteLine(Console.IsInputRedirected + " " + Console.IsOutputRedirected);
        Console.WriteLine("[" + Console.ReadLine() + "]");
        string s = Console.ReadLine()!;
        Console.WriteLine(s.Length + s);
        Console.WriteLine(int.Parse(Console.ReadLine()!) + 1);
        Console.WriteLine((char)Console.Read() + "" + (char)Console.In.Peek());
        Console.WriteLine(Console.In.ReadToEnd().Split('\n').Length + " " + (Console.ReadLine() == null));
        TextWriter old = Console.Out;
        var sw = new StringWriter();
        Console.SetOut(sw);
        Console.Write("captured {0} {1:X}", 1, 255);
        Console.SetOut(old);
        Console.WriteLine(sw);
        using (var o = Console.OpenStandardOutput()) o.Write("raw bytes\n"u8);
        Console.Write(new[] { 'c', 'h' });
        Console.WriteLine("{0}|{1}|{2}", 1.5, null, 'x');
        Console.Out.Flush();
        Console.WriteLine(Console.OutputEncoding.WebName + Console.Out.NewLine.Length);
        Console.WriteLine(123.45m);
        Console.WriteLine((object?)null);
        Console.WriteLine(1.5f);
        Console.WriteLine(new[] { 'a', 'b' }, 1, 1);
        Console.Error.Write("to stderr");
    }
}
