using System; using System.Runtime.CompilerServices; using System.Runtime.InteropServices; using System.Collections.Generic; using System.Reflection;
struct Empty {} 
struct A1 { public byte a; public DateTime d; public byte b; }
struct A2 { public byte a; public string s; public byte b; public int c; }
struct A3 { public byte a; public A2 s; public byte b; }
struct A4 { public byte a; public Int128 i; public byte b; }
[StructLayout(LayoutKind.Sequential, Pack=1)] struct A5 { public byte a; public long l; public short s; }
[StructLayout(LayoutKind.Sequential, Size=20)] struct A6 { public byte a; public int l; }
[StructLayout(LayoutKind.Explicit)] struct A7 { [FieldOffset(0)] public byte a; [FieldOffset(3)] public int b; }
[StructLayout(LayoutKind.Explicit, Size=32)] struct A8 { [FieldOffset(0)] public object a; [FieldOffset(8)] public int b; }
[StructLayout(LayoutKind.Auto)] struct A9 { public byte a; public long b; public byte c; public int d; }
struct B1 { public byte a; public A9 x; public byte b; }
struct B2 { public byte a; public int? x; public byte b; }
struct B3<T> { public byte a; public T x; public byte b; }
[InlineArray(5)] struct B4 { public short x; }
[InlineArray(3)] struct B5 { public B2 x; }
[InlineArray(3)] struct B6 { public string x; }
enum E8 : byte { X }
struct B7 { public E8 a; public decimal d; public Guid g; public char c; }
struct B8 { public bool a; public Empty e; public short s; }
struct C1 { public byte a; public KeyValuePair<int,long> k; public byte b; }
struct C2 { public byte a; public KeyValuePair<string,long> k; public byte b; }
struct C3 { public byte a; public (byte,long,byte) k; public byte b; }
[StructLayout(LayoutKind.Auto)] struct C4 { public byte a; }
[StructLayout(LayoutKind.Auto)] struct C5 { public byte a; public int i; public byte b, c; }
struct C6 { public byte a; public C5 i; public byte b; }
[StructLayout(LayoutKind.Auto)] struct C7 { public byte a; public Guid g; public byte b, c; public short s; }
unsafe struct C8 { public byte a; public fixed int f[3]; public byte b; public void* p; public delegate*<void> q; }
class K0 { public byte a; } class K1 : K0 { public byte b; public int c; public short d; public object o; }
class K2 : K1 { public byte e; public long l; public B2 s; public string t; public bool f; }
class K3 : K2 { public bool z; }
class K4 : K0 { public long l; }
class K5 : K0 { public object l; public byte q; public Guid g; public DateTime t; public Int128 i; public byte w;}
[StructLayout(LayoutKind.Sequential)] class K6 { public byte a; public long b; public byte c; }
[StructLayout(LayoutKind.Sequential)] class K7 : K6 { public byte d; public int e; }
[StructLayout(LayoutKind.Sequential)] class K8 { public byte a; public object o; public byte c; public int i;}
[StructLayout(LayoutKind.Explicit)] class K9 { [FieldOffset(4)] public int a; [FieldOffset(0)] public int b; [FieldOffset(8)] public object o; }
ref struct R1 { public int a; public ref int b; public byte c; public Span<int> s; public byte d;}
ref struct R2 { public byte a; public Span<byte> s; public byte d;}
struct VT { public byte a; public System.Runtime.Intrinsics.Vector128<int> v; public byte b; }
struct VU { public byte a; public System.Numerics.Vector<int> v; public byte b; }
struct VW { public byte a; public System.Runtime.Intrinsics.Vector256<int> v; public byte b; }
struct VN { public byte a; public nint n; public half h; } struct half { public Half h; public byte b; }
[StructLayout(LayoutKind.Sequential, Pack=2)] struct D1 { public byte a; public Int128 i; public int j; public B2 q; }
[StructLayout(LayoutKind.Explicit, Pack=2)] struct D2 { [FieldOffset(0)] public byte a; [FieldOffset(2)] public int j; }
[StructLayout(LayoutKind.Explicit)] struct D3 { [FieldOffset(0)] public byte a; [FieldOffset(16)] public Int128 j; }
[StructLayout(LayoutKind.Sequential, Size=1)] struct D4 { public int a; }
[StructLayout(LayoutKind.Sequential, Size=3)] struct D5 { }
[StructLayout(LayoutKind.Sequential, Size=64)] struct D6 { public object o; public byte b; }
static unsafe class Program {
 static int Off(FieldInfo f) { // FieldDesc dword2 low 27 bits
   byte* p = (byte*)f.FieldHandle.Value; return (int)(*(uint*)(p+12) & 0x7ffffff); }
 static void Dump(Type t) { 
   foreach (var f in t.GetFields(BindingFlags.Instance|BindingFlags.Public|BindingFlags.NonPublic|BindingFlags.DeclaredOnly)) Console.WriteLine($"{N(t)}\t{f.Name}\t{Off(f)}");
   byte* mt=(byte*)t.TypeHandle.Value; uint bs=*(uint*)(mt+4); Console.WriteLine($"{N(t)}\t#\t{bs}\t{(t.IsValueType? Size(t):0)}"); }
 static string N(Type t)=>t.ToString();
 static int Size(Type t){ try { return (int)typeof(Program).GetMethod("Sz",BindingFlags.Static|BindingFlags.NonPublic).MakeGenericMethod(t).Invoke(null,null);} catch { return -1; } }
 static int Sz<T>() => Unsafe.SizeOf<T>();
 static void Main() { 
  foreach (var t in typeof(Program).Assembly.GetTypes()) if (t!=typeof(Program) && !t.IsGenericTypeDefinition && t.Namespace==null && !t.Name.Contains("<")) Dump(t);
  Dump(typeof(B3<int>)); Dump(typeof(B3<string>)); Dump(typeof(B3<long?>)); Dump(typeof(B3<B3<byte>>)); Dump(typeof(B3<Int128>)); Dump(typeof(B3<DateTime>));
  Dump(typeof(Dictionary<int,string>)); Dump(typeof(Dictionary<string,Guid>)); Dump(typeof(List<int>)); Dump(typeof(Int128?)); Dump(typeof(bool?)); Dump(typeof(DateTime?)); Dump(typeof(KeyValuePair<byte,Int128>));
  Console.WriteLine("sz: "+((IEnumerable<object>)new string[1]).GetEnumerator().GetType()+" "+((IEnumerable<uint>)(object)new int[1]).GetEnumerator().GetType());
 }}
