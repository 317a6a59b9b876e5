// Static constructors: precise ones run at first access, in order, once, and cycles see half-initialised classes.
internal static class Trace { public static void Say(string s) => Console.WriteLine(s); }

internal class Precise
{
    public static int Value = Init();
    static Precise() { Trace.Say("Precise cctor"); }
    private static int Init() { Trace.Say("Precise.Value"); return 5; }
    public static void Touch() => Trace.Say("Precise.Touch");
    public int Field;
}

internal class Derived : Precise
{
    public static int Other;
    static Derived() { Trace.Say("Derived cctor"); Other = Value + 1; }
}

internal class CycleA
{
    public static int X;
    static CycleA() { Trace.Say("A in, B.Y=" + CycleB.Y); X = CycleB.Y + 1; Trace.Say("A out"); }
}

internal class CycleB
{
    public static int Y;
    static CycleB() { Trace.Say("B in, A.X=" + CycleA.X); Y = CycleA.X + 10; Trace.Say("B out"); }
}

internal struct WithCctor
{
    public static readonly int S;
    public int Member;
    static WithCctor() { Trace.Say("struct cctor"); S = 3; }
    public WithCctor(int m) { Member = m; }
    public int Get() => Member;
}

internal class Failing
{
    public static int Runs;
    static Failing() { Trace.Say("Failing cctor"); throw new InvalidOperationException("inside"); }
    public static void Touch() { }
    public static int Field;
}

internal class Generic<T>
{
    public static readonly string Name;
    static Generic() { Name = typeof(T).Name; Trace.Say("Generic cctor " + Name); }
    public static void Touch() { }
}

internal interface IWithStatic
{
    static readonly int Made = Program.Report("interface initialiser", 77);
}

internal static class Program
{
    public static int Report(string s, int v) { Trace.Say(s); return v; }

    private static void Main()
    {
        Trace.Say("start");
        Precise.Touch();
        Precise.Touch();
        new Derived();
        Trace.Say("Derived.Other " + Derived.Other);
        Trace.Say("A.X " + CycleA.X + " B.Y " + CycleB.Y);
        WithCctor w = default;
        Trace.Say("default struct " + w.Member);
        Trace.Say("S " + WithCctor.S);
        for (int i = 0; i < 2; i++)
        {
            try { Failing.Touch(); }
            catch (TypeInitializationException e) { Trace.Say(e.TypeName + ": " + e.Message + " <- " + e.InnerException!.Message); }
        }
        try { Failing.Field = 1; } catch (TypeInitializationException e) { Trace.Say(e.InnerException!.GetType().Name); }
        try { new Failing(); }
        catch (TypeInitializationException e) { Trace.Say(e.InnerException is InvalidOperationException ? "same" : "other"); }
        Generic<int>.Touch();
        Generic<string>.Touch();
        Generic<object>.Touch();
        Generic<string>.Touch();
        Trace.Say(Generic<string>.Name);
        Trace.Say("made " + IWithStatic.Made);
        Trace.Say("end");
    }
}
