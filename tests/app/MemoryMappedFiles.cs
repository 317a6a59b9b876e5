// Memory-mapped files, random access, file handles, locks and options: what one view writes another reads.
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

internal static class Program
{
    private struct Row { public int Id; public double Value; public long Flags; }
    private static string Try(Action f) { try { f(); return "fine"; } catch (Exception e) { return e.GetType().Name; } }

    private static unsafe void Main()
    {
        string dir = Directory.CreateTempSubdirectory("stator").FullName, path = Path.Combine(dir, "map");
        try
        {
            using (var map = MemoryMappedFile.CreateFromFile(path, FileMode.CreateNew, null, 70000))
            {
                using (MemoryMappedViewAccessor a = map.CreateViewAccessor())
                {
                    var row = new Row { Id = 7, Value = 2.5, Flags = -1 };
                    a.Write(100, ref row);
                    a.WriteArray(200, new[] { 1, 2, 3, 4 }, 1, 3);
                    a.Write(69999, (byte)9);
                    a.Flush();
                    Console.WriteLine($"{a.ReadInt32(100)} {a.ReadByte(69999)} {a.Capacity >= 70000} {Try(() => a.Write(a.Capacity, 1))} {Try(() => a.ReadInt64(-1))}");
                    byte* p = null;
                    a.SafeMemoryMappedViewHandle.AcquirePointer(ref p);
                    p[300] = 42;
                    a.SafeMemoryMappedViewHandle.ReleasePointer();
                }
                using MemoryMappedViewStream s = map.CreateViewStream(100, 300);
                var r = new BinaryReader(s);
                Console.WriteLine($"{r.ReadInt32()} {s.Length} {s.Seek(100, SeekOrigin.Begin)} {r.ReadInt32()} {r.ReadInt32()}");
                s.Position = 200;
                Console.WriteLine($"{s.ReadByte()} {Try(() => s.SetLength(1))}");
            }
            Console.WriteLine(new FileInfo(path).Length);
            using (var copy = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.CopyOnWrite))
            using (MemoryMappedViewAccessor a = copy.CreateViewAccessor(0, 0, MemoryMappedFileAccess.CopyOnWrite)) { a.Write(0, 77); Console.WriteLine(a.ReadInt32(0)); }
            using (var ro = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read))
                Console.WriteLine($"{Try(() => ro.CreateViewAccessor())} {ro.CreateViewAccessor(0, 4, MemoryMappedFileAccess.Read).ReadInt32(0)}");
            using (var anonymous = MemoryMappedFile.CreateNew(null, 4096)) { using var a = anonymous.CreateViewAccessor(); a.Write(8, 5L); using var b = anonymous.CreateViewAccessor(); Console.WriteLine(b.ReadInt64(8)); }
            Console.WriteLine($"{Try(() => MemoryMappedFile.CreateNew("named", 10))} {Try(() => MemoryMappedFile.CreateFromFile(Path.Combine(dir, "none")))}");
            using (SafeFileHandle h = File.OpenHandle(Path.Combine(dir, "r"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous, 1000))
            {
                RandomAccess.Write(h, "hello"u8, 10);
                RandomAccess.Write(h, [new byte[] { 1, 2 }, new byte[] { 3 }], 20);
                byte[] x = new byte[5], y = new byte[8];
                long n = RandomAccess.Read(h, [x, y], 10);
                Console.WriteLine($"{n} {System.Text.Encoding.ASCII.GetString(x)} {RandomAccess.GetLength(h)} {RandomAccess.ReadAsync(h, y, 20).AsTask().Result} {y[2]} {h.IsAsync}");
                RandomAccess.SetLength(h, 12);
                Console.WriteLine($"{RandomAccess.GetLength(h)} {Try(() => File.OpenHandle(Path.Combine(dir, "r")).Dispose())}");
            }
            using (var f = new FileStream(Path.Combine(dir, "s"), new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, BufferSize = 0, PreallocationSize = 100, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                f.Write([1, 2, 3]);
                f.Seek(-1, SeekOrigin.End);
                Console.WriteLine($"{f.ReadByte()} {f.ReadByte()} {f.Position} {File.GetUnixFileMode(f.SafeFileHandle)} {Try(() => f.Seek(-9, SeekOrigin.Begin))} {Try(() => { using var g = new FileStream(Path.Combine(dir, "none", "x"), FileMode.Create); })}");
            }
            File.CreateSymbolicLink(Path.Combine(dir, "link"), "s");
            Console.WriteLine($"{new FileInfo(Path.Combine(dir, "link")).LinkTarget} {File.ResolveLinkTarget(Path.Combine(dir, "link"), true)!.Name} {File.Exists(Path.Combine(dir, "link"))} {Directory.GetFileSystemEntries(dir).Length} {Directory.EnumerateFiles(dir, "?", new EnumerationOptions { RecurseSubdirectories = true }).Count()}");
        }
        finally { Directory.Delete(dir, true); }
    }
}
