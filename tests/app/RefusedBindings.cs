// What reflection refuses: a delegate given a target that its method has no use for, arrays of open types, sizes of types without an unmanaged form,
// a method with a body in an imported type; and what a finished thread says of itself.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal delegate void Nothing();
internal delegate void TakesHost(Host h);
internal delegate void TakesInt(int i);
internal class Host
{
    public virtual void Virtual() { }
    public void Plain() { }
    public static void Static() { }
    public static void Extends(Host h) { }
}
internal sealed class HostChild : Host { }
internal struct Pair<T> { public T First; }
internal sealed class Box<T> { public T? Item; }

internal static unsafe class Program
{
    private struct NoElements { [MarshalAs(UnmanagedType.ByValArray, SizeConst = 0)] public int[] Items; }
    private struct OneElement { [MarshalAs(UnmanagedType.ByValArray)] public int[] Items; }

    private static void Try(string what, Func<object?> f)
    {
        try { Console.WriteLine($"{what}: {f()}"); }
        catch (Exception e) { Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message}"); }
    }

    private static void Main()
    {
        foreach (string name in new[] { "Virtual", "Plain", "Static", "Extends" })
            foreach (Type d in new[] { typeof(Nothing), typeof(TakesHost), typeof(TakesInt) })
                foreach (object? target in new object?[] { new Host(), new HostChild(), "text", null })
                    Try($"{name} as {d.Name} on {target?.GetType().Name ?? "null"}", () => typeof(Host).GetMethod(name)!.CreateDelegate(d, target).Method.Name);

        Nothing work = Host.Static;
        nint code = Marshal.GetFunctionPointerForDelegate(work);
        foreach (Type t in new[] { typeof(MulticastDelegate), typeof(Delegate), typeof(TakesInt), typeof(object) })
        {
            Try($"{t} of managed code", () => Marshal.GetDelegateForFunctionPointer(code, t).GetType());
            Try($"{t} of other code", () => Marshal.GetDelegateForFunctionPointer(4096, t).GetType());
        }
        GC.KeepAlive(work);

        Type open = typeof(Box<>), variable = open.GetGenericArguments()[0];
        foreach (Type t in new[] { variable, open, open.MakeGenericType(variable), typeof(Pair<>), typeof(int*), typeof(Box<int>) })
        {
            Try($"array of {t}", () => Array.CreateInstance(t, 1));
            Try($"array of {t} from 1", () => Array.CreateInstance(t, [1], [1]));
            Try($"as array of {t}", () => Array.CreateInstanceFromArrayType(t.MakeArrayType(), 1));
            Try($"size of {t}", () => Marshal.SizeOf(t));
        }
        Try("size of pointer to function", () => Marshal.SizeOf(typeof(delegate*<void>)));
        Try("size of reference", () => Marshal.SizeOf(typeof(int).MakeByRefType()));
        Try("size without elements", () => Marshal.SizeOf<NoElements>());
        Try("offset without elements", () => Marshal.OffsetOf<NoElements>("Items"));
        Try("copy without elements", () => { nint p = Marshal.AllocHGlobal(64); Marshal.StructureToPtr(new NoElements(), p, false); return null; });
        Try("size with one", () => Marshal.SizeOf<OneElement>());
        Try("shared code's own type", () => RuntimeHelpers.GetUninitializedObject(open.MakeGenericType(Type.GetType("System.__Canon")!)));

        Try("made of it", () => Activator.CreateInstance(open.MakeGenericType(Type.GetType("System.__Canon")!)));

        ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Imports"), AssemblyBuilderAccess.Run).DefineDynamicModule("Imports");
        TypeBuilder imported = module.DefineType("Imported", TypeAttributes.Public | TypeAttributes.Import);
        imported.DefineMethod("Body", MethodAttributes.Public | MethodAttributes.Static).GetILGenerator().Emit(OpCodes.Ret);
        Try("import with a body", imported.CreateType);
        Try("import without", () => module.DefineType("Empty", TypeAttributes.Public | TypeAttributes.Import | TypeAttributes.Interface | TypeAttributes.Abstract).CreateType());

        var thread = new Thread(() => { }) { IsBackground = true };
        Try("before", () => thread.ThreadState);
        thread.Start();
        thread.Join();
        Try("after", () => thread.ThreadState);
        Try("background", () => thread.IsBackground);
    }
}
