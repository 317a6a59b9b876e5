// maps: no
// Delegates: static, instance, virtual, closed over structs, lambdas with captures, multicast; exit code only.
internal delegate int Op(int a, int b);
internal delegate void Act(ref int x);

internal class Counter
{
    public int N;
    public virtual int Bump(int a, int b) { N += a + b; return N; }
}

internal sealed class Doubler : Counter { public override int Bump(int a, int b) => base.Bump(a * 2, b * 2); }
internal struct Point { public int X; public int AddX(int a, int b) => X + a + b; }

internal static class Program
{
    private static int Add(int a, int b) => a + b;
    private static int Apply(Op op, int a, int b) => op(a, b);
    private static Op Adder(int k) => (a, b) => a + b + k;

    private static int Main()
    {
        if (Apply(Add, 2, 3) != 5) return 1;
        var c = new Counter();
        Op op = c.Bump;
        op(1, 2);
        if (op(3, 4) != 10 || c.N != 10) return 2;
        c = new Doubler();
        op = c.Bump;
        if (op(1, 1) != 4) return 3;
        op = new Point { X = 100 }.AddX;
        if (op(1, 2) != 103) return 4;
        if (Adder(10)(1, 2) != 13) return 5;
        int captured = 0;
        Act add1 = (ref int x) => { x += 1; captured++; }, times3 = (ref int x) => { x *= 3; captured += 10; };
        Act all = add1 + times3 + add1;
        int v = 5;
        all(ref v);
        if (v != 19 || captured != 12) return 6;
        all -= add1;
        v = 5;
        all!(ref v);
        if (v != 18) return 7;
        if (!(new Act(add1) + times3).Equals(new Act(add1) + times3)) return 8;
        Func<Func<int, int>, int, int> twice = (f, x) => f(f(x));
        if (twice(x => x * x, 3) != 81) return 9;
        Func<int>[] fs = new Func<int>[3];
        for (int i = 0; i < 3; i++) { int k = i; fs[i] = () => k * 10; }
        if (fs[0]() + fs[1]() + fs[2]() != 30) return 10;
        return 0;
    }
}
