// The class Marshal: memory, strings, copies, reads and writes, errors of its arguments; GCHandle of every kind; SafeBuffer.
// native: lib/Interop.c
// also: common/Native.cs
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security;
using System.Text;
using static Native;

internal struct Blit { public int A, B; }
internal struct NotBlit { public string? S; }
internal sealed class Buf : SafeBuffer
{
    public Buf(int n) : base(true) { SetHandle(Marshal.AllocHGlobal(n)); Initialize((ulong)n); }
    protected override bool ReleaseHandle() { Marshal.FreeHGlobal(handle); return true; }
}

internal static unsafe class Program
{
    private static string Bytes(nint p, int n) => Convert.ToHexString(new ReadOnlySpan<byte>((void*)p, n));

    private static void Strings()
    {
        foreach (string? s in new[] { null, "", "ab\u00e9", "\ud83d\ude00", "x\ud800", "a\0b" })
        {
            P("ansi", () => { nint p = Marshal.StringToHGlobalAnsi(s); string? r = Marshal.PtrToStringAnsi(p); string b = p == 0 ? "" : Bytes(p, r!.Length + 1); Marshal.FreeHGlobal(p); return r + b; });
            P("uni", () => { nint p = Marshal.StringToHGlobalUni(s); string? r = Marshal.PtrToStringUni(p); Marshal.FreeHGlobal(p); return r; });
            P("auto", () => { nint p = Marshal.StringToHGlobalAuto(s); string? r = Marshal.PtrToStringAuto(p); Marshal.FreeHGlobal(p); return r; });
            P("task", () => { nint p = Marshal.StringToCoTaskMemAnsi(s); string? r = Marshal.PtrToStringAnsi(p); Marshal.FreeCoTaskMem(p); return r; });
            P("task uni", () => { nint p = Marshal.StringToCoTaskMemUni(s); string? r = Marshal.PtrToStringUni(p); Marshal.ZeroFreeCoTaskMemUnicode(p); return r; });
            P("task auto", () => { nint p = Marshal.StringToCoTaskMemAuto(s); string? r = Marshal.PtrToStringAuto(p); Marshal.FreeCoTaskMem(p); return r; });
            P("utf8", () => { nint p = Marshal.StringToCoTaskMemUTF8(s); string? r = Marshal.PtrToStringUTF8(p); Marshal.ZeroFreeCoTaskMemUTF8(p); return r; });
            P("bstr", () => { nint p = Marshal.StringToBSTR(s); string? r = p == 0 ? "null" : Marshal.PtrToStringBSTR(p) + Marshal.ReadInt32(p, -4); Marshal.FreeBSTR(p); return r; });
        }
        nint m = Marshal.StringToHGlobalAnsi("abcdef");
        P("part", () => Marshal.PtrToStringAnsi(m, 3) + Marshal.PtrToStringUTF8(m, 2));
        P("negative part", () => Marshal.PtrToStringAnsi(m, -1));
        P("null part", () => Marshal.PtrToStringUni(0, 2));
        P("null bstr", () => Marshal.PtrToStringBSTR(0));
        Marshal.FreeHGlobal(m);
        var secure = new SecureString();
        foreach (char c in "pw\u00e9") secure.AppendChar(c);
        P("secure", () => { nint p = Marshal.SecureStringToGlobalAllocUnicode(secure); string? r = Marshal.PtrToStringUni(p); Marshal.ZeroFreeGlobalAllocUnicode(p); return r; });
        P("secure ansi", () => { nint p = Marshal.SecureStringToCoTaskMemAnsi(secure); string? r = Marshal.PtrToStringAnsi(p); Marshal.ZeroFreeCoTaskMemAnsi(p); return r; });
        P("secure bstr", () => { nint p = Marshal.SecureStringToBSTR(secure); string? r = Marshal.PtrToStringBSTR(p); Marshal.ZeroFreeBSTR(p); return r; });
    }

