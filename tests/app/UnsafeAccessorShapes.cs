// Unsafe accessors whose declarations have a wrong shape, look for members of a base, or have other constraints than the target.
// also: common/Ask.cs
using System.Runtime.CompilerServices;
namespace N { 
class Base { int b = 1; int Bm() => 2; static int s = 3; static int Sm()=>4; protected virtual int V() => 5; }
class Sub : Base { int c = 9; protected override int V() => 6; class In<T> where T : class, new() { int f = 7; int M<U>() where U : T => 1; } 
  int Two(int a) => 5; int Two(ref int a) => 6; }
class G<T> where T : struct { int f = 4; int M() => 5; }
static class AG<T> where T : struct { 
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "f")] public static extern ref int F(G<T> v);
 [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "M")] public static extern int M(G<T> v); }
static class AX<T, U> where T : struct { 
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "f")] public static extern ref int F(G<T> v);
 [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "M")] public static extern int M(G<T> v); }
static class AY<T, U> where U : struct { 
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "f")] public static extern ref int F(G<U> v);
 [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "M")] public static extern int M(G<U> v); }
static class AZ { 
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "f")] public static extern ref int F(G<int> v);
 [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "M")] public static extern int M(G<int> v); }
static class AW<T> where T : unmanaged { 
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "f")] public static extern ref int F(G<T> v);
 [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "M")] public static extern int M(G<T> v); }
static class P { 
 [UnsafeAccessor(UnsafeAccessorKind.Field)] static extern ref int b(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Field)] static extern ref int c(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Method)] static extern int Bm(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Method)] static extern int Bn(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Method)] static extern int V(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Method)] static extern int V(Base v);
 [UnsafeAccessor(UnsafeAccessorKind.StaticField)] static extern ref int s(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.StaticMethod)] static extern int Sm(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Method)] static extern int Two(Sub v, int a);
 [UnsafeAccessor(UnsafeAccessorKind.Method)] static extern int Two(Sub v, ref int a);

 [UnsafeAccessor(UnsafeAccessorKind.Method, Name="Two")] static extern void TwoR(Sub v, ref int a);
 [UnsafeAccessor(UnsafeAccessorKind.Constructor)] static extern Sub New(int a);
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name="c")] static extern int NoRef(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name="c")] static extern ref int Two(Sub v, string x);
 [UnsafeAccessor(UnsafeAccessorKind.Field, Name="c")] static extern ref int None();
 [UnsafeAccessor(UnsafeAccessorKind.Method, Name="Length")] static extern int OnArray(int[] v);
 [UnsafeAccessor((UnsafeAccessorKind)77, Name="c")] static extern ref int Bad(Sub v);
 [UnsafeAccessor(UnsafeAccessorKind.Constructor, Name="x")] static extern Sub NewNamed();
 [UnsafeAccessor(UnsafeAccessorKind.Constructor)] static extern void NewVoid();
 [UnsafeAccessor(UnsafeAccessorKind.Constructor)] static extern ref Sub NewRef();
 [UnsafeAccessor(UnsafeAccessorKind.Method, Name="M")] static extern T Open<T>(T v);
 static void Main() { var v = new Sub(); int i = 0;
 Ask.Say("b", () => b(v)); Ask.Say("c", ()=>c(v)); Ask.Say("Bm", ()=>Bm(v)); Ask.Say("Bn", ()=>Bn(v)); Ask.Say("V", ()=>V(v)); Ask.Say("VB", ()=>V((Base)v)); Ask.Say("s", ()=>s(v)); Ask.Say("Sm", ()=>Sm(v));
 Ask.Say("two", ()=>Two(v, 1)); Ask.Say("two ref", ()=>Two(v, ref i)); Ask.Do("twoR", ()=>TwoR(v, ref i)); Ask.Say("new", ()=>New(1)); Ask.Say("noref", ()=>NoRef(v)); Ask.Say("two par", ()=>Two(v,"")); Ask.Say("none", ()=>None()); Ask.Say("arr", ()=>OnArray(new int[1])); Ask.Say("bad", ()=>Bad(v)); Ask.Say("named", ()=>NewNamed()); Ask.Do("void", ()=>NewVoid()); Ask.Say("ref", ()=>NewRef()); Ask.Say("open", ()=>Open(v)); Ask.Say("open", ()=>Open(1));
 Ask.Say("AG", ()=>AG<int>.F(new G<int>())); Ask.Say("AG", ()=>AG<int>.M(new G<int>()));
 Ask.Say("AX", ()=>AX<int,int>.F(new G<int>())); Ask.Say("AX", ()=>AX<int,int>.M(new G<int>()));
 Ask.Say("AY", ()=>AY<int,int>.F(new G<int>())); Ask.Say("AY", ()=>AY<int,int>.M(new G<int>()));
 Ask.Say("AZ", ()=>AZ.F(new G<int>())); Ask.Say("AZ", ()=>AZ.M(new G<int>()));
 Ask.Say("AW", ()=>AW<int>.F(new G<int>())); Ask.Say("AW", ()=>AW<int>.M(new G<int>()));
 }
}}
