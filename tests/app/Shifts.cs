// Shifts and rotations with counts at and beyond the width.
using System.Numerics;

internal static class Program
{
    private static int Shl(int v, int n) => v << n;
    private static int Sar(int v, int n) => v >> n;
    private static int Shr(int v, int n) => v >>> n;
    private static uint ShrU(uint v, int n) => v >> n;
    private static long ShlL(long v, int n) => v << n;
    private static long SarL(long v, int n) => v >> n;
    private static ulong ShrUL(ulong v, int n) => v >> n;

    private static void Main()
    {
        foreach (int n in new[] { 0, 1, 7, 31, 32, 33, 63, 64, -1, -31 })
        {
            Console.WriteLine($"{n}: {Shl(0x12345678, n)} {Sar(-123456789, n)} {Shr(-123456789, n)} {ShrU(0xdeadbeef, n)} " +
                $"{ShlL(0x123456789abcdef0, n)} {SarL(-1234567890123456789, n)} {ShrUL(0xdeadbeefcafebabe, n)} {(byte)(0xff << n)} " +
                $"{(sbyte)-5 >> n} {(ushort)0xf00f >>> n}");
            Console.WriteLine($"   {BitOperations.RotateLeft(0x80000001u, n)} {BitOperations.RotateRight(0x8000000000000001ul, n)} " +
                $"{(nint)(-9) >> n} {(nuint)9 << n}");
        }
        Console.WriteLine($"{BitOperations.LeadingZeroCount(1u)} {BitOperations.TrailingZeroCount(40)} " +
            $"{BitOperations.PopCount(0xff00ffu)} {BitOperations.Log2(1000u)} {BitOperations.LeadingZeroCount(0ul)} " +
            $"{BitOperations.TrailingZeroCount(0)}");
        Console.WriteLine($"{BitOperations.RoundUpToPowerOf2(1000u)} {BitOperations.IsPow2(64)} {int.PopCount(-1)} " +
            $"{long.RotateLeft(1, 65)}");
    }
}
