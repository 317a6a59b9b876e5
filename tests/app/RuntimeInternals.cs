// Internal methods of the class library that only rare paths reach, called by reflection: handles, polls, messages, boxes.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

public struct Begins
{
    public static int Made;
    public int A;
    public Begins() { A = 7; Made++; }
}

internal sealed class Old : Stream
{
    public List<string> Calls = [];
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => 0;
    public override long Position { get => 0; set { } }
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) { Calls.Add("Read"); return 0; }
    public override long Seek(long offset, SeekOrigin origin) => 0;
    public override void SetLength(long value) { }
    public override void Write(byte[] buffer, int offset, int count) => Calls.Add("Write");
    public override IAsyncResult BeginRead(byte[] b, int o, int c, AsyncCallback? cb, object? s) { Calls.Add("BeginRead"); return base.BeginRead(b, o, c, cb, s); }
}

internal static class Program
{
    private const BindingFlags Hidden = BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public;

    private static MethodInfo Method(Type t, string name, int parameters = -1) =>
        t.GetMethods(Hidden).First(m => m.Name == name && (parameters < 0 || m.GetParameters().Length == parameters));

    private static Type Core(string name) => typeof(object).Assembly.GetType(name, true)!;

    private static void Handles()
    {
        object target = new();
        MethodInfo alloc = Method(typeof(GCHandle), "InternalAllocWithGCTransition"), free = Method(typeof(GCHandle), "InternalFreeWithGCTransition");
        object handle = alloc.Invoke(null, [target, GCHandleType.Normal])!;
        Console.WriteLine(GCHandle.FromIntPtr((nint)handle).Target == target);
        free.Invoke(null, [handle]);
        MethodInfo dependent = Method(typeof(DependentHandle), "InternalAllocWithGCTransition"), gone = Method(typeof(DependentHandle), "InternalFreeWithGCTransition");
        object d = dependent.Invoke(null, [target, "dependent"])!;
        Console.WriteLine((nint)d != 0);
        gone.Invoke(null, [d]);
        GC.KeepAlive(target);
        RuntimeTypeHandle th = typeof(Old).TypeHandle;
        object cached = Method(typeof(RuntimeTypeHandle), "GetGCHandle", 1).Invoke(th, [GCHandleType.Weak])!;
        Method(typeof(RuntimeTypeHandle), "FreeGCHandle", 1).Invoke(th, [cached]);
        Method(typeof(Thread), "PollGC").Invoke(null, null);
        Method(typeof(Thread), "PollGCInternal").Invoke(null, null);
        Method(typeof(Thread), "CatchAtSafePoint").Invoke(null, null);
        Console.WriteLine((ulong)Method(typeof(Thread), "GetCurrentOSThreadId").Invoke(null, null)! != 0);
        Method(typeof(System.Diagnostics.Debugger), "<NotifyOfCrossThreadDependency>g__NotifyOfCrossThreadDependencySlow|4_0").Invoke(null, null);
        MethodInfo at = Method(typeof(System.Diagnostics.StackFrame), "GetMethodFromNativeIP");
        Console.WriteLine(at.Invoke(null, [System.Diagnostics.StackFrameExtensions.GetNativeIP(new System.Diagnostics.StackFrame(0))]));
        Console.WriteLine(at.Invoke(null, [(nint)16]) ?? "no method there");
        try { System.Reflection.Metadata.MetadataUpdater.ApplyUpdate(typeof(Program).Assembly, [], [], []); }
        catch (Exception e) { Console.WriteLine($"{e.GetType().Name}: {e.Message}"); }
        try { System.Reflection.Metadata.MetadataUpdater.ApplyUpdate(null!, [], [], []); }
        catch (Exception e) { Console.WriteLine($"{e.GetType().Name}: {e.Message}"); }
        Console.WriteLine(System.Reflection.Metadata.MetadataUpdater.IsSupported);
    }

