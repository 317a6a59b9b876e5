// Marshal.GetExceptionCode and GetExceptionPointers: faults and managed exceptions in filters, finally bodies, catches, and what they call.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
#pragma warning disable CS0618, SYSLIB0004

internal class Box { public int Field; public virtual void Virtual() { } }

internal static class Program
{
    private static Box? none;
    private static readonly int[]? NoArray = null;
    private static int zero, minusOne = -1;

    private static unsafe bool Show(string what)
    {
        uint** p = (uint**)Marshal.GetExceptionPointers();
        Console.WriteLine($"{what}: {Marshal.GetExceptionCode():x} {(p == null ? "none" : (*p)[0].ToString("x"))}");
        return true;
    }

    private static void Throws(string what, Action a)
    {
        try { a(); }
        catch (Exception e) { Show($"{what} {e.GetType().Name}"); }
    }

    [MethodImpl(MethodImplOptions.NoInlining)] private static void Callee() => Show("callee");

    private static bool Filter()
    {
        try { throw new FormatException(); } catch (FormatException) { Show("catch in filter"); }
        return Show("filter, after it");
    }

    private static async Task Async()
    {
        Show("async, at first");
        try { await Task.Yield(); none!.Field = 1; } catch (NullReferenceException) { Show("async catch"); }
    }

    private static unsafe void Main()
    {
        Throws("field", () => none!.Field = 1);
        Throws("virtual", () => none!.Virtual());
        Throws("element", () => NoArray![0] = 1);
        Throws("unboxing", () => zero = (int)(object)none!);
        Throws("delegate", () => ((Action)null!)());
        Throws("pointer", () => *(int*)zero = 1);
        Throws("throw null", () => throw null!);
        Throws("throw new", () => throw new NullReferenceException());
        Throws("division", () => zero = 1 / zero);
        Throws("remainder", () => zero = 1 % zero);
        Throws("smallest / -1", () => zero = int.MinValue / minusOne);
        Throws("checked", () => zero = checked(int.MinValue + minusOne));
        Throws("range", () => zero = new[] { 1 }[zero + 5]);
        Throws("cast", () => none = (Box)(object)"text");
        Throws("rethrow", () => { try { none!.Field = 1; } catch { throw; } });
        Throws("throw again", () => { try { none!.Field = 1; } catch (Exception e) { throw e; } });
        try { throw new FormatException(); }
        catch (FormatException)
        {
            Show("managed");
            try { none!.Field = 1; } catch (NullReferenceException) { Show("fault inside"); }
            Show("managed still");
            for (int i = 0; i < 2; i++)
            {
                try { if (i == 0) none!.Field = 1; else throw new FormatException(); } catch { Show("turn " + i); }
            }
        }
        try { none!.Field = 1; } catch { try { Show("body"); } finally { Show("finally on the way"); } Callee(); }
        try { try { none!.Field = 1; } finally { Show("finally"); Callee(); } } catch { }
        try { none!.Field = 1; } catch (Exception) when (Show("filter") && Filter()) { Show("after the filter"); }
        Show("outside");
        var t = new Thread(() => Show("other thread"));
        try { none!.Field = 1; } catch { t.Start(); t.Join(); Async().Wait(); }
    }
}
