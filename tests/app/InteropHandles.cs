// SafeHandle, CriticalHandle and HandleRef: by value, by reference, out, returned; counts, closed and null handles, classes without a
// constructor; fields of structs.
// native: lib/Interop.c
// also: common/Native.cs
using System.Runtime.InteropServices;
using static Native;

internal sealed class Safe : SafeHandle
{
    public Safe() : base(0, true) => Console.WriteLine("made");
    public Safe(nint h) : base(0, true) => SetHandle(h);
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() { Console.WriteLine("released " + handle); return true; }
}

internal sealed class PrivateSafe : SafeHandle
{
    private PrivateSafe() : base(-1, true) { }
    public override bool IsInvalid => handle == -1;
    protected override bool ReleaseHandle() => true;
}

internal sealed class NoConstructor : SafeHandle
{
    public NoConstructor(int x) : base(0, true) => SetHandle(x);
    public override bool IsInvalid => false;
    protected override bool ReleaseHandle() => true;
}

internal sealed class ThrowsInConstructor : SafeHandle
{
    public ThrowsInConstructor() : base(0, true) => throw new FormatException("no handle");
    public override bool IsInvalid => false;
    protected override bool ReleaseHandle() => true;
}

internal abstract class AbstractCritical : CriticalHandle { protected AbstractCritical() : base(0) { } }

internal sealed class Critical : CriticalHandle
{
    public Critical() : base(0) { }
    public Critical(nint h) : base(0) => SetHandle(h);
    public nint Value => handle;
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() { Console.WriteLine("critical " + handle); return true; }
}

internal struct WithHandle { public Safe? H; public int N; }
internal struct WithCritical { public Critical? H; public int N; }

internal static class Program
{
    [DllImport(Lib)] private static extern nint handle_in(Safe? h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern nint base_in(SafeHandle h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern Safe safe_back(nint h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern PrivateSafe private_back(nint h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern NoConstructor no_constructor(nint h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern ThrowsInConstructor throws_in_constructor(nint h);
    [DllImport(Lib)] private static extern void handle_ref(ref Safe? h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void handle_in_ref(in Safe h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void handle_out(out Safe h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void no_constructor_out(out NoConstructor h);
    [DllImport(Lib)] private static extern void handle_keep(ref Safe h);
    [DllImport(Lib)] private static extern void handles_two(out Safe a, Safe b, out Safe c);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern nint critical_in(Critical? h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern Critical critical_back(nint h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void critical_ref(ref Critical h);
    [DllImport(Lib, EntryPoint = "handle_keep")] private static extern void critical_keep(ref Critical h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void critical_out(out Critical h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void abstract_out(out AbstractCritical h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern AbstractCritical abstract_back(nint h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern nint href_in(HandleRef h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern nint with_in(WithHandle h);
    [DllImport(Lib, EntryPoint = "handle_keep")] private static extern void with_ref(ref WithHandle h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void with_ref_changed(ref WithHandle h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void with_out(out WithHandle h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern nint with_critical(WithCritical h);
    [DllImport(Lib, EntryPoint = "handle_ref")] private static extern void with_critical_ref(ref WithCritical h);
    [DllImport(Lib, EntryPoint = "call_handle")] private static extern void call_in(Func<Safe, nint> f);
    private delegate nint TakesHandle(nint h);
    [DllImport(Lib)] private static extern void call_handle(TakesHandle f);
    private delegate nint TakesSafe(Safe h);
    [DllImport(Lib, EntryPoint = "handle_in")] private static extern nint delegate_in(Safe h, nint unused);

    private static string Of(SafeHandle h) => $"{h.DangerousGetHandle()} {h.IsClosed} {h.IsInvalid}";

    private static void Main()
    {
        P("in", () => { using var h = new Safe(7); return handle_in(h); });
        P("in base", () => { using var h = new Safe(8); return base_in(h); });
        P("in null", () => handle_in(null));
        P("in closed", () => { var h = new Safe(9); h.Dispose(); return handle_in(h); });
        P("in invalid", () => { var h = new Safe(0); return handle_in(h); });
        P("back", () => { using Safe h = safe_back(10); return Of(h); });
        P("back invalid", () => { using Safe h = safe_back(0); return Of(h); });
        P("back private", () => { using PrivateSafe h = private_back(10); return Of(h); });
        P("no constructor", () => no_constructor(10));
        P("throws in constructor", () => throws_in_constructor(10));
        P("ref", () => { Safe? h = new Safe(11), old = h; handle_ref(ref h); string s = $"{Of(h!)} {ReferenceEquals(h, old)} {Of(old)}"; old.Dispose(); h!.Dispose(); return s; });
        P("ref same", () => { Safe h = new Safe(12), old = h; handle_keep(ref h); string s = $"{Of(h)} {ReferenceEquals(h, old)}"; h.Dispose(); return s; });
        P("ref null", () => { Safe? h = null; handle_ref(ref h); return Of(h!); });
        P("in ref", () => { Safe h = new Safe(13); handle_in_ref(in h); string s = Of(h); h.Dispose(); return s; });
        P("out", () => { handle_out(out Safe h); string s = Of(h); h.Dispose(); return s; });
        P("no constructor out", () => { no_constructor_out(out NoConstructor h); return Of(h); });
        P("two", () => { using var b = new Safe(3); handles_two(out Safe a, b, out Safe c); string s = Of(a) + " " + Of(c); a.Dispose(); c.Dispose(); return s; });
        P("two null", () => { handles_two(out Safe a, null!, out Safe c); return Of(a); });
        P("critical", () => { using var h = new Critical(21); return critical_in(h); });
        P("critical null", () => critical_in(null));
        P("critical closed", () => { var h = new Critical(22); h.Dispose(); return critical_in(h); });
        P("critical back", () => { using Critical h = critical_back(23); return h.Value; });
        P("critical ref", () => { Critical h = new Critical(24), old = h; critical_ref(ref h); string s = $"{h.Value} {ReferenceEquals(h, old)} {old.Value}"; h.Dispose(); old.Dispose(); return s; });
        P("critical keep", () => { Critical h = new Critical(25), old = h; critical_keep(ref h); string s = $"{h.Value} {ReferenceEquals(h, old)}"; h.Dispose(); return s; });
        P("critical out", () => { critical_out(out Critical h); string s = h.Value.ToString(); h.Dispose(); return s; });
        P("abstract out", () => { abstract_out(out AbstractCritical h); return h; });
        P("abstract back", () => abstract_back(1));
        P("handle ref", () => href_in(new HandleRef(new object(), 31)));
        P("field", () => { using var h = new Safe(41); return with_in(new() { H = h, N = 1 }); });
        P("field null", () => with_in(default));
        P("field closed", () => { var h = new Safe(42); h.Dispose(); return with_in(new() { H = h }); });
        P("field ref", () => { using var h = new Safe(43); var w = new WithHandle { H = h, N = 1 }; with_ref(ref w); return ReferenceEquals(w.H, h); });
        P("field ref changed", () => { using var h = new Safe(44); var w = new WithHandle { H = h, N = 1 }; with_ref_changed(ref w); return Of(w.H!); });
        P("field out", () => { with_out(out WithHandle w); return Of(w.H!); });
        P("critical field", () => { using var h = new Critical(45); return with_critical(new() { H = h, N = 1 }); });
        P("critical field changed", () => { using var h = new Critical(46); var w = new WithCritical { H = h, N = 1 }; with_critical_ref(ref w); return w.H!.Value; });
        P("callback", () => call_handle(h => h + 1));
    }
}
