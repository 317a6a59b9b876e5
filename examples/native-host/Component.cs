// What the two C programs beside this file call.
using System;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Threading;

[StructLayout(LayoutKind.Sequential)]
public struct Request { public int Number; public IntPtr Text; }

public delegate double ScaleFunction(double x, int n);

public static unsafe class Component
{
    private static int s_calls;

    // The signature that is called when the host names no delegate type.
    public static int Hello(IntPtr argument, int size)
    {
        var request = Marshal.PtrToStructure<Request>(argument);
        Console.WriteLine($"Hello {size} {request.Number} {Marshal.PtrToStringUTF8(request.Text)} call {++s_calls}");
        return request.Number * 2;
    }

    public static double Scale(double x, int n) => x * n;

    [UnmanagedCallersOnly]
    public static int Add(int a, int b) => a + b;

    [UnmanagedCallersOnly]
    public static void Each(delegate* unmanaged<int, void*, void> callback, int n, void* state)
    {
        for (int i = 0; i < n; i++) callback(i, state);
        GC.Collect();
    }

    [UnmanagedCallersOnly]
    public static int Thread() =>
        System.Threading.Thread.CurrentThread.IsBackground && System.Threading.Thread.CurrentThread.ManagedThreadId > 0 ? ++s_calls : -1;

    [UnmanagedCallersOnly]
    public static void Describe()
    {
        Assembly a = typeof(Component).Assembly;
        AssemblyLoadContext c = AssemblyLoadContext.GetLoadContext(a)!;
        Console.WriteLine($"{a.GetName().Name} in {(c == AssemblyLoadContext.Default ? "Default" : c.GetType().Name)} {c.Name == a.Location} entry {Assembly.GetEntryAssembly()?.GetName().Name ?? "none"}");
        Console.WriteLine($"{AppContext.GetData("my.property") ?? "no property"} {AppContext.TryGetSwitch("My.Switch", out bool on)} {on} {AppContext.BaseDirectory.Length > 0}");
    }

    [UnmanagedCallersOnly]
    public static int Caught() { try { throw new FormatException("inside"); } catch (FormatException e) { return e.Message.Length; } }

    [UnmanagedCallersOnly]
    public static void Throw() => throw new InvalidOperationException("nobody catches this");

    [UnmanagedCallersOnly]
    public static void Exit() => Environment.Exit(17);

    [UnmanagedCallersOnly]
    public static void OnExit() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("ProcessExit");
}
