// The texts of exceptions that the runtime itself raises.
using System.Collections;

internal class Base { }
internal sealed class Derived : Base { public int F; }
internal interface I { }
internal struct S { }
internal abstract class Abs { }
internal enum E { A }
internal sealed class NoCtor { private NoCtor(int i) { } }

internal static class Program
{
    private static void T(string name, Func<object?> f)
    {
        try { Console.WriteLine($"{name}: no exception {f()}"); }
        catch (Exception e) { Console.WriteLine($"{name}: {e.GetType().FullName}: {e.Message} 0x{e.HResult:X8}"); }
    }

    private static object? s_null;
    private static object s_obj = new Base();
    private static int s_zero;
    private static int[] s_arr = new int[2];
    private static int s_big = 1 << 30;

    private static void Main()
    {
        T("cast class", () => (Derived)s_obj);
        T("cast interface", () => (I)s_obj);
        T("cast string", () => (string)(object)5);
        T("unbox", () => (long)(object)5);
        T("unbox struct", () => (S)(object)"x");
        T("cast array", () => (int[])(object)new long[1]);
        T("cast generic", () => (List<string>)(object)new List<int>());
        T("cast delegate", () => (Func<int>)(object)(Action)(() => { }));
        T("cast enum", () => (E)(object)5L);
        T("null", () => s_null!.ToString());
        T("null field", () => ((Derived?)s_null)!.F);
        T("div", () => 1 / s_zero);
        T("mod", () => 1L % s_zero);
        T("min/-1", () => int.MinValue / (s_zero - 1));
        T("index", () => s_arr[5]);
        T("index set", () => s_arr[-1] = 2);
        T("md index", () => (new int[1, 1])[1, 0]);
        T("store", () => ((object[])new string[1])[0] = 5);
        T("checked", () => checked(s_big * 4));
        T("checked conv", () => checked((byte)s_big));
        T("neg array", () => new int[s_zero - 1]);
        T("huge array", () => new int[int.MaxValue]);
        T("decimal", () => decimal.MaxValue * (s_zero + 2));
        T("decimal div", () => 1m / s_zero);
        T("abstract", () => Activator.CreateInstance(typeof(Abs)));
        T("no ctor", () => Activator.CreateInstance(typeof(NoCtor)));
        T("interface", () => Activator.CreateInstance(typeof(I)));
        T("open", () => Activator.CreateInstance(typeof(List<>)));
        T("make generic", () => typeof(Nullable<>).MakeGenericType(typeof(string)));
        T("get type", () => Type.GetType("No.Such.Type", true));
        T("load", () => System.Reflection.Assembly.Load("No.Such.Assembly"));
        T("invoke args", () => typeof(Math).GetMethod("Abs", [typeof(int)])!.Invoke(null, ["x"]));
        T("invoke count", () => typeof(Math).GetMethod("Abs", [typeof(int)])!.Invoke(null, [1, 2]));
        T("invoke target", () => typeof(object).GetMethod("ToString")!.Invoke(null, []));
        T("field type", () => { typeof(Derived).GetField("F")!.SetValue(new Derived(), "s"); return 0; });
        T("wrong target", () => typeof(Derived).GetField("F")!.GetValue(new Base()));
        T("parse", () => int.Parse("12x"));
        T("parse ovf", () => byte.Parse("256"));
        T("parse null", () => int.Parse((string)s_null!));
        T("key", () => new Dictionary<string, int>()["missing"]);
        T("dup key", () => new Dictionary<int, int> { { 1, 1 }, { 1, 2 } });
        T("enum parse", () => Enum.Parse<E>("Z"));
        T("empty", () => new List<int>().First());
        T("queue", () => new Queue<int>().Dequeue());
        T("modified", () => { var l = new List<int> { 1, 2 }; foreach (int i in l) l.Add(i); return 0; });
        T("range", () => "abc".Substring(4));
        T("range2", () => new List<int>()[0]);
        T("format", () => string.Format("{1}", 5));
        T("guid", () => Guid.Parse("zz"));
        T("date", () => new DateTime(2023, 2, 30));
        T("nullable", () => ((int?)s_null)!.Value);
        T("lazy", () => ((IList)new int[1]).Add(5));
        T("disposed", () => { var m = new MemoryStream(); m.Dispose(); return m.ReadByte(); });
        T("file", () => File.ReadAllText("/no/such/file"));
        T("compare", () => new object[] { new Base(), new Derived() }.Order().ToList());
        T("timespan", () => TimeSpan.FromDays(double.MaxValue));
        T("convert", () => Convert.ToInt32("abc"));
        T("changetype", () => Convert.ChangeType("x", typeof(DayOfWeek)));
        T("base64", () => Convert.FromBase64String("!"));
        T("monitor", () => { Monitor.Exit(s_obj); return 0; });
        T("pulse", () => { Monitor.Pulse(s_obj); return 0; });
        T("span", () => new int[1].AsSpan(2).Length);
        T("cancel", () => { new CancellationToken(true).ThrowIfCancellationRequested(); return 0; });
        T("wait", () => { Task.FromException(new Exception("task")).Wait(); return 0; });
        T("iterator", () => { IEnumerator e = new int[1].GetEnumerator(); return e.Current; });
        T("type init", () => Bad.V);
        T("type init 2", () => Bad.V);
        T("entry point", () => Missing());
        T("dll", () => NoDll());
        T("switch", () => s_zero switch { 5 => 1 });
        T("stack pop", () => new Stack<int>().Pop());
        T("unreachable", () => throw new System.Diagnostics.UnreachableException());
        T("not implemented", () => throw new NotImplementedException());
        T("timer", () => new Timer(_ => { }, null, -5, 0));
        T("bad image", () => System.Reflection.Assembly.Load(new byte[] { 1, 2, 3 }));
    }

    private static class Bad { public static int V = int.Parse("bad"); static Bad() { } }
    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "no_such_entry_point")] private static extern int Missing();
    [System.Runtime.InteropServices.DllImport("no_such_library_at_all")] private static extern int NoDllCall();

    private static object NoDll()
    {
        try { return NoDllCall(); } catch (DllNotFoundException e) { return e.GetType().Name + e.Message.Split('\n')[0].Length; }
    }
}
