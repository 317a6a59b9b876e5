// Default interface methods: diamonds, most specific override, re-abstraction, statics, private and base calls,
// structs, ambiguity at run time.
internal interface IA
{
    string M() => "IA.M";
    string N() => "IA.N/" + M();
    private string Secret() => "secret";
    string Reveal() => Secret();
    static string S() => "IA.S";
    int P { get => 1; set { } }
    event Action E { add { Console.WriteLine("add"); } remove { Console.WriteLine("remove"); } }
}

internal interface IB : IA { string IA.M() => "IB.M"; }
internal interface IC : IA { string IA.N() => "IC.N/" + M(); }
internal interface ID : IB, IC { string IA.M() => "ID.M"; }
internal interface IAbs : IA { abstract string IA.M(); }
internal class CA : IA { }
internal class CB : IB { }
internal class CBC : IB, IC { }
internal class CD : ID { }
internal class CD2 : CD, IA { public string M() => "CD2.M"; }
internal class CAbs : IAbs { public string M() => "CAbs.M"; }
internal struct SA : IA { public int Count; public int P { get => Count; set => Count = value; } }
internal struct SB : IA { public string N() => "SB.N"; }
internal interface IG<T> { string Who() => "IG<" + typeof(T).Name + ">"; T Echo(T t) => t; }
internal interface IG2<T> : IG<T[]>, IG<T> { string IG<T[]>.Who() => "IG2 array of " + typeof(T).Name; }
internal class G<T> : IG2<T> { }
internal class Multi : IG<int>, IG<string> { string IG<int>.Who() => "Multi int"; }
internal interface IVirtualBase { void Run() { Console.WriteLine("before"); Core(); Console.WriteLine("after"); } protected void Core(); }
internal class Runner : IVirtualBase { void IVirtualBase.Core() => Console.WriteLine("core"); }
internal interface ICounter { static int s_n; static ICounter() { s_n = 100; } int Next() => ++s_n; }
internal class Cnt : ICounter { }

internal interface ILog
{
    void Log(string s) => Console.WriteLine("log " + s);
    void Throwing() => throw new NotSupportedException("default body");
}

internal class Logger : ILog { }

internal static class Program
{
    private static string Show(IA a) => $"{a.M()} {a.N()} {a.Reveal()} {a.P}";
    private static string Constrained<T>(T t) where T : IA { t.P = 42; return t.M() + " " + t.P; }

    private static void Main()
    {
        foreach (IA a in new IA[] { new CA(), new CB(), new CBC(), new CD(), new CD2(), new CAbs(), new SA(), new SB() })
            Console.WriteLine(a.GetType().Name + ": " + Show(a));
        Console.WriteLine(IA.S());
        Console.WriteLine(Constrained(new SA()) + "|" + Constrained(new CA()) + "|" + Constrained(new SB()));
        IA box = new SA(); box.P = 7; Console.WriteLine(box.P);
        IG2<int> g = new G<int>(); Console.WriteLine($"{((IG<int>)g).Who()} {((IG<int[]>)g).Who()} {((IG<int>)g).Echo(5)}");
        IG2<string> gs = new G<string>();
        Console.WriteLine($"{((IG<string>)gs).Who()} {((IG<string[]>)gs).Who()} {((IG<string>)gs).Echo("e")}");
        var m = new Multi(); Console.WriteLine($"{((IG<int>)m).Who()} {((IG<string>)m).Who()}");
        ((IVirtualBase)new Runner()).Run();
        ICounter c = new Cnt(); Console.WriteLine(c.Next() + c.Next());
        IA ev = new CA(); Action h = () => { }; ev.E += h; ev.E -= h;
        ILog log = new Logger(); Action<string> del = log.Log; del("by delegate");
        try { log.Throwing(); } catch (NotSupportedException e) { Console.WriteLine(e.Message); }
    }
}
