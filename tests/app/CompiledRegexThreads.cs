// stress: 20
// Code made at run time that several threads ask for at once: one makes its body, the others wait for it.
using System.Reflection.Emit;
using System.Text.RegularExpressions;

internal static class Program
{
    private static int bad;

    private static void Together(Action one)
    {
        using var barrier = new Barrier(3);
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            barrier.SignalAndWait();
            try { one(); }
            catch (Exception e) { if (Interlocked.Increment(ref bad) == 1) Console.WriteLine(e); }
        }))];
        foreach (Thread t in threads) t.Start();
        foreach (Thread t in threads) t.Join();
    }

    private static void Main()
    {
        int matches = 0, sums = 0;
        for (int k = 0; k < 30; k++)
        {
            var r = new Regex($"^<([a-z_0-9]*)>F([0-9A-F]{{8}})__{k}", RegexOptions.Compiled);
            Together(() => { if (r.Match($"<abc>F0123ABCD__{k}").Groups[1].Value == "abc") Interlocked.Increment(ref matches); });
            var m = new DynamicMethod("Sum", typeof(int), [typeof(int)]);
            ILGenerator il = m.GetILGenerator();
            Label end = il.DefineLabel();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Brfalse, end);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldc_I4_1);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Call, m);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Ret);
            il.MarkLabel(end);
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Ret);
            Together(() => Interlocked.Add(ref sums, m.CreateDelegate<Func<int, int>>()(10)));
        }
        Console.WriteLine($"{matches} matches, {sums}, {bad} failed");
    }
}
