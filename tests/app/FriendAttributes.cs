// ref: FriendLib
// Internals of another assembly that names this one as its friend: calls, overrides, and attributes as reflection finds them.
using System.Reflection;
[assembly: Mark("assembly", Number = 3)]
[module: Mark("module")]

[Mark("type"), Mark("twice", Number = 1)]
internal sealed class Own : Hidden
{
    [Mark("field")] public int F = 0;
    [Mark("method")] public void M([Mark("parameter")] int p) { _ = p; }
    [Mark("property")] public int Q { get; set; }
    protected internal override int V => base.V + P + 10;
    public int Get() => V;
}

internal static class Program
{
    private static void Show(string what, ICustomAttributeProvider p) =>
        Console.WriteLine($"{what}: {string.Join(" ", p.GetCustomAttributes(typeof(MarkAttribute), false).Select(a => a.ToString()).Order())} {p.IsDefined(typeof(MarkAttribute), true)}");

    private static void Main()
    {
        Console.WriteLine(Hidden.Name + new Own().Get());
        Show("assembly", typeof(Own).Assembly);
        Show("module", typeof(Own).Module);
        Show("type", typeof(Own));
        Show("field", typeof(Own).GetField("F")!);
        Show("method", typeof(Own).GetMethod("M")!);
        Show("parameter", typeof(Own).GetMethod("M")!.GetParameters()[0]);
        Show("property", typeof(Own).GetProperty("Q")!);
        Show("none", typeof(Program));
        Console.WriteLine(typeof(Own).Assembly.GetCustomAttribute<MarkAttribute>()!.Text);
    }
}
