// Exception filters: they run in the first pass, before any finally below them; side effects, locals seen, filters that
// throw, order across frames.
internal static class Program
{
    private static void L(string s) => Console.WriteLine(s);
    private static bool F(string s, bool r) { L("filter " + s); return r; }

    private static void Inner()
    {
        try { L("throwing"); throw new InvalidOperationException("boom"); }
        catch (InvalidOperationException) when (F("inner", false)) { L("never"); }
        finally { L("inner finally"); }
    }

    private static void Middle()
    {
        int local = 10;
        try { local = 20; Inner(); }
        catch (ArgumentException) { L("wrong type"); }
        catch (Exception e) when (F("middle " + e.Message + " " + local++, false)) { }
        catch (Exception) when (F("middle again " + local, local == 99)) { }
        finally { L("middle finally " + local); }
    }

    private static void ThrowingFilter()
    {
        try { throw new Exception("original"); }
        catch (Exception) when (Bad()) { L("never"); }
        catch (Exception e) { L("next clause got " + e.Message); }
    }

    private static bool Bad() => throw new DivideByZeroException("from filter");

    private static bool Nested(Exception e)
    {
        try { try { throw new FormatException("inside filter"); } finally { L("finally inside filter"); } }
        catch (FormatException f) when (F("filter inside filter", true)) { L(f.Message + " while " + e.Message); }
        return true;
    }

    private static int s_depth;

    private static void Recurse(int n)
    {
        try { if (n == 0) throw new Exception("deep"); Recurse(n - 1); }
        catch (Exception) when (Note(n)) { L("caught at " + n); }
        finally { s_depth = n; L("unwind " + n); }
    }

    private static bool Note(int n) { L($"first pass {n}, unwound {s_depth}"); return n == 3; }

    private static string Captured(string arg, int k)
    {
        string s = "local";
        Func<string> read = () => s + arg;
        try { s += k; throw new Exception(k.ToString()); }
        catch (Exception e) when (read() == "local" + k + arg && e.Message.Length == 1) { s += "!"; return read(); }
    }

    private static T Generic<T>(Action act, T dflt) where T : class
    {
        try { act(); return dflt; }
        catch (Exception e) when (e is T) { return (e as T)!; }
    }

    private static bool Typed<E>(Action act) where E : Exception
    {
        try { act(); return false; }
        catch (E e) when (e.Message != "") { L("typed " + typeof(E).Name); return true; }
        catch (E) { L("typed empty"); return true; }
    }

    private static async Task Async()
    {
        try { await Task.Yield(); throw new Exception("async"); }
        catch (Exception e) when (F("async " + e.Message, true)) { await Task.Yield(); L("async caught"); }
    }

    private static void Main()
    {
        try { Middle(); }
        catch (InvalidOperationException e) when (F("main", true)) { L("caught " + e.Message); }
        finally { L("main finally"); }
        ThrowingFilter();
        try { throw new Exception("outer"); } catch (Exception e) when (Nested(e)) { L("after nested"); }
        Recurse(5);
        L(Captured("arg", 7));
        Console.WriteLine(Generic<ArgumentException>(() => throw new ArgumentNullException("p"), new ArgumentException()).GetType().Name);
        try { Generic("x", () => throw new FormatException()); } catch (FormatException) { L("passed generic"); }
        Console.WriteLine(Typed<FormatException>(() => int.Parse("x")) + " " +
            Typed<ArgumentException>(() => throw new ArgumentException("")));
        try { Typed<ArgumentException>(() => throw new FormatException("f")); }
        catch (FormatException e) { L("passed typed " + e.Message); }
        Async().Wait();
        int i = 0;
        again: try { throw new Exception(); } catch (Exception) when (++i >= 3) { L("third time " + i); } catch (Exception) { goto again; }
        try { object? o = null; try { o!.ToString(); } catch (Exception e) when (e is not NullReferenceException) { } }
        catch (NullReferenceException) when (F("hardware", true)) { L("null caught"); }
    }

    private static void Generic(string s, Action a) => Generic<string>(a, s);
}
