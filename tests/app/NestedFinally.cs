// Order of finally blocks: nested, with return, break, continue and goto out of them, in loops, with exceptions replaced on the way.
internal static class Program
{
    private static readonly List<string> s_log = [];
    private static void L(string s) => s_log.Add(s);
    private static void Flush() { Console.WriteLine(string.Join(" ", s_log)); s_log.Clear(); }

    private static int Return(int n)
    {
        try
        {
            L("t1");
            try { L("t2"); if (n == 1) return R("ret1"); if (n == 2) throw new ArgumentException("two"); }
            finally { L("f2"); }
            L("after2");
        }
        catch (ArgumentException e) { L("c:" + e.Message); return R("retc"); }
        finally { L("f1"); }
        return R("end");
    }

    private static int R(string s) { L(s); return s.Length; }

    private static void Jumps()
    {
        for (int i = 0; i < 4; i++)
        {
            try
            {
                if (i == 1) continue;
                if (i == 3) break;
                L("body" + i);
                if (i == 2) goto done;
            }
            finally
            {
                try { L("f" + i); if (i == 1) throw new Exception("inner"); }
                catch (Exception) { L("swallowed"); }
                finally { L("ff" + i); }
            }
        }
    done:
        L("done");
    }

    private static int ValueKept()
    {
        int x = 1;
        try { return x; }
        finally { x = 2; L("x=" + x); }
    }

    private static ref int RefKept(int[] a)
    {
        try { return ref a[1]; }
        finally { a[1] = 5; }
    }

    private static void Replaced()
    {
        try
        {
            try { throw new InvalidOperationException("first"); }
            finally { L("replacing"); Throw("second"); }
        }
        catch (Exception e) { L(e.Message); }
    }

    private static void Throw(string s) => throw new NotSupportedException(s);

    private static void CatchInFinally()
    {
        try { throw new Exception("outer"); }
        catch (Exception e)
        {
            try { try { Throw("nested"); } finally { L("nf"); } }
            catch (NotSupportedException n) { L(n.Message + "+" + e.Message); }
            finally { L("cf"); }
        }
        finally { L("of"); }
    }

    private static int Depth(int n)
    {
        try { if (n == 0) throw new Exception("bottom"); return Depth(n - 1) + 1; }
        catch (Exception e) when (n == 3 && e.Message == "bottom") { L("caught at 3"); throw new Exception("rethrown", e); }
        finally { L("d" + n); }
    }

    private static IEnumerable<int> Lazy()
    {
        try { try { yield return 1; yield return 2; } finally { L("it-inner"); } yield return 3; }
        finally { L("it-outer"); }
    }

    /* What comes first after a finally block is not part of it, also where its slow way lies elsewhere. */
    private static class Late { public static readonly object First = Collected(); private static object Collected() { GC.Collect(); return "late"; } }
    private static object After(object kept)
    {
        try { L("t"); }
        finally { L("f"); }
        return string.Concat(Late.First, kept);
    }

    private static void Main()
    {
        Console.WriteLine(After(new string('k', 3))); Flush();
        for (int i = 0; i < 3; i++) { Console.WriteLine(Return(i)); Flush(); }
        Jumps(); Flush();
        Console.WriteLine(ValueKept()); Flush();
        int[] a = [1, 2]; RefKept(a)++; Console.WriteLine(a[1]);
        Replaced(); Flush();
        CatchInFinally(); Flush();
        try { Depth(5); } catch (Exception e) { L(e.Message + "<-" + e.InnerException!.Message); }
        Flush();
        foreach (int i in Lazy()) if (i == 2) break;
        Flush();
        int k = 0;
        while (true)
        {
            try
            {
                try { k++; if (k < 3) continue; if (k == 3) throw new Exception(); break; }
                catch (Exception) { L("c" + k); continue; }
                finally { L("f" + k); }
            }
            finally { L("g" + k); }
        }
        Flush();
        lock (s_log)
        {
            try { lock (a) { throw new Exception("in lock"); } }
            catch (Exception) { L(Monitor.IsEntered(a) + "" + Monitor.IsEntered(s_log)); }
        }
        Flush();
    }
}
