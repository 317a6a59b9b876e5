// Encodings, Convert, BitConverter, BinaryPrimitives, MemoryMarshal, Buffer, ArrayPool, base64, hex, hashing without
// native code, seeded Random, Stopwatch shape.
using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics;
using System.IO.Hashing0;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace System.IO.Hashing0
{
    internal static class Crc
    {
        public static uint Of(ReadOnlySpan<byte> d)
        {
            uint c = ~0u;
            foreach (byte b in d) { c ^= b; for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? (c >> 1) ^ 0xEDB88320 : c >> 1; }
            return ~c;
        }
    }
}

internal struct Rec { public short A; public int B; public byte C; }

internal static class Program
{
    private static string H(ReadOnlySpan<byte> b) => Convert.ToHexString(b);

    private static void Main()
    {
        string s = "Aé☃😀\n";
        foreach (Encoding e in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32, Encoding.ASCII,
            Encoding.Latin1 })
        {
            byte[] b = e.GetBytes(s);
            Console.WriteLine($"{e.WebName} {H(b)} {e.GetString(b) == s} {e.GetByteCount(s)} {e.GetMaxByteCount(3)} {H(e.GetPreamble())}");
        }
        Console.WriteLine(Encoding.UTF8.GetString([0x41, 0xff, 0xc3, 0x28, 0xe2, 0x98]).Replace('\ufffd', '?'));
        try { new UTF8Encoding(false, true).GetBytes("\ud800"); } catch (EncoderFallbackException e) { Console.WriteLine(e.Index); }
        try { Encoding.GetEncoding("no-such"); } catch (ArgumentException) { Console.WriteLine("no encoding"); }
        var dec = Encoding.UTF8.GetDecoder();
        char[] cs = new char[8];
        int n = dec.GetChars([0xe2, 0x98], 0, 2, cs, 0);
        n += dec.GetChars([0x83, 0x41], 0, 2, cs, n);
        Console.WriteLine(new string(cs, 0, n));
        byte[] buf = new byte[10];
        Encoding.UTF8.GetEncoder().Convert("long text here", buf, true, out int used, out int written, out bool done);
        Console.WriteLine($"{used} {written} {done}");
        Console.WriteLine(Encoding.GetEncoding("us-ascii", new EncoderReplacementFallback("#"), DecoderFallback.ReplacementFallback)
            .GetString("é"u8.ToArray()).Length);
        byte[] data = Enumerable.Range(0, 50).Select(i => (byte)(i * 37)).ToArray();
        string b64 = Convert.ToBase64String(data, Base64FormattingOptions.InsertLineBreaks);
        Console.WriteLine(b64 + " " + Convert.FromBase64String(b64).SequenceEqual(data) + " " +
            Base64Url.EncodeToString(data.AsSpan(0, 10)) + " " + Convert.ToHexStringLower(data.AsSpan(0, 4)) + " " +
            H(Convert.FromHexString("deadBEEF")) + " " + Crc.Of(data).ToString("x8"));
        Console.WriteLine($"{BitConverter.ToInt32(data, 3)} {BitConverter.ToDouble(data, 8):R} {H(BitConverter.GetBytes(1.5f))} " +
            $"{BitConverter.DoubleToInt64Bits(-2):x} {BitConverter.IsLittleEndian} {BitConverter.Int32BitsToSingle(0x40490fdb)} " +
            $"{H(BitConverter.GetBytes('x'))} {BitConverter.ToString(data, 0, 3)}");
        Span<byte> sp = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(sp, 0x0102030405060708);
        BinaryPrimitives.WriteUInt16LittleEndian(sp[8..], 0xabcd);
        BinaryPrimitives.WriteDoubleBigEndian(sp[8..], 1.5);
        Console.WriteLine($"{H(sp)} {BinaryPrimitives.ReadInt32LittleEndian(sp):x} {BinaryPrimitives.ReverseEndianness(0x11223344):x}");
        Span<int> ints = MemoryMarshal.Cast<byte, int>(data.AsSpan(0, 16));
        ints[0] = -1;
        Console.WriteLine($"{ints.Length} {data[3]} {MemoryMarshal.Read<Rec>(data.AsSpan(4)).B} " +
            $"{MemoryMarshal.AsBytes("ab".AsSpan()).Length} {MemoryMarshal.GetReference(ints)} {Unsafe.SizeOf<Rec>()}");
        Rec r = new() { A = 1, B = 2, C = 3 };
        MemoryMarshal.Write(sp, in r);
        Console.WriteLine(sp[4] + sp[8]);
        ref Rec rr = ref MemoryMarshal.AsRef<Rec>(sp);
        rr.B = 0x55;
        Console.WriteLine(sp[4]);
        Span<int> one = MemoryMarshal.CreateSpan(ref r.B, 1);
        one[0]++;
        Console.WriteLine(r.B);
        Memory<byte> mem = data;
        MemoryMarshal.TryGetArray<byte>(mem[5..], out var seg);
        Console.WriteLine(seg.Offset + " " + seg.Count);
        int[] src = [1, 2, 3, 4];
        byte[] dst = new byte[16];
        Buffer.BlockCopy(src, 4, dst, 0, 8);
        Buffer.SetByte(dst, 15, 9);
        Console.WriteLine($"{H(dst)} {Buffer.ByteLength(src)} {Buffer.GetByte(src, 4)}");
        byte[] rent = ArrayPool<byte>.Shared.Rent(1000);
        Console.WriteLine(rent.Length);
        ArrayPool<byte>.Shared.Return(rent);
        byte[] again = ArrayPool<byte>.Shared.Rent(1000);
        Console.WriteLine(ReferenceEquals(rent, again));
        var abw = new ArrayBufferWriter<char>();
        "written".AsSpan().CopyTo(abw.GetSpan(10));
        abw.Advance(7);
        Console.WriteLine(abw.WrittenSpan.ToString());
        var seq = new ReadOnlySequence<byte>(data, 2, 10);
        var reader = new SequenceReader<byte>(seq);
        reader.TryReadBigEndian(out int be);
        Console.WriteLine($"{be:x} {reader.Remaining} {seq.Slice(1, 3).Length}");
        using (IMemoryOwner<int> own = MemoryPool<int>.Shared.Rent(5)) Console.WriteLine(own.Memory.Length >= 5);
        var rnd = new Random(42);
        Console.WriteLine(string.Join(",", rnd.Next(), rnd.Next(100), rnd.Next(-5, 5), rnd.NextDouble().ToString("R"), rnd.NextInt64(),
            rnd.NextSingle().ToString("R")));
        byte[] rb = new byte[5];
        rnd.NextBytes(rb);
        int[] sh = [1, 2, 3, 4, 5];
        rnd.Shuffle(sh);
        Console.WriteLine(H(rb) + " " + string.Join("", sh) + " " + string.Join("", rnd.GetItems(sh, 3)));
        Console.WriteLine(Random.Shared.Next(10) < 10);
        var sw = Stopwatch.StartNew();
        Thread.Sleep(15);
        sw.Stop();
        Console.WriteLine($"{sw.ElapsedMilliseconds >= 14} {sw.IsRunning} {Stopwatch.Frequency > 0} {Stopwatch.IsHighResolution} " +
            $"{Stopwatch.GetElapsedTime(0, Stopwatch.Frequency).TotalSeconds} {Environment.TickCount64 > 0}");
        var sv = SearchValues.Create("aeiou");
        Console.WriteLine("rhythm and".AsSpan().IndexOfAny(sv) + " " + "xyz".AsSpan().ContainsAny(sv) + " " +
            "The quick".AsSpan().IndexOfAny(SearchValues.Create(["quick", "slow"], StringComparison.OrdinalIgnoreCase)));
        var hc = new HashCode();
        hc.Add(1);
        hc.Add("x");
        Console.WriteLine(hc.ToHashCode() == HashCode.Combine(1, "x"));
        Console.WriteLine(Utf8.IsValid0([0xc3, 0x28]));
    }

    private static class Utf8 { public static bool IsValid0(ReadOnlySpan<byte> b) => System.Text.Unicode.Utf8.IsValid(b); }
}