    private static void Memory()
    {
        nint p = Marshal.AllocHGlobal(64);
        new Span<byte>((void*)p, 64).Fill(0xCC);
        P("writes", () =>
        {
            Marshal.WriteByte(p, 1); Marshal.WriteInt16(p, 2, -2); Marshal.WriteInt32(p, 4, 3); Marshal.WriteInt64(p, 8, -4); Marshal.WriteIntPtr(p, 16, 5); Marshal.WriteInt16(p, 24, 'x');
            return Bytes(p, 28) + Marshal.ReadByte(p) + Marshal.ReadInt16(p, 2) + Marshal.ReadInt32(p, 4) + Marshal.ReadInt64(p, 8) + Marshal.ReadIntPtr(p, 16);
        });
        P("unaligned", () => { Marshal.WriteInt64(p, 33, 0x0102030405060708); return Marshal.ReadInt64(p, 33).ToString("x") + Marshal.ReadInt32(p, 35).ToString("x"); });
        P("null read", () => Marshal.ReadInt32(0));
        P("null write", () => Marshal.WriteByte(0, 1));
        P("bad read", () => Marshal.ReadInt64(1));
        P("realloc", () => { p = Marshal.ReAllocHGlobal(p, 1 << 16); return Marshal.ReadInt32(p, 4); });
        P("zero", () => { nint q = Marshal.AllocHGlobal(0); bool b = q != 0; Marshal.FreeHGlobal(q); return b; });
        P("negative", () => Marshal.AllocHGlobal(-1));
        P("task negative", () => Marshal.AllocCoTaskMem(-1) != 0);
        P("task", () => { nint q = Marshal.AllocCoTaskMem(8); q = Marshal.ReAllocCoTaskMem(q, 32); Marshal.FreeCoTaskMem(q); });
        P("free null", () => { Marshal.FreeHGlobal(0); Marshal.FreeCoTaskMem(0); Marshal.FreeBSTR(0); });
        int[] ints = [1, 2, 3, 4];
        P("copy to", () => { Marshal.Copy(ints, 1, p, 2); return Bytes(p, 8); });
        P("copy from", () => { int[] r = new int[3]; Marshal.Copy(p, r, 1, 2); return r; });
        P("copy others", () =>
        {
            Marshal.Copy(new[] { 1.5 }, 0, p, 1); Marshal.Copy(new[] { 'a' }, 0, p + 8, 1); Marshal.Copy(new byte[] { 9 }, 0, p + 10, 1); Marshal.Copy(new[] { 7L }, 0, p + 16, 1);
            Marshal.Copy(new[] { 2.5f }, 0, p + 24, 1); Marshal.Copy(new short[] { 3 }, 0, p + 28, 1); Marshal.Copy(new nint[] { 4 }, 0, p + 32, 1);
            return Bytes(p, 40);
        });
        P("copy null", () => Marshal.Copy((int[])null!, 0, p, 1));
        P("copy to null", () => Marshal.Copy(ints, 0, 0, 1));
        P("copy range", () => Marshal.Copy(ints, 2, p, 3));
        P("copy negative", () => Marshal.Copy(ints, -1, p, 1));
        P("copy from range", () => Marshal.Copy(p, ints, 3, 2));
        P("element", () => { fixed (int* q = ints) return Marshal.UnsafeAddrOfPinnedArrayElement(ints, 2) == (nint)(q + 2); });
        P("element null", () => Marshal.UnsafeAddrOfPinnedArrayElement((int[])null!, 0));
        Marshal.FreeHGlobal(p);
        P("native memory", () => { void* q = NativeMemory.AllocZeroed(4, 4); q = NativeMemory.Realloc(q, 32); int v = ((int*)q)[3]; NativeMemory.Free(q); return v; });
        P("aligned", () => { void* q = NativeMemory.AlignedAlloc(100, 64); q = NativeMemory.AlignedRealloc(q, 200, 128); bool b = (nuint)q % 128 == 0; NativeMemory.AlignedFree(q); return b; });
        P("aligned odd", () => NativeMemory.AlignedAlloc(8, 3) != null);
        P("huge", () => NativeMemory.Alloc(nuint.MaxValue) != null);
        P("fill", () => { byte* q = stackalloc byte[8]; NativeMemory.Fill(q, 8, 0xAB); NativeMemory.Clear(q + 2, 2); NativeMemory.Copy(q, q + 4, 4); return Bytes((nint)q, 8); });
    }

