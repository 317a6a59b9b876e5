// The library in several versions: V1 is what programs are compiled against, others lack or change something.
using System;
using System.Reflection;
#if NEWER
[assembly: AssemblyVersion("2.0.0.0")]
#else
[assembly: AssemblyVersion("1.0.0.0")]
#endif
namespace L
{
    public class Kept { public virtual int V() => 1; public int F = 2; public static int S = 3; }
#if !V2
    public class Gone { public static int Answer() => 42; public int X; }
    public struct GoneStruct { public int A, B; }
    public interface IGone { void M(); }
    public enum GoneEnum { A, B }
    public class GoneGeneric<T> { public T? Value; }
    public delegate int GoneDelegate(int x);
#endif
    public class Members
    {
#if V2
        public static long Changed(long x) => x;
        public string ChangedField = "s";
        public static int BecomesInstanceField;
        public void BecomesInstance() { }
        public static void BecomesStatic() { }
        private static int Hidden() => 7;
        private int HiddenField = 8;
        public int UseHidden() => HiddenField + Hidden();
#else
        public static int Lost(int x) => x;
        public int LostInstance(string s) => s.Length;
        public T LostGeneric<T>(T x) => x;
        public int LostField;
        public static string LostStatic = "x";
        public int LostProperty { get; set; }
        public static int Changed(int x) => x;
        public int ChangedField;
        public int BecomesInstanceField;
        public static void BecomesInstance() { }
        public void BecomesStatic() { }
        public static int Hidden() => 7;
        public int HiddenField = 8;
#endif
    }
    public class Outer
    {
#if !V2
        public class Inner { public static int Y = 5; }
#endif
        public int Z = 6;
    }
    public interface IGrown
    {
        int A();
#if V2
        int Added();
#endif
    }
    public abstract class Base
    {
        public abstract int P();
#if V2
        public abstract int Added();
#endif
    }
#if V2
    public sealed class Opened { }
#else
    public class Opened { }
#endif
#if V2
    public class BecomesClass { public int A; }
#else
    public struct BecomesClass { public int A; }
#endif
    public class Constrained<T>
#if V2
        where T : struct
#endif
    { public override string ToString() => "constrained"; }
}
