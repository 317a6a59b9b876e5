// StackTrace and StackFrame: frames of every kind of method, files and lines from the symbols, offsets, and the texts made of them.
// also: common/Ask.cs
// compile: debug
using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;

class Generic<T>
{
    [MethodImpl(MethodImplOptions.NoInlining)] public static StackTrace Of<U>(T a, U[] b, ref int c, out string? d, params List<T>[] e) { d = null; return new StackTrace(true); }
    public class Nested { public StackTrace this[int i] { [MethodImpl(MethodImplOptions.NoInlining)] get => new StackTrace(0, true); } }
}
struct Value { [MethodImpl(MethodImplOptions.NoInlining)] public StackTrace M(int? a, (int x, string y) b, Span<int> c, in DateTime d) => new StackTrace(true); public static StackTrace operator +(Value a, int b) => new StackTrace(true); }
interface IDefault { [MethodImpl(MethodImplOptions.NoInlining)] StackTrace Default() => new StackTrace(true); static virtual StackTrace Static() => new StackTrace(true); }
class Implements : IDefault { }
class Initialiser { public static StackTrace Trace = new StackTrace(true); }
class Constructor { public StackTrace Trace; public Constructor() { Trace = new StackTrace(true); } }

static class Program
{
    static void Show(string what, StackTrace t, int most = 3)
    {
        Console.WriteLine($"-- {what}");
        int n = 0;
        foreach (StackFrame f in t.GetFrames())
        {
            if (n++ == most)
                break;
            MethodBase? m = f.GetMethod();
            Console.WriteLine($"{m?.DeclaringType}.{m?.Name} {Path.GetFileName(f.GetFileName() ?? "none")}:{f.GetFileLineNumber()}:{f.GetFileColumnNumber()} native {f.GetNativeOffset() >= 0} il {(f.GetILOffset() >= 0)} {f.HasMethod()} {f.HasSource()} {f.HasILOffset()} {f.HasNativeImage()}");
        }
        foreach (string line in t.ToString().Split('\n').Take(most))
            Console.WriteLine(line.TrimEnd());
    }

    [MethodImpl(MethodImplOptions.NoInlining)] static StackTrace Skip(int n, bool files) => new StackTrace(n, files);
    [MethodImpl(MethodImplOptions.NoInlining)] static StackFrame Frame(int n, bool files) => new StackFrame(n, files);
    [MethodImpl(MethodImplOptions.NoInlining)] static StackTrace Down(int n) => n == 0 ? new StackTrace(true) : Down(n - 1);
    static IEnumerable<StackTrace> Iterator() { yield return new StackTrace(true); }
    static async Task<StackTrace> Async() { await Task.Yield(); return new StackTrace(true); }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Thrower(int n)
    {
        try
        {
            if (n == 0)
                throw new InvalidOperationException("bottom");
            Thrower(n - 1);
        }
        catch (InvalidOperationException e) when (n == 2)
        {
            throw new Exception("middle", e);
        }
        finally
        {
            GC.KeepAlive(n);
        }
    }

    static void Main()
    {
        int c = 0;
        Show("generic", Generic<string>.Of(null!, new[] { 1 }, ref c, out _));
        Show("generic over a value", Generic<int>.Of(0, new[] { "x" }, ref c, out _));
        Show("nested", new Generic<DateTime>.Nested()[1]);
        Show("struct", new Value().M(1, default, default, default));
        Show("operator", new Value() + 1);
        Show("default method", ((IDefault)new Implements()).Default());
        Show("initialiser", Initialiser.Trace, 1);
        Show("constructor", new Constructor().Trace);
        Show("iterator", Iterator().First(), 1);
        Show("async", Async().Result, 1);
        Func<StackTrace> lambda = () => new StackTrace(true);
        Show("lambda", lambda());
        Func<int, StackTrace> closure = x => { Func<StackTrace> inner = () => new StackTrace(x + c - x - c, true); return inner(); };
        Show("closure", closure(1));
        StackTrace Local() => new StackTrace(true);
        Show("local function", Local());
        Show("skipped", Skip(1, true));
        Show("without files", Skip(0, false));
        Show("recursion", Down(4), 6);
        Show("through reflection", (StackTrace)typeof(Program).GetMethod("Skip", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, [0, true])!, 1);
        Console.WriteLine(Skip(10000, true).FrameCount + " " + (Skip(10000, true).GetFrame(0) == null) + " [" + Skip(10000, true) + "]");
        Ask.Say("negative", () => new StackTrace(-1));
        Ask.Say("frame", () => { StackFrame f = Frame(0, true); return f.GetMethod() + " " + Path.GetFileName(f.GetFileName()) + f.GetFileLineNumber(); });
        Ask.Say("frame", () => { StackFrame f = Frame(1, false); return f.GetMethod()!.Name + " " + f.GetFileName() + f.GetFileLineNumber(); });
        Ask.Say("frame, far", () => { StackFrame f = Frame(10000, true); return f.GetMethod() + " " + f.GetFileName() + f.GetFileLineNumber() + f.GetILOffset() + f.GetNativeOffset(); });
        Ask.Say("frame, negative", () => new StackFrame(-1).GetMethod());
        Ask.Say("frame, made", () => { var f = new StackFrame("file.cs", 12, 3); return Path.GetFileName(f.GetFileName()) + f.GetFileLineNumber() + f.GetFileColumnNumber(); });
        Ask.Say("frame", () => { var t = new StackTrace(new StackFrame("file.cs", 5)); return t.FrameCount + Path.GetFileName(t.GetFrame(0)!.GetFileName()); });

        try { Thrower(4); }
        catch (Exception e)
        {
            Show("of an exception", new StackTrace(e, true), 9);
            Show("of the inner one", new StackTrace(e.InnerException!, true), 9);
            Show("skipped", new StackTrace(e, 1, true), 9);
            Console.WriteLine(e.StackTrace!.ReplaceLineEndings("\n"));
            Console.WriteLine(e.TargetSite + " " + e.Source + " " + e.InnerException!.TargetSite);
            Ask.Say("offsets", () => new StackTrace(e, false).GetFrames().All(f => f.GetILOffset() > 0 && f.GetNativeOffset() > 0));
        }
        Ask.Say("of none", () => new StackTrace(new Exception("x"), true).FrameCount);
        Ask.Say("of null", () => new StackTrace((Exception)null!));
        Ask.Say("method", () => MethodBase.GetCurrentMethod());
        Ask.Say("calling", () => Assembly.GetCallingAssembly().GetName().Name + Assembly.GetExecutingAssembly().GetName().Name + Assembly.GetEntryAssembly()!.GetName().Name);
        Ask.Say("info", () => DiagnosticMethodInfo.Create(new StackFrame(0)) is { } i ? i.Name + " " + i.DeclaringTypeName + " " + i.DeclaringAssemblyName : null);
        Ask.Say("info of a delegate", () => DiagnosticMethodInfo.Create(Local) is { } i ? i.Name + " " + i.DeclaringTypeName : null);
    }
}
