// maps: no
// Classes: constructors, fields, virtual and abstract methods, base calls, interfaces, casts, statics. No library calls.
internal interface IShape { int Area(); int Scale(int by) => Area() * by; }
internal interface INamed { int Name { get; } }

internal abstract class Shape : IShape, INamed
{
    public static int Count;
    protected int _id;
    protected Shape() { Count++; _id = Count; }
    public abstract int Area();
    public virtual int Name => 1;
    public virtual int Describe() => Area() * 100 + Name;
}

internal class Rect : Shape
{
    private readonly int _w, _h;
    public Rect(int w, int h) { _w = w; _h = h; }
    public override int Area() => _w * _h;
    public override int Name => 2;
}

internal sealed class Square : Rect
{
    public Square(int s) : base(s, s) { }
    public override int Name => base.Name + 1;
    public override int Describe() => base.Describe() + 100000;
    public new int Area() => -1;
}

internal class Circle : Shape, IShape
{
    private int _r = 7;
    public override int Area() => 3 * _r * _r;
    int IShape.Scale(int by) => by;
}

internal class Node { public int Value; public Node? Left, Right; }

internal static class Program
{
    private static Node? Insert(Node? n, int v)
    {
        if (n == null) return new Node { Value = v };
        if (v < n.Value) n.Left = Insert(n.Left, v); else n.Right = Insert(n.Right, v);
        return n;
    }

    private static int Sum(Node? n, int depth) => n == null ? 0 : n.Value * depth + Sum(n.Left, depth + 1) + Sum(n.Right, depth + 1);

    private static int Main()
    {
        Shape r = new Rect(2, 3), s = new Square(4), c = new Circle();
        if (r.Area() != 6 || s.Area() != 16 || c.Area() != 147) return 1;
        if (r.Describe() != 602 || s.Describe() != 101603 || c.Describe() != 14701) return 2;
        if (((Square)s).Area() != -1) return 3;
        IShape i = r;
        if (i.Area() != 6 || i.Scale(3) != 18) return 4;
        i = c;
        if (i.Scale(5) != 5) return 5;
        INamed n = s;
        if (n.Name != 3) return 6;
        if (Shape.Count != 3) return 7;
        object o = s;
        if (!(o is Rect) || !(o is Shape) || !(o is INamed) || o is Circle) return 8;
        if ((o as Circle) != null || (o as Square) == null) return 9;
        object boxed = 12;
        if (!(boxed is int) || boxed is long || (int)boxed != 12) return 10;
        Node? root = null;
        int x = 1;
        for (int k = 0; k < 200; k++) { x = x * 75 % 65537; root = Insert(root, x % 1000); }
        if (Sum(root, 1) == 0) return 11;
        return 0;
    }
}
