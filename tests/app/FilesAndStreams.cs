// Files, directories and streams in the temporary folder: text, binary, seeking, locking, enumeration, attributes,
// async, compression, pipes.
using System.IO.Compression;
using System.IO.MemoryMappedFiles;
using System.IO.Pipes;
using System.Text;

internal static class Program
{
    private static string T(Action a) { try { a(); return "ok"; } catch (Exception e) { return e.GetType().Name; } }

    private static async Task<string> Async(string dir)
    {
        string f = Path.Combine(dir, "async.txt");
        await File.WriteAllTextAsync(f, "line1\nline2");
        await File.AppendAllLinesAsync(f, ["x", "y"]);
        int n = 0;
        await foreach (string l in File.ReadLinesAsync(f)) n += l.Length;
        await using var fs = new FileStream(f, FileMode.Open, FileAccess.Read, FileShare.Read, 16, FileOptions.Asynchronous);
        byte[] b = new byte[5];
        int got = await fs.ReadAsync(b);
        return n + " " + got + Encoding.ASCII.GetString(b);
    }

    private static void Main()
    {
        string dir = Path.Combine(Path.GetTempPath(), "files-test");
        Directory.CreateDirectory(Path.Combine(dir, "sub/deep"));
        string f = Path.Combine(dir, "a.txt");
        File.WriteAllText(f, "héllo\nworld\r\nlast", Encoding.UTF8);
        Console.WriteLine($"{new FileInfo(f).Length} {File.ReadAllLines(f).Length} {File.ReadAllText(f).Length} {File.Exists(f)} " +
            $"{File.Exists(dir)} {Directory.Exists(dir)}");
        File.AppendAllText(f, "+more");
        Console.WriteLine(File.ReadLines(f).Last());
        using (var w = new StreamWriter(f, false, Encoding.Unicode) { NewLine = "|" })
        {
            w.WriteLine(1);
            w.WriteLine("{0}-{1}", 2, 'x');
            w.Write(3.5);
        }
        using (var r = new StreamReader(f, detectEncodingFromByteOrderMarks: true))
        {
            Console.WriteLine(r.ReadToEnd() + " " + r.CurrentEncoding.WebName);
        }
        using (var fs = File.Create(f)) using (var bw = new BinaryWriter(fs))
        {
            bw.Write(42);
            bw.Write("str");
            bw.Write(1.5);
            bw.Write(true);
            bw.Write(12.5m);
            bw.Write7BitEncodedInt(300);
            bw.Write('é');
            bw.Seek(0, SeekOrigin.Begin);
            bw.Write(43);
        }
        using (var br = new BinaryReader(File.OpenRead(f)))
        {
            Console.WriteLine($"{br.ReadInt32()} {br.ReadString()} {br.ReadDouble()} {br.ReadBoolean()} {br.ReadDecimal()} " +
                $"{br.Read7BitEncodedInt()} {br.ReadChar()} {T(() => br.ReadByte())}");
        }
        using (var fs = new FileStream(f, FileMode.OpenOrCreate, FileAccess.ReadWrite))
        {
            fs.SetLength(100);
            fs.Seek(-1, SeekOrigin.End);
            fs.WriteByte(7);
            fs.Position = 50;
            fs.Write([1, 2, 3]);
            fs.Flush(true);
            fs.Position = 49;
            Console.WriteLine($"{fs.ReadByte()} {fs.ReadByte()} {fs.Length} {fs.CanSeek} {fs.Position} " +
                $"{T(() => { using var g = new FileStream(f, FileMode.Open, FileAccess.ReadWrite, FileShare.None); })}");
        }
        using (var h = File.OpenHandle(f))
        {
            byte[] b = new byte[4];
            Console.WriteLine(RandomAccess.Read(h, b, 50) + " " + b[2] + " " + RandomAccess.GetLength(h));
        }
        File.Copy(f, Path.Combine(dir, "b.bin"));
        File.Move(Path.Combine(dir, "b.bin"), Path.Combine(dir, "sub/c.bin"));
        File.WriteAllBytes(Path.Combine(dir, "sub/deep/d.dat"), [1]);
        Console.WriteLine(T(() => File.Copy(f, Path.Combine(dir, "sub/c.bin"))) + T(() => File.Move("/no/file", f)) +
            T(() => File.OpenRead(dir)) + T(() => Directory.Delete(dir)));
        Console.WriteLine(string.Join(",", Directory.EnumerateFileSystemEntries(dir, "*", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(dir, p)).Order(StringComparer.Ordinal)) + " " +
            Directory.GetFiles(dir, "*.dat", SearchOption.AllDirectories).Length + " " + new DirectoryInfo(dir).GetDirectories().Single()
            .Name);
        File.SetLastWriteTimeUtc(f, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        File.SetAttributes(f, FileAttributes.ReadOnly);
        File.SetUnixFileMode(f, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(Path.Combine(dir, "link"), f);
        Console.WriteLine($"{File.GetLastWriteTimeUtc(f):s} {File.GetUnixFileMode(f)} " +
            $"{new FileInfo(Path.Combine(dir, "link")).LinkTarget == f} {File.ResolveLinkTarget(Path.Combine(dir, "link"), true)!.Name}");
        Console.WriteLine($"{Path.Combine("a", "/b", "c")} {Path.Join("a", "/b")} {Path.GetExtension("x.tar.gz")} " +
            $"{Path.ChangeExtension("a.b", "c")} {Path.GetFullPath("/a/../b/./c")} {Path.GetDirectoryName("/x/y/z.t")} " +
            $"{Path.GetFileNameWithoutExtension("/q/r.s")} {Path.IsPathRooted("a")} {Path.HasExtension("n")} {Path.GetPathRoot("/z")} " +
            $"{Path.DirectorySeparatorChar} {Path.GetInvalidFileNameChars().Length}");
        var ms = new MemoryStream();
        using (var gz = new GZipStream(ms, CompressionLevel.Optimal, true))
            gz.Write(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("compress me ", 500))));
        Console.WriteLine(ms.Length < 200);
        ms.Position = 0;
        using (var r = new StreamReader(new GZipStream(ms, CompressionMode.Decompress))) Console.WriteLine(r.ReadToEnd().Length);
        foreach (Func<Stream, CompressionMode, Stream> mk in new Func<Stream, CompressionMode, Stream>[] {
            (s, m) => new DeflateStream(s, m, true), (s, m) => new ZLibStream(s, m, true), (s, m) => new BrotliStream(s, m, true) })
        {
            var t = new MemoryStream();
            using (var c = mk(t, CompressionMode.Compress)) c.Write(new byte[10000]);
            t.Position = 0;
            var o = new MemoryStream();
            using (var d = mk(t, CompressionMode.Decompress)) d.CopyTo(o);
            Console.Write($"{o.Length} {t.Length < 100} ");
        }
        Console.WriteLine();
        string zip = Path.Combine(dir, "z.zip");
        using (var z = ZipFile.Open(zip, ZipArchiveMode.Create))
        {
            using var w = new StreamWriter(z.CreateEntry("in/e.txt").Open());
            w.Write("zipped");
        }
        using (var z = ZipFile.OpenRead(zip)) using (var r = new StreamReader(z.Entries[0].Open()))
            Console.WriteLine(z.Entries[0].FullName + r.ReadToEnd());
        using (var mm = MemoryMappedFile.CreateFromFile(f)) using (var v = mm.CreateViewAccessor(48, 8))
        {
            v.Write(0, (short)0x0102);
            Console.WriteLine(v.ReadByte(2) + " " + v.ReadInt32(0));
        }
        using var bs = new BufferedStream(new MemoryStream(), 4);
        bs.Write([1, 2, 3, 4, 5, 6]);
        bs.Position = 2;
        Console.WriteLine(bs.ReadByte());
        using var srv = new AnonymousPipeServerStream(PipeDirection.Out);
        using var cl = new AnonymousPipeClientStream(PipeDirection.In, srv.ClientSafePipeHandle);
        var wt = Task.Run(() => { using var w = new StreamWriter(srv); w.Write("through pipe"); });
        using (var r = new StreamReader(cl)) Console.WriteLine(r.ReadToEnd());
        wt.Wait();
        Console.WriteLine(Async(dir).Result);
        Directory.SetCurrentDirectory(dir);
        Console.WriteLine(Path.GetFileName(Environment.CurrentDirectory) + File.Exists("a.txt"));
        Directory.SetCurrentDirectory("/");
        Directory.Delete(dir, true);
        Console.WriteLine(Directory.Exists(dir));
        var un = new UnmanagedMemoryStream0();
        Console.WriteLine(un.Sum());
        Stream nul = Stream.Null;
        nul.Write([1]);
        Console.WriteLine(nul.Length);
    }

    private sealed unsafe class UnmanagedMemoryStream0
    {
        public int Sum()
        {
            byte* p = stackalloc byte[4] { 1, 2, 3, 4 };
            using var s = new UnmanagedMemoryStream(p, 4);
            int t = 0, b;
            while ((b = s.ReadByte()) >= 0) t += b;
            return t;
        }
    }
}
