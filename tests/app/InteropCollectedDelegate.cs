// Native code calls a delegate that has died: the process ends and says which type it was.
// native: lib/Interop.c
// expect-exit: 134
// maps: no
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Callbacks
{
    internal class Outer { internal delegate int Int(int x); }
    internal static class Program
    {
        [DllImport("interop")] private static extern void keep(Outer.Int f);
        [DllImport("interop")] private static extern int call_kept(int x);
        [MethodImpl(MethodImplOptions.NoInlining)] private static void Give(int y) => keep(x => x + y);
        [MethodImpl(MethodImplOptions.NoInlining)] private static int Deep(int n) => n == 0 ? 0 : Deep(n - 1) + 1;

        private static void Main()
        {
            Give(Environment.ProcessorCount);
            Deep(50);
            for (int i = 0; i < 3; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
            Console.WriteLine("calling");
            Console.WriteLine(call_kept(1));
        }
    }
}
