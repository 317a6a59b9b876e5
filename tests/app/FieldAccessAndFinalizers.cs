// Fields read and written through reflection until the fast accessors take over, field handles, objects with finalizers made without
// their constructors, registration for finalization, memory figures, methods behind the frames of dynamic methods.
using System.Diagnostics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

internal class Box { public int Number; public string? Text; public long Wide; public Guid Id; public static int Shared = 3; public static string Name = "n"; }
internal struct Pair { public int A; public object? B; }
internal sealed class Finalized { public int Value = 7; ~Finalized() { Value = 0; } }
internal sealed class Holder<T> { public T? Item; public static T? Common; }

internal static class Program
{
    private static void Main()
    {
        var box = new Box();
        foreach (FieldInfo f in new[] { typeof(Box).GetField("Number")!, typeof(Box).GetField("Text")!, typeof(Box).GetField("Wide")!, typeof(Box).GetField("Id")! })
        {
            object value = f.FieldType == typeof(int) ? 5 : f.FieldType == typeof(string) ? "five" : f.FieldType == typeof(long) ? 5L : new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
            for (int i = 0; i < 4; i++)
            {
                f.SetValue(box, value);
                Console.Write($"{f.GetValue(box)} ");
            }
        }
        Console.WriteLine();
        FieldInfo shared = typeof(Box).GetField("Shared")!, name = typeof(Box).GetField("Name")!;
        for (int i = 0; i < 4; i++)
        {
            shared.SetValue(null, (int)shared.GetValue(null)! + i);
            name.SetValue(null, name.GetValue(null) + "x");
        }
        Console.WriteLine($"{Box.Shared} {Box.Name}");
        object pair = new Pair { A = 1, B = "b" };
        FieldInfo a = typeof(Pair).GetField("A")!, b = typeof(Pair).GetField("B")!;
        for (int i = 0; i < 3; i++)
            a.SetValue(pair, (int)a.GetValue(pair)! + 10);
        Console.WriteLine($"{a.GetValue(pair)} {b.GetValue(pair)}");

        FieldInfo item = typeof(Holder<string>).GetField("Item")!;
        Console.WriteLine(FieldInfo.GetFieldFromHandle(item.FieldHandle, typeof(Holder<string>).TypeHandle) == item);
        Console.WriteLine(FieldInfo.GetFieldFromHandle(a.FieldHandle) == a);
        typeof(Holder<int>).GetField("Common")!.SetValue(null, 9);
        Console.WriteLine(Holder<int>.Common);

        var bare = (Finalized)RuntimeHelpers.GetUninitializedObject(typeof(Finalized));
        Console.WriteLine(bare.Value);
        for (int i = 0; i < 3; i++)
            Console.Write(((Finalized)Activator.CreateInstance(typeof(Finalized))!).Value + Activator.CreateInstance<Finalized>().Value + " ");
        Console.WriteLine();
        GC.SuppressFinalize(bare);
        GC.ReRegisterForFinalize(bare);
        try { GC.ReRegisterForFinalize(null!); } catch (ArgumentNullException e) { Console.WriteLine(e.ParamName); }
        Console.WriteLine(GC.GetTotalMemory(false) > 0);
        GC.KeepAlive(bare);

        var dynamic = new DynamicMethod("Thrower", typeof(int), new[] { typeof(Box) }, typeof(Program).Module, true);
        ILGenerator il = dynamic.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, typeof(Box).GetField("Number")!);
        il.Emit(OpCodes.Ret);
        var read = dynamic.CreateDelegate<Func<Box, int>>();
        Console.WriteLine(read(box));
        try { read(null!); }
        catch (NullReferenceException e)
        {
            var trace = new StackTrace(e);
            Console.WriteLine($"{trace.FrameCount} {trace.GetFrame(0)!.GetMethod()?.Name} {trace.GetFrame(1)!.GetMethod()?.Name}");
        }
        Console.WriteLine(read.Method.Name);
    }
}
