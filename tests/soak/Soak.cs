// soak [MINUTES] [LOAD ...]: runs all loads at once, each on its own thread, and checks what they made (docs/book/measuring.md).
// A LOAD may be a name, to run only the named ones, or -NAME to leave one out.
// soak cycles [CONTEXTS [METHODS]]: collectible contexts and dynamic methods one after another (tests/app/UnloadCycles.cs); 10000 and 100000.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;

static class Soak
{
    public static volatile bool Stop;
    static readonly object failGate = new();

    /// One load: Step is called again and again by one thread.
    sealed class Load
    {
        public string Name;
        public Action<Random> Step;
        public long Steps, SeenSteps, SeenAt;
    }

    static readonly Load[] all =
    {
        new() { Name = "trees", Step = new Trees().Step },
        new() { Name = "graph", Step = new Graph().Step },
        new() { Name = "arrays", Step = new Arrays().Step },
        new() { Name = "large", Step = new Large().Step },
        new() { Name = "copies", Step = new Copies().Step },
        new() { Name = "pins", Step = new Pins().Step },
        new() { Name = "finals", Step = new Finals().Step },
        new() { Name = "weak", Step = new Weak().Step },
        new() { Name = "throws", Step = new Throws().Step },
        new() { Name = "tasks", Step = new Tasks().Step },
        new() { Name = "timers", Step = new Timers().Step },
        new() { Name = "monitors", Step = new Monitors().Step },
        new() { Name = "threads", Step = new Threads().Step },
        new() { Name = "text", Step = new Text().Step },
        new() { Name = "code", Step = new Code().Step },
        new() { Name = "collects", Step = new Collects().Step },
        new() { Name = "unload", Step = new Unload().Step },
    };

    public static void Check(bool good, string what)
    {
        if (!good) Fail(what + "\n" + Environment.StackTrace);
    }

    public static void Fail(string what)
    {
        lock (failGate)
        {
            Console.WriteLine("soak: FAILED: " + what);
            Environment.Exit(1);
        }
    }

    static double Status(string key)
    {
        foreach (string l in File.ReadLines("/proc/self/status"))
            if (l.StartsWith(key, StringComparison.Ordinal)) return long.Parse(l.AsSpan(key.Length).Trim().TrimEnd("kB").Trim()) / 1024.0;
        return 0;
    }

    static void Run(Load load, int seed)
    {
        var random = new Random(seed);
        try
        {
            while (!Stop)
            {
                load.Step(random);
                Volatile.Write(ref load.Steps, load.Steps + 1);
            }
        }
        catch (Exception e) { Fail(load.Name + ": " + e); }
    }

    static List<Load> Chosen(string[] args)
    {
        var names = args.Where(a => a[0] != '-').ToList();
        foreach (string a in args)
            if (!all.Any(l => l.Name == a.TrimStart('-'))) { Console.Error.WriteLine("no such load: " + a); Environment.Exit(2); }
        return all.Where(l => names.Count > 0 ? names.Contains(l.Name)
            : !args.Contains("-" + l.Name)).ToList();
    }

    static int Main(string[] args)
    {
        if (args.Length > 0 && args[0] == "cycles") return UnloadCycles.Main(args.Length > 1 ? args[1..] : ["10000", "100000"]);
        double minutes = 60;
        if (args.Length > 0 && double.TryParse(args[0], out minutes)) args = args[1..];
        else minutes = 60;
        List<Load> loads = Chosen(args);
        var watch = Stopwatch.StartNew();
        var threads = new List<Thread>();
        for (int i = 0; i < loads.Count; i++)
        {
            Load l = loads[i];
            int seed = 1000 + i;
            var t = new Thread(() => Run(l, seed)) { Name = l.Name, IsBackground = true };
            t.Start();
            threads.Add(t);
        }
        string verdict = Watch(loads, watch, minutes * 60);
        Stop = true;
        foreach (Thread t in threads)
            if (!t.Join(60000)) Fail("the thread of " + t.Name + " does not end");
        if (verdict != null) Fail(verdict);
        Console.WriteLine($"soak: {minutes:0.#} minutes, no growth");
        return 0;
    }

    /// Prints a line every ten seconds; null, or what grew.
    static string Watch(List<Load> loads, Stopwatch watch, double seconds)
    {
        List<double> plateauRss = [], plateauHeap = [], lateRss = [], lateHeap = [];
        double every = Math.Min(10, seconds / 12), slack = 32 + 64 * 60 / seconds;      // few samples scatter
        for (double next = every; watch.Elapsed.TotalSeconds < seconds; next += every)
        {
            double wait = Math.Min(next, seconds) - watch.Elapsed.TotalSeconds;
            if (wait > 0) Thread.Sleep(TimeSpan.FromSeconds(wait));
            double at = watch.Elapsed.TotalSeconds, rss = Status("VmRSS:"), heap = GC.GetTotalMemory(false) / 1048576.0;
            Console.WriteLine($"{at,6:0} s rss={rss:0} heap={heap:0} peak={Status("VmHWM:"):0} MB gc={GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)}"
                + $" paused={GC.GetTotalPauseDuration().TotalSeconds:0.0} s threads={Process.GetCurrentProcess().Threads.Count}"
                + " " + string.Join(" ", loads.Select(l => l.Name + "=" + Volatile.Read(ref l.Steps))));
            foreach (Load l in loads)
            {
                long steps = Volatile.Read(ref l.Steps);
                if (steps != l.SeenSteps) (l.SeenSteps, l.SeenAt) = (steps, (long)at);
                else if (at - l.SeenAt > 120) return l.Name + " stands still";
            }
            if (at <= seconds / 3) continue;
            (at <= seconds * 2 / 3 ? plateauRss : lateRss).Add(rss);
            (at <= seconds * 2 / 3 ? plateauHeap : lateHeap).Add(heap);
        }
        return Grown("resident memory", plateauRss, lateRss, slack) ?? Grown("the heap", plateauHeap, lateHeap, slack);
    }

    /// Compares medians and, more loosely, maxima of the second and the last third.
    static string Grown(string what, List<double> plateau, List<double> late, double slack)
    {
        if (plateau.Count == 0 || late.Count == 0) return null;
        double Median(List<double> v) { v.Sort(); return v[v.Count / 2]; }
        double before = Median(plateau), after = Median(late);
        if (after > before * 1.1 + slack) return $"{what} grew: median {before:0}, then {after:0} MB";
        if (late.Max() > plateau.Max() * 1.4 + slack) return $"{what} grew: at most {plateau.Max():0}, then {late.Max():0} MB";
        return null;
    }
}
