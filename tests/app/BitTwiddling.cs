// BitOperations, BinaryPrimitives, BitConverter, BitArray and the bits of primitives, also through delegates.
using System.Buffers.Binary;
using System.Collections;
using System.Collections.Specialized;
using System.Numerics;

internal static class Program
{
    private static void Main()
    {
        foreach (ulong v in new ulong[] { 0, 1, 0x80, 0xdeadbeef, 0x8000000000000000, ulong.MaxValue, 0x0123456789abcdef })
        {
            uint w = (uint)v;
            Console.WriteLine($"{v:x}: {BitOperations.PopCount(v)} {BitOperations.PopCount(w)} {BitOperations.LeadingZeroCount(v)} {BitOperations.LeadingZeroCount(w)} {BitOperations.TrailingZeroCount(v)} {BitOperations.TrailingZeroCount(w)} {BitOperations.Log2(v)} {BitOperations.Log2(w)} {BitOperations.IsPow2(v)} {BitOperations.RoundUpToPowerOf2(w):x} {BitOperations.RotateLeft(v, 13):x} {BitOperations.RotateRight(w, 5):x} {BitOperations.Crc32C(0x1234, v):x} {BitOperations.Crc32C(1u, (byte)v):x}");
            Console.WriteLine($"  {BinaryPrimitives.ReverseEndianness(v):x} {BinaryPrimitives.ReverseEndianness((short)v):x} {BinaryPrimitives.ReverseEndianness((Int128)v):x} {BitConverter.UInt64BitsToDouble(v):R} {BitConverter.UInt32BitsToSingle(w):R} {Math.BigMul(v, v, out ulong low):x}:{low:x} {Convert.ToString((long)v, 2).Length} {v:b} {Convert.ToString((short)v, 8)}");
        }
        byte[] buffer = new byte[16];
        BinaryPrimitives.WriteDoubleBigEndian(buffer, Math.PI);
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(8), -2);
        BinaryPrimitives.WriteHalfBigEndian(buffer.AsSpan(12), (Half)1.5f);
        Console.WriteLine($"{Convert.ToHexString(buffer)} {BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(3)):x} {BinaryPrimitives.TryReadInt64BigEndian(buffer.AsSpan(12), out _)} {BitConverter.ToInt64(buffer, 1):x} {BitConverter.ToString(buffer, 2, 4)}");
        var bits = new BitArray(70) { [3] = true, [64] = true };
        var other = new BitArray(70, true);
        Console.WriteLine($"{bits.Cast<bool>().Count(x => x)} {new BitArray(other).Xor(bits).HasAllSet()} {((BitArray)bits.Clone()).LeftShift(2)[66]} {bits.Or(other).HasAllSet()} {bits.Not().HasAnySet()} {other.RightShift(69)[0]}");
        var vector = new BitVector32(0);
        BitVector32.Section low4 = BitVector32.CreateSection(15), next = BitVector32.CreateSection(63, low4);
        vector[low4] = 9; vector[next] = 33;
        Console.WriteLine($"{vector} {vector.Data:x} {vector[next]}");
        Func<uint, int>[] counts = [BitOperations.PopCount, BitOperations.LeadingZeroCount, BitOperations.TrailingZeroCount, BitOperations.Log2];
        Console.WriteLine(string.Join(" ", counts.Select(f => f(0x00f0_0000))));
        int shift = 33; long big = 65;
        Console.WriteLine($"{1 << shift} {1L << (int)big} {-1 >>> shift} {(byte)200 << 3} {int.RotateLeft(0x12345678, 36):x} {nint.PopCount(-1)}");
        Console.WriteLine(BitConverter.IsLittleEndian && BitConverter.DoubleToInt64Bits(-0.0) == long.MinValue);
    }
}
