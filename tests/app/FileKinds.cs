// What is no managed assembly is told by the image's own headers, whatever the file is called: an ELF file, a native PE file, a cut one.
using System.IO;
using System.Reflection;
using System.Runtime.Loader;

internal static class Program
{
    private static void Load(string what, byte[] bytes)
    {
        string path = Path.Combine(Path.GetTempPath(), $"FileKinds-{Environment.ProcessId}-{what}.dll");
        File.WriteAllBytes(path, bytes);
        try
        {
            var context = new AssemblyLoadContext(what, true);
            Console.WriteLine($"{what}: {context.LoadFromAssemblyPath(path).GetName().Name}");
        }
        catch (BadImageFormatException e) { Console.WriteLine($"{what}: {e.GetType().Name} 0x{e.HResult:X8} {e.Message.Replace(path, "PATH")} [{Path.GetExtension(e.FileName)}]"); }
        finally { File.Delete(path); }
    }

    private static void Main()
    {
        byte[] good = File.ReadAllBytes(typeof(Program).Assembly.Location), native = (byte[])good.Clone();
        int header = BitConverter.ToInt32(good, 0x3C) + 24, directories = header + (BitConverter.ToUInt16(good, header) == 0x20B ? 112 : 96);
        Array.Clear(native, directories + 14 * 8, 8);
        byte[] elf = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, .. new byte[1000]];
        Load("elf", elf);
        Load("native", native);
        Load("cut", good[..700]);
        Load("text", "hello"u8.ToArray());
        Load("good", good);
    }
}
