// Prints what an expression gives, or the exception it ends in.
static class Ask
{
    public static string Text(object? v) => v switch
    {
        null => "null",
        string s => "\"" + s + "\"",
        Array a when a.Rank == 1 => "[" + string.Join(", ", a.Cast<object?>().Select(Text)) + "]",
        Enum e => e.GetType().Name + "." + e,
        IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture) + ":" + v.GetType().Name,
        _ => v.ToString() ?? "",
    };

    public static string Wrong(Exception e)
    {
        string s = e.GetType().Name + ": " + e.Message.ReplaceLineEndings(" | ");
        if (e is System.Reflection.ReflectionTypeLoadException r)
            foreach (Exception? x in r.LoaderExceptions)
                s += " + " + (x == null ? "null" : Wrong(x));
        return e.InnerException == null ? s : s + " <- " + Wrong(e.InnerException);
    }

    public static void Say(string what, Func<object?> f)
    {
        string s;
        try { s = Text(f()); }
        catch (Exception e) { s = Wrong(e); }
        Console.WriteLine(what + ": " + s);
    }

    public static void Do(string what, Action f) => Say(what, () => { f(); return "done"; });
}
