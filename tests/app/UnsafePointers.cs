// Pointers: arithmetic, fixed over arrays, strings, fields and spans, fixed buffers, struct access, cpblk-like copies, pointer comparisons.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

internal unsafe struct Node { public int Value; public Node* Next; }
internal unsafe struct Buffered { public fixed byte Bytes[16]; public fixed char Chars[4]; public int Tail; }
internal sealed class Holder { public long Field = 77; public Buffered Buf; }

internal static unsafe class Program
{
    private static int SumList(Node* n) { int t = 0; for (; n != null; n = n->Next) t += n->Value; return t; }
    private static void Swap(int* a, int* b) { int t = *a; *a = *b; *b = t; }
    private static int Length(char* p) { char* q = p; while (*q != 0) q++; return (int)(q - p); }

    private static void Main()
    {
        Node c = new() { Value = 3 }, b = new() { Value = 2, Next = &c }, a = new() { Value = 1, Next = &b };
        Console.WriteLine(SumList(&a));
        a.Next->Next->Value = 30; Console.WriteLine(c.Value);
        int x = 1, y = 2; Swap(&x, &y); Console.WriteLine($"{x} {y}");
        int[] arr = { 10, 20, 30, 40 };
        fixed (int* p = arr)
        {
            int* q = p + 3; Console.WriteLine($"{*q} {q[-1]} {q - p} {*(p + 1)} {q > p}");
        }
        fixed (int* p = &arr[2]) *p += 3;
        Console.WriteLine(arr[2]);
        fixed (char* s = "pinned text") Console.WriteLine(Length(s) + " " + s[2]);
        fixed (int* none = new int[0]) Console.WriteLine(none == null);
        var h = new Holder();
        fixed (long* f = &h.Field) { *f = -1; byte* by = (byte*)f; by[0] = 0; }
        Console.WriteLine(h.Field);
        fixed (byte* buf = h.Buf.Bytes) for (int i = 0; i < 16; i++) buf[i] = (byte)(i * 17);
        h.Buf.Chars[3] = 'Z'; h.Buf.Tail = 5;
        Console.WriteLine($"{h.Buf.Bytes[15]} {h.Buf.Chars[3]} {h.Buf.Tail} {sizeof(Buffered)}");
        double d = 1.5; long bits = *(long*)&d; Console.WriteLine(bits.ToString("x"));
        float fl = -2f; uint* up = (uint*)&fl; *up &= 0x7fffffff; Console.WriteLine(fl);
        byte* mem = (byte*)NativeMemory.AllocZeroed(64);
        Unsafe.InitBlock(mem, 0xAB, 16); Unsafe.CopyBlock(mem + 32, mem, 8); Buffer.MemoryCopy(mem, mem + 4, 60, 20);
        Console.WriteLine($"{mem[15]:x} {mem[20]:x} {mem[39]:x} {mem[40]:x} {*(short*)(mem + 1):x}");
        Unsafe.WriteUnaligned(mem + 1, 0x1122334455667788L); Console.WriteLine(Unsafe.ReadUnaligned<int>(mem + 3).ToString("x"));
        NativeMemory.Free(mem);
        int** pp = stackalloc int*[2]; pp[0] = &x; pp[1] = &y; **pp = 50; *pp[1] += 1; Console.WriteLine($"{x} {y}");
        void* v = &x; Console.WriteLine(*(int*)v + " " + ((nint)v == (nint)pp[0]) + " " + ((ulong)v % 4));
        Buffered* big = stackalloc Buffered[3];
        big[1].Tail = 9;
        big[2] = big[1];
        Console.WriteLine((big + 2)->Tail + " " + ((byte*)(big + 1) - (byte*)big));
        int[,] grid = { { 1, 2 }, { 3, 4 } }; fixed (int* g = grid) Console.WriteLine(g[3]);
        fixed (int* sp = arr.AsSpan(1)) Console.WriteLine(*sp);
        bool bo = true; Console.WriteLine(*(byte*)&bo);
        decimal m = 1.5m; int* mp = (int*)&m; Console.WriteLine(mp[0] + " " + mp[2]);
        try { int* bad = null; Console.WriteLine(*bad); } catch (NullReferenceException) { Console.WriteLine("null"); }
        nint handle = Marshal.AllocHGlobal(8);
        Marshal.WriteInt64(handle, 0x0102030405060708);
        Console.WriteLine(Marshal.ReadByte(handle, 3));
        Marshal.FreeHGlobal(handle);
    }
}
