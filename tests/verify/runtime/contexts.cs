// Contexts by name, and what becomes of code in them.
//   contexts attack NEIGHBOUR HOSTILE   two contexts; each A.. method of Hostile is called with the neighbour's objects
//   contexts load FILE NAME...          a context of each name (a leading + makes it collectible) calls Refused.Confused of the file
using System;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Security;

static class Contexts
{
    static object? Call(Type t, string name, params object[] args) =>
        t.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.Invoke(null, args);

    static void Attack(string neighbour, string hostile)
    {
        var a = new AssemblyLoadContext("neighbour", true);
        var b = new AssemblyLoadContext("hostile", true);
        b.Resolving += (_, name) => name.Name == "neighbour" ? a.Assemblies.Single() : null;
        Type ledger = a.LoadFromAssemblyPath(neighbour).GetType("Ledger")!;
        Type attacks = b.LoadFromAssemblyPath(hostile).GetType("Hostile")!;
        object before = Call(ledger, "Checksum")!;
        Call(ledger, "Start");
        int rejected = 0, all = 0;
        object victim = Call(ledger, "Give")!, entries = Call(ledger, "Entries")!;
        foreach (MethodInfo m in attacks.GetMethods(BindingFlags.Static | BindingFlags.Public).Where(m => m.Name.StartsWith('A')))
        {
            all++;
            try
            {
                m.Invoke(null, new[] { victim, entries });
                Console.WriteLine($"{m.Name} ran");
            }
            catch (TargetInvocationException e) when (e.InnerException is VerificationException)
            {
                rejected++;
            }
            catch (TargetInvocationException e)
            {
                Console.WriteLine($"{m.Name}: {e.InnerException!.GetType().Name}: {e.InnerException.Message}");
            }
        }
        Console.WriteLine($"rejected {rejected} of {all}");
        Console.WriteLine($"harmless: {Call(attacks, "Harmless", victim)}");
        Console.WriteLine($"neighbour stopped: {Call(ledger, "Stop")}; unchanged: {before.Equals(Call(ledger, "Checksum"))}");
    }

    static void Load(string file, string[] names)
    {
        foreach (string name in names)
        {
            var c = new AssemblyLoadContext(name.TrimStart('+'), name[0] == '+');
            string got = "ran";
            try
            {
                Call(c.LoadFromAssemblyPath(file).GetType("Refused")!, "Confused");
            }
            catch (TargetInvocationException e)
            {
                got = e.InnerException!.GetType().Name;
            }
            Console.WriteLine($"{name}: {got}");
        }
    }

    static void Main(string[] args)
    {
        if (args[0] == "attack")
            Attack(args[1], args[2]);
        else
            Load(args[1], args[2..]);
    }
}
