// A structure and a class with fields of every kind, as tests/app/lib/Interop.c has them (struct full).
using System.Runtime.InteropServices;
using static Native;
using U = System.Runtime.InteropServices.UnmanagedType;
using M = System.Runtime.InteropServices.MarshalAsAttribute;

internal struct Inner { public byte B; public int N; }
internal delegate int Int(int x);

[StructLayout(LayoutKind.Sequential)]
internal struct Full
{
    public int I;
    public string? S;
    [M(U.LPWStr)] public string? W;
    [M(U.ByValTStr, SizeConst = 8)] public string? Fixed;
    [M(U.ByValArray, SizeConst = 4)] public char16[]? Wide;
    [M(U.ByValArray, SizeConst = 3)] public short[]? Numbers;
    [M(U.ByValArray, SizeConst = 2)] public bool[]? Flags;
    public Inner In;
    public double D;
    public Int? Fn;
    [M(U.ByValArray, SizeConst = 2)] public Inner[]? Inners;
    public override readonly string ToString() => $"{I} {Text(S)} {Text(W)} {Text(Fixed)} {(Wide == null ? "null" : Text(Wide.Select(c => c.C).ToArray()))} {Text(Numbers)} {Text(Flags)} " +
        $"{In.B} {In.N} {D} {(Fn == null ? "null" : Fn(5))} {(Inners == null ? "null" : Inners[0].N + "," + Inners[1].N)}";
}
internal struct char16 { public ushort C; public char16(char c) => C = c; }

[StructLayout(LayoutKind.Sequential)]
internal class FullClass
{
    public int I;
    public string? S;
    [M(U.LPWStr)] public string? W;
    [M(U.ByValTStr, SizeConst = 8)] public string? Fixed;
    [M(U.ByValArray, SizeConst = 4)] public short[]? Wide;
    [M(U.ByValArray, SizeConst = 3)] public short[]? Numbers;
    [M(U.ByValArray, SizeConst = 2)] public bool[]? Flags;
    public Inner In;
    public double D;
    public Int? Fn;
    [M(U.ByValArray, SizeConst = 2)] public Inner[]? Inners;
    public override string ToString() => $"{I} {Text(S)} {Text(W)} {Text(Fixed)} {Text(Numbers)} {Text(Flags)} {In.B} {In.N} {D} {(Fn == null ? "null" : Fn(5))} {(Inners == null ? "null" : Inners[0].N + "," + Inners[1].N)}";
}