    private static void Handles()
    {
        object o = new();
        P("normal", () => { GCHandle h = GCHandle.Alloc(o); string s = $"{h.IsAllocated} {ReferenceEquals(h.Target, o)} {GCHandle.FromIntPtr(GCHandle.ToIntPtr(h)) == h}"; h.Free(); return s + h.IsAllocated; });
        P("weak", () => { GCHandle h = GCHandle.Alloc(o, GCHandleType.Weak); bool b = ReferenceEquals(h.Target, o); h.Free(); return b; });
        P("track", () => { GCHandle h = GCHandle.Alloc(o, GCHandleType.WeakTrackResurrection); bool b = ReferenceEquals(h.Target, o); h.Free(); return b; });
        P("pinned", () => { int[] a = [5, 6]; GCHandle h = GCHandle.Alloc(a, GCHandleType.Pinned); int v = ((int*)h.AddrOfPinnedObject())[1]; h.Free(); return v; });
        P("pinned string", () => { GCHandle h = GCHandle.Alloc("str", GCHandleType.Pinned); char c = *(char*)h.AddrOfPinnedObject(); h.Free(); return c; });
        P("pinned box", () => { GCHandle h = GCHandle.Alloc(7, GCHandleType.Pinned); int v = *(int*)h.AddrOfPinnedObject(); h.Free(); return v; });
        P("pinned struct", () => { GCHandle h = GCHandle.Alloc(new Blit { A = 1, B = 2 }, GCHandleType.Pinned); int v = ((int*)h.AddrOfPinnedObject())[1]; h.Free(); return v; });
        P("pinned empty", () => { GCHandle h = GCHandle.Alloc(Array.Empty<int>(), GCHandleType.Pinned); bool b = h.AddrOfPinnedObject() != 0; h.Free(); return b; });
        P("pinned null", () => { GCHandle h = GCHandle.Alloc(null, GCHandleType.Pinned); nint v = h.AddrOfPinnedObject(); h.Free(); return v; });
        P("pinned rank", () => { GCHandle h = GCHandle.Alloc(new[,] { { 1, 2 } }, GCHandleType.Pinned); int v = ((int*)h.AddrOfPinnedObject())[1]; h.Free(); return v; });
        P("pinned objects", () => GCHandle.Alloc(new object[1], GCHandleType.Pinned));
        P("pinned object", () => GCHandle.Alloc(new object(), GCHandleType.Pinned));
        P("pinned not blittable", () => GCHandle.Alloc(new NotBlit(), GCHandleType.Pinned));
        P("pinned bools", () => { GCHandle h = GCHandle.Alloc(new[] { true }, GCHandleType.Pinned); bool b = *(bool*)h.AddrOfPinnedObject(); h.Free(); return b; });
        P("bad kind", () => GCHandle.Alloc(o, (GCHandleType)9));
        P("unallocated", () => default(GCHandle).Target);
        P("free twice", () => { GCHandle h = GCHandle.Alloc(o); h.Free(); h.Free(); });
        P("from zero", () => GCHandle.FromIntPtr(0));
        P("not pinned", () => { GCHandle h = GCHandle.Alloc(o); try { return h.AddrOfPinnedObject(); } finally { h.Free(); } });
        P("set", () => { GCHandle h = GCHandle.Alloc(o); h.Target = "other"; object? t = h.Target; h.Free(); return t; });
        P("set pinned", () => { GCHandle h = GCHandle.Alloc(new byte[1], GCHandleType.Pinned); h.Target = new byte[] { 8 }; byte b = *(byte*)h.AddrOfPinnedObject(); h.Free(); return b; });
        P("set pinned bad", () => { GCHandle h = GCHandle.Alloc(new byte[1], GCHandleType.Pinned); try { h.Target = o; } finally { h.Free(); } });
        P("generic", () => { var h = new GCHandle<string>("g"); string s = h.Target + h.IsAllocated; h.Target = "h"; s += h.Target; h.Dispose(); return s + h.IsAllocated; });
        P("generic weak", () => { var h = new WeakGCHandle<object>(o); bool b = h.TryGetTarget(out object? t) && ReferenceEquals(t, o); h.Dispose(); return b; });
        P("generic pinned", () => { int[] a = [3, 4]; using var h = new PinnedGCHandle<int[]>(a); return ((int*)h.GetAddressOfArrayData())[1]; });
        P("generic pinned string", () => { using var h = new PinnedGCHandle<string>("xyz"); return h.GetAddressOfStringData()[2]; });
        P("generic pinned object", () => { using var h = new PinnedGCHandle<object>(o); return h.GetAddressOfObjectData() != null; });
        P("generic default", () => default(GCHandle<string>).Target);
        P("dependent", () => { var d = new System.Runtime.DependentHandle(o, "dep"); string s = d.IsAllocated + " " + d.Dependent + " " + ReferenceEquals(d.Target, o); d.Dispose(); return s + d.IsAllocated; });
        P("equal", () => { GCHandle a = GCHandle.Alloc(o), b = a; bool r = a.Equals(b) && a.GetHashCode() == b.GetHashCode(); a.Free(); return r; });
    }

    private static bool Code(string where)
    {
        Console.WriteLine($"exception code, {where}: {Marshal.GetExceptionCode():x}");
        return true;
    }

    private static void ExceptionCodes()
    {
        Code("outside");
        try { throw new FormatException(); } catch when (Code("filter")) { Code("catch, called"); }
        Code("after");
        try { Code("try"); } finally { Code("finally"); }
        try
        {
            try { throw new FormatException(); } finally { Code("finally on the way"); }
        }
        catch
        {
            try { Code("try in catch"); throw new InvalidOperationException(); } catch { Code("catch in catch"); }
            Code("catch again");
        }
        try
        {
            try { throw new FormatException(); }
            finally
            {
                try { throw new InvalidOperationException(); } catch { Code("catch in finally"); }
                Code("finally again");
            }
        }
        catch { }
        Code("end");
    }

