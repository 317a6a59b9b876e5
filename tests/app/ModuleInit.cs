// A module's constructor runs before the first static of it is used from elsewhere, and its failure meets every user.
// ref: ModuleInitLib
using System;
using System.Runtime.CompilerServices;

static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)] static int Read() => ModuleInitLib.Value;
    static void Use(int n)
    {
        try { Console.WriteLine(n + " " + Read()); }
        catch (TypeInitializationException e) { Console.WriteLine(n + " " + e.TypeName + ": " + e.InnerException.Message); }
    }
    static void Main()
    {
        Console.WriteLine("before");
        Use(1);
        Use(2);
    }
}
