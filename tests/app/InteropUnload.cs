// Native calls of a collectible assembly: strings, structs, callbacks, custom marshalers and function pointers do not keep it loaded.
// native: lib/Interop.c
// also: common/Native.cs
// maps: no
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

internal struct SText { public string? S; public int N; }
internal delegate SText Back(SText s, int size);

internal sealed class Upper : ICustomMarshaler
{
    public static ICustomMarshaler GetInstance(string cookie) => new Upper();
    public void CleanUpManagedData(object o) { }
    public void CleanUpNativeData(nint p) => Marshal.FreeCoTaskMem(p);
    public int GetNativeDataSize() => -1;
    public nint MarshalManagedToNative(object o) => Marshal.StringToCoTaskMemUTF8(((string)o).ToUpperInvariant());
    public object MarshalNativeToManaged(nint p) => Marshal.PtrToStringUTF8(p)!;
}

public static unsafe class Work
{
    [DllImport(Native.Lib)] private static extern int str_in(string s);
    [DllImport(Native.Lib, EntryPoint = "str_in")] private static extern int upper([MarshalAs(UnmanagedType.CustomMarshaler, MarshalTypeRef = typeof(Upper))] string s);
    [DllImport(Native.Lib)] private static extern SText call_SText(Back f, SText s);
    [UnmanagedCallersOnly] private static int Plus(int x) => x + 1;
    [DllImport(Native.Lib)] private static extern int call_int(delegate* unmanaged<int, int> f, int x);

    public static string Run(int n)
    {
        SText t = call_SText((s, size) => new SText { S = s.S + "!", N = s.N + n }, new SText { S = "text", N = 4 });
        nint p = Marshal.AllocHGlobal(16);
        Marshal.StructureToPtr(t, p, false);
        SText u = Marshal.PtrToStructure<SText>(p);
        Marshal.DestroyStructure<SText>(p);
        Marshal.FreeHGlobal(p);
        int f = ((delegate* unmanaged<string, int>)NativeLibrary.GetExport(NativeLibrary.Load(Native.Lib, typeof(Work).Assembly, null), "str_in"))("pointer");
        return $"{str_in("abc")} {upper("def")} {u.S} {u.N} {f} {call_int(&Plus, n)} {Native.Seen()}";
    }
}

internal static class Program
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Load(int n)
    {
        var context = new AssemblyLoadContext("native", isCollectible: true);
        Assembly a = context.LoadFromAssemblyPath(typeof(Program).Assembly.Location);
        Console.WriteLine(a.GetType("Work")!.GetMethod("Run")!.Invoke(null, [n]));
        context.Unload();
        return new WeakReference(context);
    }

    private static void Main()
    {
        for (int n = 0; n < 3; n++)
        {
            WeakReference context = Load(n);
            for (int i = 0; i < 12 && context.IsAlive; i++) { GC.Collect(); GC.WaitForPendingFinalizers(); }
            Console.WriteLine(context.IsAlive ? "still loaded" : "unloaded");
        }
        Console.WriteLine(Work.Run(9));
    }
}