    private static void Others()
    {
        P("size", () => Marshal.SizeOf<Blit>() + Marshal.SizeOf(new Blit()) + Marshal.SizeOf(typeof(Blit)));
        P("size null", () => Marshal.SizeOf((object)null!));
        P("size type null", () => Marshal.SizeOf((Type)null!));
        P("char sizes", () => Marshal.SystemDefaultCharSize + " " + Marshal.SystemMaxDBCSCharSize);
        P("guid", () => Marshal.GenerateGuidForType(typeof(Blit)) == typeof(Blit).GUID);
        P("prog id", () => Marshal.GenerateProgIdForType(typeof(List<int>)));
        P("exception code", () => { try { throw new FormatException(); } catch { return Marshal.GetExceptionCode(); } });
        P("exception code in catch", () => { try { throw new FormatException(); } catch (FormatException) { return Marshal.GetExceptionCode().ToString("x"); } });
        ExceptionCodes();
        P("visible", () => Marshal.IsTypeVisibleFromCom(typeof(Program)));
        P("hinstance", () => Marshal.GetHINSTANCE(typeof(Program).Module));
        P("typed object", () => Marshal.GetTypedObjectForIUnknown(0, typeof(object)));
        P("variant", () => Marshal.GetNativeVariantForObject(1, 0));
        P("start com slot", () => Marshal.GetStartComSlot(typeof(Program)));
        P("type info", () => Marshal.GetTypeInfoName(null!));
        using var buf = new Buf(16);
        P("buffer", () => { buf.Write(0, new Blit { A = 1, B = 2 }); buf.Write(8, 3L); return buf.Read<Blit>(0).B + buf.Read<long>(8) + (long)buf.ByteLength; });
        P("buffer over", () => buf.Read<long>(9));
        P("buffer array", () => { int[] a = [7, 8]; buf.WriteArray(4, a, 0, 2); int[] r = new int[2]; buf.ReadArray(4, r, 0, 2); return r; });
        P("buffer span", () => { Span<int> s = stackalloc int[2]; buf.ReadSpan(4, s); return s[1]; });
        P("buffer pointer", () => { byte* q = null; buf.AcquirePointer(ref q); byte v = q[4]; buf.ReleasePointer(); return v; });
        P("com variant", () => { var v = System.Runtime.InteropServices.Marshalling.ComVariant.Create(5); int x = v.As<int>(); v.Dispose(); return x; });
        P("com variant string", () => { var v = System.Runtime.InteropServices.Marshalling.ComVariant.Create("text"); string? x = v.As<string>(); v.Dispose(); return x; });
        P("utf8 marshaller", () => { byte* q = System.Runtime.InteropServices.Marshalling.Utf8StringMarshaller.ConvertToUnmanaged("m\u00e9"); string? s = System.Runtime.InteropServices.Marshalling.Utf8StringMarshaller.ConvertToManaged(q); System.Runtime.InteropServices.Marshalling.Utf8StringMarshaller.Free(q); return s; });
        P("bstr marshaller", () => { ushort* q = System.Runtime.InteropServices.Marshalling.BStrStringMarshaller.ConvertToUnmanaged("m\u00e9"); string? s = System.Runtime.InteropServices.Marshalling.BStrStringMarshaller.ConvertToManaged(q); System.Runtime.InteropServices.Marshalling.BStrStringMarshaller.Free(q); return s; });
        P("init handle", () => { var h = new Microsoft.Win32.SafeHandles.SafeFileHandle(); Marshal.InitHandle(h, 77); string s = h.DangerousGetHandle().ToString(); h.SetHandleAsInvalid(); return s; });
        P("hr", () => Marshal.GetHRForLastWin32Error().ToString("x"));
        P("collections", () => { var d = new Dictionary<int, int> { [1] = 2 }; CollectionsMarshal.GetValueRefOrAddDefault(d, 1, out _)++; List<int> l = [1, 2]; CollectionsMarshal.SetCount(l, 3); return d[1] + CollectionsMarshal.AsSpan(l)[1] + l.Count; });
        P("memory", () => MemoryMarshal.AsBytes(new[] { 1 }.AsSpan()).Length + MemoryMarshal.Cast<int, short>(new[] { 1, 2 }).Length);
        P("nfloat", () => (new NFloat(1.5) + 1).ToString() + NFloat.Size);
        P("clong", () => new CLong(5).Value + sizeof(CLong) + new CULong(6).Value.ToString());
        P("os", () => RuntimeInformation.IsOSPlatform(OSPlatform.Linux) + " " + RuntimeInformation.ProcessArchitecture);
    }

    private static void Main()
    {
        Strings();
        Memory();
        Handles();
        Others();
    }
}
