// Its reference Lib is not there.
using System;
using System.Runtime.CompilerServices;
static class Missing
{
    [MethodImpl(MethodImplOptions.NoInlining)] static void Use() => Console.WriteLine(new L.Kept().F);
    static void Main(string[] args)
    {
        Console.WriteLine("start");
        if (args.Length > 0)
            try { Use(); }
            catch (Exception e) { Console.WriteLine(e.GetType() + ": " + e.Message + "|" + (e as System.IO.FileNotFoundException)?.FileName); }
        else Use();
        Console.WriteLine("end");
    }
}
