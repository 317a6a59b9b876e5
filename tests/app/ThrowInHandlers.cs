// Exceptions thrown inside catch, finally and filters, several levels deep; nested dispatch while another one is under way.
internal static class Program
{
    private static void L(string s) => Console.WriteLine(s);
    private static void T(string s) => throw new Exception(s);
    private static void FinallyThrows(int n) { try { T("body" + n); } finally { L("finally" + n); if (n > 0) FinallyThrows(n - 1); } }

    private static void CatchThrows(int n)
    {
        try { T("c" + n); } catch (Exception e) when (n > 0) { L("caught " + e.Message); CatchThrows(n - 1); }
    }

    private static void FilterCalls(int n) { try { T("f" + n); } catch (Exception e) when (Inside(n, e)) { L("handled " + e.Message); } }
    private static bool Inside(int n, Exception e) { if (n == 0) throw new Exception("lost"); FilterCalls2(n - 1); return true; }
    private static void FilterCalls2(int n) { try { FilterCalls(n); } catch (Exception x) { L("in filter: " + x.Message); } }

    private static int LocalsKept(int a, string s, double d, long l)
    {
        int x = a * 2; object o = s + "!"; (int, string) t = (x, s);
        for (int i = 0; i < 3; i++)
        {
            try { x += i; try { if (i == 1) T("one"); d += x; } finally { l += x; t.Item1 += (int)l; } o = o + "."; }
            catch (Exception e) { o += e.Message; x *= 3; t = (t.Item1 + 1, t.Item2 + x); }
        }
        L($"{x} {o} {t} {d} {l} {a} {s}"); return x;
    }

    private static void Swap(ref int r, out int o, Span<int> s)
    {
        o = 1;
        try { r = 5; s[0] = 6; T("swap"); o = 2; } catch (Exception) { r++; s[0]++; o += r; } finally { r += s[0]; }
    }

    private static void Deep(int n, int bottom)
    {
        if (n == bottom) T("deep" + n);
        try { Deep(n + 1, bottom); } finally { if (n % 100 == 0) L("unwound " + n); }
    }

    private sealed class Dtor(string s) : IDisposable
    {
        public void Dispose() { L("dispose " + s); try { T("in dispose"); } catch (Exception e) { L(s + " handled " + e.Message); } }
    }

    private static void Main()
    {
        try { FinallyThrows(3); } catch (Exception e) { L("got " + e.Message); }
        try { CatchThrows(3); } catch (Exception e) { L("got " + e.Message); }
        try { FilterCalls(2); } catch (Exception e) { L("out: " + e.Message); }
        LocalsKept(1, "str", 0.5, 100); int r = 0; int[] a = [0]; Swap(ref r, out int o, a); L($"{r} {o} {a[0]}");
        try { Deep(0, 500); } catch (Exception e) { L(e.Message); }
        try { using var d1 = new Dtor("d1"); using var d2 = new Dtor("d2"); T("using"); } catch (Exception e) { L(e.Message); }
        try
        {
            try { T("A"); }
            catch (Exception e) { try { T("B"); } catch (Exception f) { try { T("C"); } finally { L($"{e.Message}{f.Message}"); } } }
        }
        catch (Exception e) { L(e.Message); }
        for (int i = 0; i < 3; i++)
            try
            {
                try { if (i == 0) T("x"); if (i == 1) throw new ArgumentException("y"); int z = 0; _ = 1 / z; }
                catch (ArgumentException e) { L("arg " + e.Message); T("from arg"); }
            }
            catch (DivideByZeroException) { L("div"); }
            catch (Exception e) { L("outer " + e.Message); }
        int count = 0;
        for (int i = 0; i < 2000; i++) { try { try { T("t"); } finally { count++; } } catch (Exception) { count++; } }
        L(count.ToString());
    }
}
