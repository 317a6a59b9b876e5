// Streams over memory, buffers, compression, archives, cryptography and composition: positions, flushes, closed streams, async forms.
using System.Buffers;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

internal sealed class Trickle(Stream inner) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override int Read(byte[] b, int o, int c) => inner.Read(b, o, Math.Min(c, 3));
    public override long Seek(long o, SeekOrigin s) => throw new NotSupportedException();
    public override void SetLength(long v) => throw new NotSupportedException();
    public override void Write(byte[] b, int o, int c) => throw new NotSupportedException();
}

internal static class Program
{
    private static string Try(Action f) { try { f(); return "fine"; } catch (Exception e) { return e.GetType().Name; } }
    private static string Hash(byte[] b) => Convert.ToHexString(SHA256.HashData(b))[..8];

    private static async Task Main()
    {
        byte[] data = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 3000).Select(i => $"line {i % 13} ")));
        foreach ((string name, Func<Stream, Stream> pack, Func<Stream, Stream> unpack) in new (string, Func<Stream, Stream>, Func<Stream, Stream>)[] {
            ("gzip", s => new GZipStream(s, CompressionLevel.SmallestSize, true), s => new GZipStream(s, CompressionMode.Decompress)),
            ("deflate", s => new DeflateStream(s, CompressionLevel.Fastest, true), s => new DeflateStream(s, CompressionMode.Decompress)),
            ("zlib", s => new ZLibStream(s, new ZLibCompressionOptions { CompressionLevel = 9 }, true), s => new ZLibStream(s, CompressionMode.Decompress)),
            ("brotli", s => new BrotliStream(s, CompressionLevel.Optimal, true), s => new BrotliStream(s, CompressionMode.Decompress)) })
        {
            var m = new MemoryStream();
            await using (Stream z = pack(m)) await z.WriteAsync(data);
            m.Position = 0;
            var back = new MemoryStream();
            await using (Stream u = unpack(new Trickle(m))) await u.CopyToAsync(back);
            Console.WriteLine($"{name} {m.Length} {Hash(back.ToArray()) == Hash(data)} {Try(() => { using Stream u = unpack(new MemoryStream([9, 9, 9, 9, 9, 9, 9, 9])); u.ReadByte(); })}");
        }
        var archive = new MemoryStream();
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Create, true))
        {
            using (var w = new StreamWriter(zip.CreateEntry("dir/a.txt", CompressionLevel.Optimal).Open())) w.Write("text of a");
            ZipArchiveEntry b = zip.CreateEntry("b.bin", CompressionLevel.NoCompression);
            b.LastWriteTime = new DateTimeOffset(2020, 2, 3, 4, 5, 6, TimeSpan.Zero);
            using Stream s = b.Open();
            s.Write(data);
        }
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Update, true)) { zip.GetEntry("b.bin")!.Delete(); zip.CreateEntry("c").Open().Dispose(); }
        using (var zip = new ZipArchive(archive)) Console.WriteLine(string.Join(" ", zip.Entries.Select(e => $"{e.FullName}:{e.Length}:{e.Crc32:x}")) + new StreamReader(zip.Entries[0].Open()).ReadToEnd());
        Console.WriteLine(Try(() => new ZipArchive(new MemoryStream([1, 2, 3]))));
        var tar = new MemoryStream();
        using (var w = new TarWriter(tar, TarEntryFormat.Pax, true)) w.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "file") { DataStream = new MemoryStream([1, 2, 3]), ModificationTime = DateTimeOffset.UnixEpoch });
        tar.Position = 0;
        using (var r = new TarReader(tar)) { TarEntry e = r.GetNextEntry(true)!; Console.WriteLine($"{e.Name} {e.Length} {e.DataStream!.ReadByte()} {e.Mode} {r.GetNextEntry() is null}"); }
        using Aes aes = Aes.Create();
        aes.Key = new byte[16]; aes.IV = new byte[16];
        var cipher = new MemoryStream();
        using (var c = new CryptoStream(cipher, aes.CreateEncryptor(), CryptoStreamMode.Write, true)) c.Write(data);
        cipher.Position = 0;
        using (var c = new CryptoStream(cipher, aes.CreateDecryptor(), CryptoStreamMode.Read)) { var o = new MemoryStream(); c.CopyTo(o); Console.WriteLine($"{Hash(cipher.ToArray())} {Hash(o.ToArray()) == Hash(data)}"); }
        using var base64 = new CryptoStream(new MemoryStream(Encoding.ASCII.GetBytes("aGVsbG8=")), new FromBase64Transform(), CryptoStreamMode.Read);
        Console.WriteLine(new StreamReader(base64).ReadToEnd());
        var mem = new MemoryStream(new byte[4], 1, 2, true, true);
        mem.Write([1, 2]);
        Console.WriteLine($"{Try(() => mem.WriteByte(3))} {mem.GetBuffer().Length} {mem.Capacity} {mem.TryGetBuffer(out ArraySegment<byte> seg)} {seg.Offset} {mem.Seek(0, SeekOrigin.Begin)} {mem.ReadByte()}");
        mem.Dispose();
        Console.WriteLine($"{Try(() => mem.ReadByte())} {mem.CanRead} {Try(() => Stream.Null.Write(data))} {Try(() => new MemoryStream([1]).ReadExactly(new byte[2]))} {new MemoryStream([1, 2]).ReadAtLeast(new byte[5], 3, false)}");
        var buffered = new BufferedStream(new MemoryStream(), 8);
        buffered.Write([1, 2, 3]);
        Console.WriteLine($"{buffered.UnderlyingStream.Length} {buffered.Length} {buffered.UnderlyingStream.Length} {buffered.BufferSize}");
        var text = new StreamReader(new Trickle(new MemoryStream(Encoding.UTF8.GetPreamble().Concat(Encoding.UTF8.GetBytes("é\r\nb\rc\nd€")).ToArray())), Encoding.ASCII, true, 5);
        Console.WriteLine($"{text.ReadLine()} {(char)text.Peek()} {await text.ReadLineAsync()} {text.ReadLine()} {await text.ReadToEndAsync()} {text.CurrentEncoding.WebName} {text.EndOfStream}");
        var writer = new StringWriter { NewLine = "|" };
        await writer.WriteLineAsync("a"); writer.Write("{0}-{1}", 1, 2); writer.WriteLine(new[] { 'x', 'y' });
        Console.WriteLine($"{writer} {new StringReader("one\ntwo").ReadLine()} {TextWriter.Null.NewLine.Length}");
        var bw = new BinaryWriter(new MemoryStream());
        bw.Write7BitEncodedInt(300); bw.Write("é"); bw.Write(1.5m); bw.Write((Half)2); bw.Write(new[] { 'a', '€' });
        bw.BaseStream.Position = 0;
        var br = new BinaryReader(bw.BaseStream);
        Console.WriteLine($"{br.Read7BitEncodedInt()} {br.ReadString()} {br.ReadDecimal()} {br.ReadHalf()} {new string(br.ReadChars(2))} {br.PeekChar()} {Try(() => br.ReadByte())}");
        var pool = ArrayPool<byte>.Shared.Rent(100);
        ArrayPool<byte>.Shared.Return(pool, true);
        var abw = new ArrayBufferWriter<byte>(); abw.Write("abc"u8); abw.GetSpan(10)[0] = 100; abw.Advance(1);
        Console.WriteLine($"{pool.Length} {Encoding.ASCII.GetString(abw.WrittenSpan)} {new ReadOnlySequence<byte>(data).Slice(5, 4).ToArray().Length} {Try(() => ArrayPool<int>.Create().Return(new int[7]))} {MemoryPool<int>.Shared.Rent(3).Memory.Length >= 3}");
    }
}
