// Marshalling through stubs both ways: structs by value with strings and bools, ref bool and ref string, out handles, layout
// classes, arrays of bool, UTF-16 builders; a delegate's own native pointer is called as if it were native code.
using System.Runtime.InteropServices;
using System.Text;

[StructLayout(LayoutKind.Sequential)] internal struct Small { public bool B; public char C; public float F; public float G; }
[StructLayout(LayoutKind.Sequential)] internal struct Floats { public double D; [MarshalAs(UnmanagedType.U1)] public bool B; }
[StructLayout(LayoutKind.Sequential)] internal struct Named { public string? Name; public int N; public Small S; }
[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)] internal class Rec { public int A; public string? S; public char C; }
[StructLayout(LayoutKind.Sequential)] internal class Plain { public int X; public int Y; }

internal delegate Small OnSmall(Small s, int add);
internal delegate double OnFloats(Floats f, double x);
internal delegate Named OnNamed(Named n, ref bool flag, ref string? text, out string made);
internal delegate string Join([MarshalAs(UnmanagedType.LPArray, SizeParamIndex = 1)] string[] parts, int n, [MarshalAs(UnmanagedType.LPWStr)] string sep);
internal delegate int Count([In, MarshalAs(UnmanagedType.LPArray, SizeConst = 3)] bool[] flags);
internal delegate nint Callback(Func0 f);
internal delegate int Func0();
[UnmanagedFunctionPointer(CallingConvention.Cdecl, CharSet = CharSet.Unicode)] internal delegate char Wide(char c, string s);

internal static unsafe class Program
{
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint CopyClass([In, Out] Rec r, byte[] src, nint n);
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint CopyPlain(Plain r, int[] src, nint n);
    [DllImport("libc", EntryPoint = "memset")] private static extern nint SetBools([In, Out] bool[] b, int c, nint n);
    [DllImport("libc", EntryPoint = "memcpy", CharSet = CharSet.Unicode)] private static extern nint CopyWide(StringBuilder b, string s, nint n);
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint CopyHandle(out Handle h, ref nint src, nint n);
    [DllImport("libc", EntryPoint = "memcpy")] private static extern nint RefString(ref string? s, ref nint src, nint n);
    [DllImport("libc", EntryPoint = "memset")] private static extern nint RefBool(ref bool b, int c, nint n);

    private sealed class Handle : SafeHandle
    {
        public Handle() : base(0, true) { }
        public override bool IsInvalid => handle == 0;
        protected override bool ReleaseHandle() { Console.WriteLine("released " + handle); return true; }
    }

    private static T Native<T>(T d) where T : Delegate
    {
        nint p = Marshal.GetFunctionPointerForDelegate(d);
        s_alive.Add(d);
        return (T)(object)Over(p, typeof(T));
    }

    // a delegate over the address itself: through a copy of the type's own thunk would give the original back
    private static Delegate Over(nint p, Type t)
    {
        byte* code = (byte*)Trampoline(p);
        return Marshal.GetDelegateForFunctionPointer((nint)code, t);
    }

    [DllImport("libc")] private static extern nint mmap(nint at, nint n, int prot, int flags, int fd, nint off);
    private static readonly List<Delegate> s_alive = [];

    private static nint Trampoline(nint target)
    {
        byte* p = (byte*)mmap(0, 4096, 7, 0x22, -1, 0);
        p[0] = 0x48; p[1] = 0xB8; *(long*)(p + 2) = target; p[10] = 0xFF; p[11] = 0xE0; // mov rax, target; jmp rax
        return (nint)p;
    }

    private static void Main()
    {
        Small s = Native<OnSmall>((x, n) => new Small { B = !x.B, C = (char)(x.C + n), F = x.F + n, G = x.G * 2 })(new() { B = true, C = 'a', F = 1.5f, G = 4 }, 2);
        Console.WriteLine($"{s.B} {s.C} {s.F} {s.G}");
        Console.WriteLine(Native<OnFloats>((f, x) => f.D + x + (f.B ? 100 : 0))(new() { D = 0.5, B = true }, 2));
        bool flag = false; string? text = "in";
        Named n = Native<OnNamed>((Named x, ref bool f, ref string? t, out string m) =>
        {
            m = x.Name + t; t += "!"; f = !f;
            return new Named { Name = x.Name + "é", N = x.N + 1, S = x.S };
        })(new() { Name = "né", N = 6, S = new() { C = 'z', G = 3 } }, ref flag, ref text, out string made);
        Console.WriteLine($"{n.Name} {n.N} {n.S.C} {n.S.G} {flag} {text} {made}");
        Console.WriteLine(Native<Join>((p, c, sep) => string.Join(sep, p) + c)(["a", "bé", "c"], 3, "é"));
        Console.WriteLine(Native<Count>(f => f.Count(x => x))([true, false, true]));
        Console.WriteLine(Native<Callback>(f => f() + 1)(() => 41));
        Console.WriteLine(Native<Wide>((c, t) => (char)(c + t.Length))('é', "日本"));
        var r = new Rec { A = 1, S = "s", C = 'c' };
        CopyClass(r, [9, 0, 0, 0], 4);
        Console.WriteLine($"{r.A} {r.S} {r.C} {Marshal.SizeOf<Rec>()}");
        var pl = new Plain(); CopyPlain(pl, [3, 4], 8); Console.WriteLine(pl.X + pl.Y);
        bool[] bs = [false, true, false]; SetBools(bs, 1, 8); Console.WriteLine(string.Join(" ", bs));
        var sb = new StringBuilder("......."); CopyWide(sb, "wide", 10); Console.WriteLine(sb);
        nint value = 77;
        using (Handle h = Take(ref value)) Console.WriteLine(h.IsInvalid + " " + h.DangerousGetHandle());
        string? rs = "old"; nint owned = Marshal.StringToCoTaskMemUTF8("new é");
        RefString(ref rs, ref owned, 8); Console.WriteLine(rs);
        bool rb = false; RefBool(ref rb, 1, 4); Console.WriteLine(rb);
    }

    private static Handle Take(ref nint v) { CopyHandle(out Handle h, ref v, 8); return h; }
}
