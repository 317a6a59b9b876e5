namespace N
{
    public class C { public static string RunIt() => "ran"; public int F; public virtual void V() { } }
    public struct S { public int A; public string B; }
    public interface I { void M(); }
    public class G<T> { public T P { get; set; } = default!; public static int RunCount() => 3; }
    public enum E { A, B = 5 }
    public class D : C, I
    {
        public void M() { }
        public override void V() { try { M(); } catch (System.Exception e) { System.Console.WriteLine(e.Message); } finally { F = 3; } }
        public int Switch(int x) { switch (x) { case 0: return 1; case 1: return 5; case 2: return 9; case 3: return 11; default: return x; } }
        public static double Mix(long a, float b, double c, S s) => a + b + c + s.A;
    }
}
