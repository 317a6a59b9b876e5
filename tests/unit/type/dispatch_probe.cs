// Prints what the reference says about interface maps, overrides and casts; recorded in dispatch_probe.tsv.
using System; using System.Collections; using System.Collections.Generic; using System.Linq; using System.Reflection; using System.Runtime.CompilerServices;
interface IA { void M(); int P => 1; void D() { } }
interface IB : IA { void IA.D() { } void N(); }
interface IC : IA { }
interface ID : IB, IC { void IA.M() { } }
interface IG<T> { T Get(T x); void Put(T y) { } string Name => "IG"; }
interface ICo<out T> { T Get(); } interface IContra<in T> { void Put(T x); }
interface IStat<TSelf> where TSelf : IStat<TSelf> { static abstract int S(); static virtual int V() => 1; static abstract TSelf operator +(TSelf a, TSelf b); }
class Base : IA { public virtual void M() { } public void N() { } public virtual object Cov() => this; public virtual void G<T>(T x) { } public virtual void O(int a) {} public virtual void O(string a) {} }
class Der : Base, IB { public override void M() { } public void D() { } public override Base Cov() => this; public override void G<T>(T x) { } public override void O(string a) {} }
class Der2 : Der, IA { void IA.M() { } public override Der Cov() => this; public new virtual void O(int a) {} }
class Der3 : Der2 { public override void M() { } public override Der3 Cov() => this; public override void O(int a) {} }
class Hide : Base { public new virtual void M() { } }
class Hide2 : Hide, IA { }
class Sub : Base { }
class Redecl : Sub, IB { void IA.D() { } }
class DD : ID { public void N() { } }
class GImpl<T> : IG<T>, IG<List<T>> { public virtual T Get(T x) => x; List<T> IG<List<T>>.Get(List<T> x) => x; public void Put(T x) { } }
class GImpl2<U> : GImpl<U[]>, IG<U> { public U Get(U x) => x; public override U[] Get(U[] x) => x; }
class Both : IG<int>, IG<string>, ICo<string>, ICo<Base>, IContra<object> { public int Get(int x) => x; public string Get(string x) => x; string ICo<string>.Get() => ""; Base ICo<Base>.Get() => null; public void Put(object o) { } void IG<int>.Put(int y) { } }
struct St : IA, IG<int>, IComparable<St>, IStat<St>, IEquatable<St> { public void M() { } public int Get(int x) => x; public int CompareTo(St o) => 0; public static int S() => 0; static St IStat<St>.operator +(St a, St b) => a; public bool Equals(St o) => true; public override string ToString() => ""; }
class StatC : IStat<StatC> { static int IStat<StatC>.S() => 2; static int IStat<StatC>.V() => 3; public static StatC operator +(StatC a, StatC b) => a; }
abstract class Abs : IA, IEnumerable<int> { public abstract void M(); public abstract IEnumerator<int> GetEnumerator(); IEnumerator IEnumerable.GetEnumerator() => null; }
class AbsI : Abs { public override void M() { } public override IEnumerator<int> GetEnumerator() => null; ~AbsI() { } }
class Curious : List<Curious>, IComparable<Curious>, IEnumerable<object> { public int CompareTo(Curious o) => 0; IEnumerator<object> IEnumerable<object>.GetEnumerator() => null; }
class Node<T> : IEnumerable<Node<T>> where T : class { public IEnumerator<Node<T>> GetEnumerator() => null; IEnumerator IEnumerable.GetEnumerator() => null; public class In<U> : Node<T>, IG<U> { public U Get(U u) => u; } }
class Self<T> : Dictionary<string, Self<T>> { }
class Self2 : Self<Self2> { struct Q { Self2 s; KeyValuePair<Self2, Q[]> k; static Q q; } }
enum En : short { A } enum Eu : ushort { A } enum Ei { A }
delegate T Fn<in A, out T>(A a);
static class Program {
  static string N(Type t) => t.ToString();
  static Type[] types = { typeof(Base), typeof(Der), typeof(Der2), typeof(Der3), typeof(Hide), typeof(Hide2), typeof(Sub), typeof(Redecl), typeof(DD),
    typeof(GImpl<int>), typeof(GImpl<string>), typeof(GImpl2<int>), typeof(GImpl2<string>), typeof(Both), typeof(St), typeof(StatC), typeof(Abs), typeof(AbsI), typeof(Curious), typeof(Node<string>), typeof(Node<string>.In<int>), typeof(Node<object>.In<string>), typeof(Self2),
    typeof(int), typeof(double), typeof(string), typeof(List<int>), typeof(List<string>), typeof(Dictionary<string,int>), typeof(Dictionary<string,int>.KeyCollection), typeof(KeyValuePair<int,string>), typeof(DateTime), typeof(Guid), typeof(Exception), typeof(ArgumentNullException), typeof(System.IO.MemoryStream), typeof(System.Text.StringBuilder), typeof(Int128), typeof(decimal), typeof(System.Collections.Concurrent.ConcurrentDictionary<string,object>), typeof(En), typeof(Action<string>), typeof(System.Threading.Tasks.Task<int>), typeof(ArraySegment<int>), typeof((int,string)), typeof(Half), typeof(char), typeof(System.Numerics.BigInteger), typeof(System.Collections.Immutable.ImmutableArray<int>), typeof(System.Collections.ObjectModel.ReadOnlyCollection<string>) };
  static Type[] casts = { typeof(object), typeof(string), typeof(int), typeof(uint), typeof(int?), typeof(ValueType), typeof(Enum), typeof(En), typeof(Eu), typeof(short), typeof(ushort), typeof(char), typeof(bool), typeof(byte), typeof(sbyte), typeof(IA), typeof(IB), typeof(ID), typeof(Base), typeof(Der), typeof(Der3), typeof(St), typeof(Both), typeof(ICo<object>), typeof(ICo<string>), typeof(ICo<Base>), typeof(ICo<Der>), typeof(IContra<object>), typeof(IContra<string>), typeof(IContra<int>), typeof(ICo<int>),
    typeof(object[]), typeof(string[]), typeof(int[]), typeof(uint[]), typeof(En[]), typeof(short[]), typeof(ushort[]), typeof(char[]), typeof(bool[]), typeof(byte[]), typeof(sbyte[]), typeof(Base[]), typeof(Der[]), typeof(IA[]), typeof(St[]), typeof(int[,]), typeof(uint[,]), typeof(object[,]), typeof(string[,]), typeof(int[][]), typeof(object[][]), typeof(string[][]), typeof(Array), typeof(IEnumerable), typeof(IList), typeof(IEnumerable<object>), typeof(IEnumerable<string>), typeof(IEnumerable<int>), typeof(IEnumerable<uint>), typeof(IEnumerable<short>), typeof(IList<object>), typeof(IList<string>), typeof(IList<int>), typeof(IList<uint>), typeof(IList<En>), typeof(IReadOnlyList<object>), typeof(IReadOnlyList<Base>), typeof(IReadOnlyCollection<Der>), typeof(ICollection<int[]>), typeof(IEnumerable<IEnumerable<object>>), typeof(List<string>), typeof(List<object>), typeof(List<Der>), typeof(IEnumerable<KeyValuePair<string,int>>), typeof(Dictionary<string,int>),
    typeof(Fn<object,string>), typeof(Fn<string,object>), typeof(Fn<string,string>), typeof(Fn<int,object>), typeof(Delegate), typeof(MulticastDelegate), typeof(Action<object>), typeof(Action<string>), typeof(Func<string>), typeof(Func<object>), typeof(IComparable), typeof(IComparable<int>), typeof(IComparable<St>), typeof(IEquatable<string>), typeof(Curious), typeof(IEnumerable<Curious>), typeof(nint), typeof(nuint), typeof(long), typeof(long[]), typeof(nint[]), typeof(ulong[]), typeof(nuint[]), typeof(float[]), typeof(Ei[]), typeof(int?[]), typeof(IComparer<object>), typeof(IComparer<string>), typeof(IComparer<IComparer<string>>), typeof(IComparer<IComparer<object>>) };
  static void Main() {
    foreach (var t in types) {
      foreach (var i in t.GetInterfaces()) {
        Console.WriteLine($"iface\t{N(t)}\t{N(i)}");
        InterfaceMapping m; try { m = t.GetInterfaceMap(i); } catch (Exception) { continue; }
        for (int k = 0; k < m.InterfaceMethods.Length; k++) { var im = m.InterfaceMethods[k]; var tm = m.TargetMethods[k];
          Console.WriteLine($"map\t{N(t)}\t{N(i)}\t{im.MetadataToken:x}\t{im.Name}\t{(tm==null?"-":N(tm.DeclaringType))}\t{(tm==null?0:tm.MetadataToken):x}"); } }
      for (var b = t; b != null; b = b.BaseType) foreach (var v in b.GetMethods(BindingFlags.Instance|BindingFlags.Public|BindingFlags.NonPublic|BindingFlags.DeclaredOnly)) {
        if (!v.IsVirtual || v.GetBaseDefinition() != v) continue;
        var o = t.GetMethods(BindingFlags.Instance|BindingFlags.Public|BindingFlags.NonPublic).FirstOrDefault(x => x.IsVirtual && x.GetBaseDefinition().MethodHandle == v.MethodHandle);
        if (o != null) Console.WriteLine($"virt\t{N(t)}\t{N(v.DeclaringType)}\t{v.MetadataToken:x}\t{v.Name}\t{N(o.DeclaringType)}\t{o.MetadataToken:x}"); } }
    foreach (var a in casts) Console.WriteLine($"cast\t{N(a)}\t{string.Concat(casts.Select(b => b.IsAssignableFrom(a) ? '1' : '0'))}");
  } }
