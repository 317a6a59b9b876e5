// compile: library
using System;
using System.Runtime.CompilerServices;

public class ModuleInitLib
{
    public static int Value = 5;
}
static class Init
{
    [ModuleInitializer]
    internal static void Run()
    {
        Console.WriteLine("module");
        throw new InvalidOperationException("no module today");
    }
}