    private static void Messages()
    {
        Console.WriteLine(new BadImageFormatException(null, "some.dll").Message);
        Console.WriteLine(new FileLoadException(null, "some.dll").Message);
        Console.WriteLine(new FileNotFoundException(null, "some.dll").Message);
        ConstructorInfo load = typeof(FileLoadException).GetConstructor(Hidden, [typeof(string), typeof(int)])!;
        foreach (int hr in new[] { unchecked((int)0x80131040), unchecked((int)0x80131621), unchecked((int)0x8007000B), unchecked((int)0x80070002), unchecked((int)0x80131018), unchecked((int)0x80004005), 5 })
            Console.WriteLine(((Exception)load.Invoke(["lib, Version=1.0.0.0", hr])).Message);
        ConstructorInfo bad = typeof(BadImageFormatException).GetConstructor(Hidden, [typeof(string), typeof(int)])!;
        Console.WriteLine(((Exception)bad.Invoke(["lib", unchecked((int)0x8007000B)])).Message);
        ConstructorInfo type = typeof(TypeLoadException).GetConstructor(Hidden, [typeof(string), typeof(string), typeof(string), typeof(int)])!;
        foreach (int id in new[] { 0 })
            Console.WriteLine(((Exception)type.Invoke(["Ns.Name", "Lib", "argument", id])).Message);
        Console.WriteLine(new TypeLoadException(null).Message.Length > 0);
        MethodInfo message = Method(Core("Interop+Kernel32"), "GetMessage", 1);
        foreach (int error in new[] { 2, 5, 6, 87, 123, 183, 206, 0x2ee7, 99999 }) Console.WriteLine($"{error}: {message.Invoke(null, [error])}");
    }

    private static void Values()
    {
        var items = new Begins[3];
        items.Initialize();
        Console.WriteLine($"{Begins.Made} {items.Sum(x => x.A)}");
        new int[2].Initialize();
        new string[2].Initialize();
        int? some = 5, none = null;
        TypedReference a = __makeref(some), b = __makeref(none);
        Console.WriteLine($"{TypedReference.ToObject(a)} {TypedReference.ToObject(b) ?? "null"} {TypedReference.GetTargetType(a)}");
        Console.WriteLine($"{RuntimeHelpers.Box(ref Unsafe.As<int?, byte>(ref some), typeof(int?).TypeHandle)} {RuntimeHelpers.Box(ref Unsafe.As<int?, byte>(ref none), typeof(int?).TypeHandle) ?? "null"}");
        var outer = new Outer { Inner = new Inner { Number = 41 } };
        TypedReference r = TypedReference.MakeTypedReference(outer, [typeof(Outer).GetField("Inner")!, typeof(Inner).GetField("Number")!]);
        Console.WriteLine(__refvalue(r, int) + 1);
        try { TypedReference.MakeTypedReference(outer, []); } catch (ArgumentException e) { Console.WriteLine(e.Message); }
    }

    private sealed class Outer { public Inner Inner; }
    private struct Inner { public int Number; }

    private static void Streams()
    {
        using var s = new Old();
        byte[] buffer = new byte[4];
        Console.WriteLine(s.ReadAsync(buffer, 0, 4).Result);
        s.WriteAsync(buffer, 0, 4).Wait();
        Console.WriteLine(s.EndRead(s.BeginRead(buffer, 0, 4, null, null)));
        using Stream synced = Stream.Synchronized(s);
        synced.EndRead(synced.BeginRead(buffer, 0, 4, null, null));
        synced.EndWrite(synced.BeginWrite(buffer, 0, 4, null, null));
        Console.WriteLine(string.Join(" ", s.Calls));
    }

    private static unsafe void Rare()
    {
        int* registers = stackalloc int[4];
        Method(typeof(System.Runtime.Intrinsics.X86.X86Base), "__cpuidex").Invoke(null, [Pointer.Box(registers, typeof(int*)), 0, 0]);
        Console.WriteLine(registers[0] > 0 && registers[1] != 0);
        Type tracker = Core("System.Runtime.InteropServices.TrackerObjectManager");
        Console.WriteLine($"{tracker.GetProperty("HasReferenceTrackerManager", Hidden)!.GetValue(null)} {Method(tracker, "TryRegisterReferenceTrackerManager").Invoke(null, [(nint)0])}");
        Method(tracker, "RegisterGCCallbacks").Invoke(null, null);
        RuntimeHelpers.RunClassConstructor(Core("System.Runtime.InteropServices.ReferenceTrackerHost+HostServices").TypeHandle);
        ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("made"), AssemblyBuilderAccess.Run).DefineDynamicModule("made");
        TypeBuilder type = module.DefineType("T", TypeAttributes.Public);
        Console.WriteLine($"{module.GetSignatureMetadataToken(SignatureHelper.GetLocalVarSigHelper(module)):x} {module.GetStringMetadataToken("text"):x}");
        ILGenerator il = type.DefineMethod("M", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(nint), typeof(int)]).GetILGenerator();
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_0);
        il.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(int), [typeof(int)], null);
        il.Emit(OpCodes.Ret);
        delegate*<int, int> twice = &Twice;
        Console.WriteLine(type.CreateType().GetMethod("M")!.Invoke(null, [(nint)twice, 21]));
    }

    private static int Twice(int x) => x * 2;

    private static void Main()
    {
        Rare();
        Handles();
        Messages();
        Values();
        Streams();
    }
}
