// Layouts that cannot be: a class laid out over a parent that is not, explicit layout of generic types, references in the wrong place.
// verify: no
// compile: debug
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

class Auto { int x; }
[StructLayout(LayoutKind.Sequential)] class OverAuto : Auto { int y; }
[StructLayout(LayoutKind.Explicit)] class ExplicitOverAuto : Auto { [FieldOffset(0)] int y; }
class AutoOf<T> { T x; }
[StructLayout(LayoutKind.Sequential)] class OverInstance : AutoOf<int> { }
[StructLayout(LayoutKind.Sequential)] class Laid { string x; }
[StructLayout(LayoutKind.Sequential)] class OverLaid : Laid { int z; }
[StructLayout(LayoutKind.Explicit)] struct ExplicitOf<T> { [FieldOffset(0)] int a; [FieldOffset(16)] T b; }
[StructLayout(LayoutKind.Explicit)] class ExplicitClassOf<T> { [FieldOffset(0)] int a; }
[StructLayout(LayoutKind.Explicit)] ref struct SpanAskew { [FieldOffset(2)] public Span<int> S; }

static class Program
{
    static void Try(Action a)
    {
        try { a(); Console.WriteLine("fine"); }
        catch (TypeLoadException e) { Console.WriteLine(e.Message.Replace(typeof(Program).Assembly.FullName, "here")); }
    }
    [MethodImpl(MethodImplOptions.NoInlining)] static void A() => new OverAuto();
    [MethodImpl(MethodImplOptions.NoInlining)] static void B() => new ExplicitOverAuto();
    [MethodImpl(MethodImplOptions.NoInlining)] static void C() => new OverInstance();
    [MethodImpl(MethodImplOptions.NoInlining)] static void D() => new OverLaid();
    [MethodImpl(MethodImplOptions.NoInlining)] static void E() => new ExplicitOf<int>().ToString();
    [MethodImpl(MethodImplOptions.NoInlining)] static void F() => new ExplicitClassOf<int>();
    [MethodImpl(MethodImplOptions.NoInlining)] static void G() => typeof(SpanAskew).ToString();
    static void Main()
    {
        Try(A); Try(B); Try(C); Try(D); Try(E); Try(F); Try(G);
    }
}
