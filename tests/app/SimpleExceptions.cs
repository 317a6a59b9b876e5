// maps: no
// throw and catch of user objects, finally, rethrow; the checks return through the exit code only.
internal class Problem : Exception
{
    public readonly int Code;
    public Problem(int code) { Code = code; }
}

internal sealed class Worse : Problem { public Worse() : base(99) { } }

internal static class Program
{
    private static int s_trace;

    private static void Fail(int code) { if (code == 99) throw new Worse(); throw new Problem(code); }

    private static int Catch(int code)
    {
        try { Fail(code); return 0; }
        catch (Worse) { return -1; }
        catch (Problem p) { return p.Code; }
    }

    private static int Finally(int n)
    {
        s_trace = 0;
        try
        {
            try { if (n == 1) Fail(5); s_trace = s_trace * 10 + 1; if (n == 2) return s_trace; }
            finally { s_trace = s_trace * 10 + 2; }
            s_trace = s_trace * 10 + 3;
        }
        catch (Problem) { s_trace = s_trace * 10 + 4; }
        finally { s_trace = s_trace * 10 + 5; }
        return s_trace;
    }

    private static int Rethrow()
    {
        try
        {
            try { Fail(7); }
            catch (Problem p) when (p.Code == 8) { return 1; }
            catch (Problem) { s_trace = 70; throw; }
        }
        catch (Problem p) { return p.Code + s_trace; }
        return 0;
    }

    private static int Deep(int n)
    {
        try { if (n == 0) Fail(3); return Deep(n - 1) + 1; }
        finally { s_trace++; }
    }

    private static int Loop()
    {
        int caught = 0;
        for (int i = 0; i < 100; i++)
        {
            try { if (i % 3 == 0) continue; if (i == 50) break; Fail(i); }
            catch (Problem p) { caught += p.Code; }
            finally { caught++; }
        }
        return caught;
    }

    private static int Main()
    {
        if (Catch(12) != 12) return 1;
        if (Catch(99) != -1) return 2;
        if (Finally(0) != 1235) return 3;
        if (Finally(1) != 245) return 4;
        if (Finally(2) != 1 || s_trace != 125) return 5;
        if (Rethrow() != 77) return 6;
        s_trace = 0;
        try { Deep(10); return 7; } catch (Problem p) { if (p.Code != 3 || s_trace != 11) return 8; }
        if (Loop() != 868) return 9;
        return 0;
    }
}
