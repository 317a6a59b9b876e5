// FirstChanceException handlers: each throw and rethrow, before filters run; exceptions in the handler's own code.
internal static class Program
{
    private static int s_in;

    private static void Main()
    {
        AppDomain.CurrentDomain.FirstChanceException += (_, e) =>
        {
            if (s_in++ == 0)
            {
                Console.WriteLine("first chance " + e.Exception.GetType().Name);
                try { if (e.Exception is FormatException) throw new ArgumentException("in handler"); }
                catch (ArgumentException) { Console.WriteLine("handled in handler"); }
            }
            s_in--;
        };
        try { throw new InvalidOperationException(); }
        catch (InvalidOperationException) when (Say("filter")) { Console.WriteLine("caught"); }
        try { try { int.Parse("q"); } catch (FormatException) { Console.WriteLine("rethrow"); throw; } }
        catch (FormatException) { Console.WriteLine("again"); }
        try { object? o = null; o!.GetHashCode(); } catch (NullReferenceException) { Console.WriteLine("null"); }
        try { int z = 0; z = 1 / z; } catch (DivideByZeroException) { Console.WriteLine("div"); }
    }

    private static bool Say(string s) { Console.WriteLine(s); return true; }
}
