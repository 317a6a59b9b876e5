// Expression trees, compiled and interpreted: closures, quotes, try forms, switch, loops, goto with values, conversions, by-ref, dynamic, big trees.
using System.Dynamic;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using E = System.Linq.Expressions.Expression;

internal static class Program
{
    public struct Point { public int X; public int Y { get; set; } public int this[int i] { get => X + i; set => X = value + i; } public override string ToString() => $"({X},{Y})"; public static Point operator +(Point a, Point b) => new() { X = a.X + b.X, Y = a.Y + b.Y }; public static implicit operator Point(int v) => new() { X = v }; public static bool operator true(Point p) => p.X != 0; public static bool operator false(Point p) => p.X == 0; public static Point operator &(Point a, Point b) => a; }
    public class Node { public int V; public List<int> Items { get; } = []; public Node Inner { get; } = null!; public Node() { } public Node(Node inner) => Inner = inner; public int[] Grid = new int[4]; }
    private delegate int RefInt(ref int x, out string s);
    private static readonly MethodInfo write = typeof(Console).GetMethod("WriteLine", [typeof(string)])!;

    private static void Both<T>(string what, Expression<T> e, Func<T, object?> run) where T : Delegate
    {
        foreach (bool interpret in new[] { false, true })
        {
            string result;
            try { result = (run(e.Compile(interpret)) ?? "null").ToString()!; }
            catch (Exception x) { result = x.GetType().Name + ": " + x.Message; }
            Console.WriteLine($"{what} [{(interpret ? "interpreted" : "compiled")}] {result}");
        }
    }

    private static void Arithmetic()
    {
        ParameterExpression a = E.Parameter(typeof(int), "a"), b = E.Parameter(typeof(int), "b");
        var ops = new (string, Func<E, E, E>)[] { ("+", E.Add), ("+!", E.AddChecked), ("-!", E.SubtractChecked), ("*!", E.MultiplyChecked), ("/", E.Divide), ("%", E.Modulo), ("<<", E.LeftShift), (">>", E.RightShift), ("^", E.ExclusiveOr), ("&", E.And), ("|", E.Or) };
        foreach ((string name, Func<E, E, E> op) in ops)
            foreach ((int x, int y) in new[] { (7, 3), (int.MaxValue, 2), (5, 0) })
                Both($"{x} {name} {y}", E.Lambda<Func<int, int, int>>(op(a, b), a, b), f => f(x, y));
        foreach (Type t in new[] { typeof(byte), typeof(short), typeof(uint), typeof(long), typeof(float), typeof(double), typeof(decimal), typeof(char), typeof(int?), typeof(object), typeof(DayOfWeek) })
        {
            ParameterExpression d = E.Parameter(typeof(int), "d");
            if (t != typeof(decimal)) Both("convert to " + t.Name, E.Lambda<Func<int, object>>(E.Convert(E.ConvertChecked(d, t), typeof(object)), d), f => f(70));
        }
        ParameterExpression n = E.Parameter(typeof(int?), "n"), m = E.Parameter(typeof(int?), "m");
        Both("lifted", E.Lambda<Func<int?, int?, int?>>(E.Add(n, m), n, m), f => f(1, 2) + "" + f(null, 2));
        Both("lifted <", E.Lambda<Func<int?, int?, bool?>>(E.LessThan(n, m, true, null), n, m), f => f(1, 2) + "" + f(null, 2));
        Both("lifted ==", E.Lambda<Func<int?, int?, bool>>(E.Equal(n, m), n, m), f => f(1, 1) + "" + f(null, null));
        Both("coalesce", E.Lambda<Func<int?, int>>(E.Coalesce(n, E.Constant(9)), n), f => f(null) + f(1));
        Both("user operators", (Expression<Func<Point, Point, Point>>)((p, q) => p + q + 1), f => f(new Point { X = 1, Y = 2 }, new Point { X = 3, Y = 4 }));
        ParameterExpression u = E.Parameter(typeof(Point), "u"), v = E.Parameter(typeof(Point), "v");
        Both("andalso", E.Lambda<Func<Point, Point, Point>>(E.AndAlso(u, v), u, v), f => f(5, 6) + " " + f(0, 6));
        Both("decimals", (Expression<Func<decimal, decimal, decimal>>)((x, y) => x * y - 1m), f => f(1.5m, 2.25m));
        Both("power", E.Lambda<Func<double>>(E.Power(E.Constant(2.0), E.Constant(0.5))), f => f().ToString("F6"));
        Both("not, negate", E.Lambda<Func<int, int>>(E.Negate(E.OnesComplement(E.UnaryPlus(a))), a), f => f(41));
        Both("negate checked", E.Lambda<Func<int, int>>(E.NegateChecked(a), a), f => f(int.MinValue));
        Both("strings", (Expression<Func<string, string, string>>)((x, y) => x + y + x.Length), f => f("one", "two"));
        Both("type tests", (Expression<Func<object, string>>)(o => (o is string ? "string " : "other ") + (o as string)), f => f("x") + f(1));
        Both("type equal", E.Lambda<Func<bool>>(E.TypeEqual(E.Constant(new ArgumentNullException(), typeof(Exception)), typeof(ArgumentException))), f => f());
    }

    private static void Closures()
    {
        int captured = 10;
        Both("captured", (Expression<Func<int, Func<int, int>>>)(x => y => x + y + captured), f => { captured = 20; return f(1)(2); });
        Both("three deep", (Expression<Func<int, Func<int, Func<int>>>>)(x => y => () => x * y + captured), f => f(3)(4)());
        ParameterExpression c = E.Variable(typeof(int), "c");
        var counter = E.Lambda<Func<Func<int>>>(E.Block([c], E.Assign(c, E.Constant(5)), E.Lambda<Func<int>>(E.PreIncrementAssign(c))));
        Both("counter", counter, f => { Func<int> one = f(), two = f(); return one() + "," + one() + "," + two(); });
        ParameterExpression q = E.Parameter(typeof(int), "q");
        Both("quote", E.Lambda<Func<int, Expression<Func<int>>>>(E.Quote(E.Lambda<Func<int>>(E.Add(q, E.Constant(1)))), q), f => f(4).Compile()());
        ParameterExpression s = E.Parameter(typeof(string).MakeByRefType(), "s"), x = E.Parameter(typeof(int).MakeByRefType(), "x");
        Both("by reference", E.Lambda<RefInt>(E.Block(E.Assign(s, E.Constant("out")), E.AddAssign(x, E.Constant(3)), x), x, s), f => { int v = 4; int r = f(ref v, out string t); return r + t + v; });
        ParameterExpression self = E.Variable(typeof(Func<int, int>), "self"), n = E.Parameter(typeof(int), "n");
        var fact = E.Lambda<Func<int, int>>(E.Block([self], E.Assign(self, E.Lambda<Func<int, int>>(E.Condition(E.LessThan(n, E.Constant(2)), E.Constant(1), E.Multiply(n, E.Invoke(self, E.Subtract(n, E.Constant(1))))), n)), E.Invoke(self, E.Parameter(typeof(int), "k") is var k ? k : null!)), k);
        Both("recursive", fact, f => f(10));
        Both("constants", E.Lambda<Func<string>>(E.Call(E.Constant(new List<int> { 1, 2, 3 }), "ToString", null)), f => f());
        var runtime = E.Lambda<Func<IRuntimeVariables>>(E.Block([c], E.Assign(c, E.Constant(3)), E.RuntimeVariables(c)));
        Both("runtime variables", runtime, f => { IRuntimeVariables r = f(); r[0] = 8; return r.Count + " " + r[0]; });
    }

    private static void Flow()
    {
        ParameterExpression p = E.Parameter(typeof(int), "p"), i = E.Variable(typeof(int), "i"), sum = E.Variable(typeof(int), "sum");
        LabelTarget brk = E.Label(typeof(int)), cont = E.Label(), ret = E.Label(typeof(string), "ret");
        Both("loop", E.Lambda<Func<int, int>>(E.Block([i, sum], E.Loop(E.Block(E.IfThen(E.GreaterThan(i, p), E.Break(brk, sum)), E.PostIncrementAssign(i),
            E.IfThen(E.Equal(E.Modulo(i, E.Constant(2)), E.Constant(0)), E.Continue(cont)), E.AddAssign(sum, i)), brk, cont)), p), f => f(10));
        Both("goto", E.Lambda<Func<int, string>>(E.Block(E.IfThen(E.Equal(p, E.Constant(1)), E.Return(ret, E.Constant("one"))), E.Label(ret, E.Constant("other"))), p), f => f(1) + f(2));
        Both("switch on int", E.Lambda<Func<int, string>>(E.Switch(p, E.Constant("default"), E.SwitchCase(E.Constant("1 or 2"), E.Constant(1), E.Constant(2)), E.SwitchCase(E.Constant("hundred"), E.Constant(100))), p), f => f(2) + f(100) + f(3));
        ParameterExpression s = E.Parameter(typeof(string), "s");
        Both("switch on string", E.Lambda<Func<string, int>>(E.Switch(s, E.Constant(-1), Enumerable.Range(0, 12).Select(v => E.SwitchCase(E.Constant(v), E.Constant("k" + v))).ToArray()), s), f => f("k11") + f("zz") + f(null!));
        Both("switch by method", E.Lambda<Func<string, bool>>(E.Switch(s, E.Constant(false), typeof(string).GetMethod("Equals", [typeof(string), typeof(string)]), E.SwitchCase(E.Constant(true), E.Constant("yes"))), s), f => f("yes") + " " + f("no"));
        MethodInfo parse = typeof(int).GetMethod("Parse", [typeof(string)])!;
        ParameterExpression x = E.Parameter(typeof(Exception), "x"), fx = E.Parameter(typeof(FormatException), "fx");
        var tries = E.Lambda<Func<string, int>>(E.TryCatchFinally(E.Call(parse, s), E.Call(write, E.Constant("finally")),
            E.Catch(fx, E.Block(E.Call(write, E.Property(fx, "Message")), E.Constant(-1)), E.Equal(s, E.Constant("filter"))),
            E.Catch(fx, E.Constant(-2)), E.Catch(x, E.Constant(-3))), s);
        Both("try", tries, f => f("12") + " " + f("filter") + " " + f("zz") + " " + f(null!));
        Both("fault", E.Lambda<Action<string>>(E.TryFault(E.Block(E.Call(parse, s), E.Empty()), E.Call(write, E.Constant("fault"))), s), f => { f("1"); f("x"); return ""; });
        Both("rethrow", E.Lambda<Func<int>>(E.TryCatch(E.TryCatch(E.Throw(E.New(typeof(InvalidOperationException).GetConstructor([typeof(string)])!, E.Constant("thrown")), typeof(int)), E.Catch(typeof(InvalidOperationException), E.Rethrow(typeof(int)))), E.Catch(x, E.Property(E.Property(x, "Message"), "Length")))), f => f());
        Both("value in try", E.Lambda<Func<string, int>>(E.Add(E.Constant(100), E.TryCatch(E.Call(parse, s), E.Catch(typeof(FormatException), E.Constant(1)))), s), f => f("5") + f("q"));
        ParameterExpression y = E.Variable(typeof(int), "y");
        Both("nested scopes", E.Lambda<Func<int>>(E.Block([y], E.Assign(y, E.Constant(1)), E.Block([E.Variable(typeof(int), "y")], E.AddAssign(y, E.Constant(5))), y)), f => f());
        Both("empty", E.Lambda<Action>(E.Empty()), f => { f(); return "done"; });
        Both("deep stack of blocks", E.Lambda<Func<int>>(Enumerable.Range(0, 300).Aggregate((E)E.Constant(0), (e, v) => E.Block(E.Constant(v), E.Add(e, E.Constant(1))))), f => f());
    }

    private static void Objects()
    {
        Both("members", (Expression<Func<int, Node>>)(v => new Node(new Node()) { V = v, Items = { v, v + 1 }, Inner = { V = 7, Items = { 9 } } }), f => { Node n = f(3); return n.V + " " + string.Join(",", n.Items) + " " + n.Inner.V + n.Inner.Items[0]; });
        Both("list", (Expression<Func<Dictionary<string, int>>>)(() => new Dictionary<string, int> { { "a", 1 }, { "b", 2 } }), f => f()["b"]);
        Both("arrays", (Expression<Func<int, int[]>>)(v => new[] { v, v * 2, v * 3 }), f => string.Join(",", f(2)));
        Both("array bounds", (Expression<Func<int[,]>>)(() => new int[2, 3]), f => f().Length);
        ParameterExpression n = E.Parameter(typeof(Node), "n"), p = E.Variable(typeof(Point), "p");
        Both("assignments", E.Lambda<Func<Node, int>>(E.Block(E.Assign(E.Field(n, "V"), E.Constant(3)), E.MultiplyAssign(E.Field(n, "V"), E.Constant(5)), E.Assign(E.ArrayAccess(E.Field(n, "Grid"), E.Constant(2)), E.Constant(8)), E.PostDecrementAssign(E.ArrayAccess(E.Field(n, "Grid"), E.Constant(2))), E.Add(E.Field(n, "V"), E.ArrayIndex(E.Field(n, "Grid"), E.Constant(2)))), n), f => f(new Node()));
        Both("struct members", E.Lambda<Func<Point>>(E.Block([p], E.Assign(E.Field(p, "X"), E.Constant(4)), E.Assign(E.Property(p, "Y"), E.Constant(6)), E.AddAssign(E.Property(p, "Item", E.Constant(2)), E.Constant(1)), p)), f => f());
        Both("index", (Expression<Func<List<int>, int, int>>)((l, i) => l[i] + l.Count), f => f([4, 5], 1));
        Both("out of range", (Expression<Func<int[], int>>)(l => l[5]), f => f([1]));
        Both("null receiver", (Expression<Func<string, int>>)(t => t.Length), f => f(null!));
        Both("bad cast", (Expression<Func<object, string>>)(o => (string)o), f => f(1));
        Both("unbox", E.Lambda<Func<object, int>>(E.Unbox(E.Parameter(typeof(object), "o") is var o ? o : null!, typeof(int)), o), f => f(5));
        Both("default", E.Lambda<Func<Point>>(E.Default(typeof(Point))), f => f());
        Both("generic calls", (Expression<Func<IEnumerable<int>, string>>)(l => string.Join("-", l.Where(v => v > 1).Select(v => v * 2).OrderByDescending(v => v))), f => f([1, 2, 3]));
        Both("anonymous", (Expression<Func<int, object>>)(v => new { A = v, B = "b" }), f => f(1));
        Both("delegates", (Expression<Func<Func<int, int>, int, int>>)((g, v) => g(v) + g(v + 1)), f => f(v => v * v, 3));
        Both("instance delegate", (Expression<Func<string, Func<string>>>)(t => t.ToUpperInvariant), f => f("up")());
        Both("nullable members", (Expression<Func<DateTime?, int>>)(d => d!.Value.Year + (d.HasValue ? 1 : 0)), f => f(new DateTime(2020, 1, 1)));
        Both("enums", (Expression<Func<DayOfWeek, DayOfWeek, bool>>)((a, b) => (a | b) == DayOfWeek.Saturday), f => f(DayOfWeek.Tuesday, DayOfWeek.Thursday));
        Console.WriteLine(((Expression<Func<int, Node>>)(v => new Node { V = v, Items = { 1 } })).ToString());
    }

    private static void Dynamic()
    {
        ParameterExpression a = E.Parameter(typeof(object), "a"), b = E.Parameter(typeof(object), "b");
        CallSiteBinder add = Microsoft.CSharp.RuntimeBinder.Binder.BinaryOperation(0, ExpressionType.Add, typeof(Program), [Microsoft.CSharp.RuntimeBinder.CSharpArgumentInfo.Create(0, null), Microsoft.CSharp.RuntimeBinder.CSharpArgumentInfo.Create(0, null)]);
        Both("dynamic", E.Lambda<Func<object, object, object>>(E.Dynamic(add, typeof(object), a, b), a, b), f => f(1, 2) + "" + f("x", 3) + f(1.5, 2));
        E big = Enumerable.Range(1, 2000).Aggregate((E)E.Constant(0L), (e, v) => E.Add(e, E.Constant((long)v)));
        Both("big", E.Lambda<Func<long>>(big), f => f());
        Both("many statements", E.Lambda<Func<int>>(E.Block([E.Variable(typeof(int), "z") is var z ? z : null!], Enumerable.Range(0, 3000).Select(v => (E)E.AddAssign(z, E.Constant(v % 7))).Append(z))), f => f());
        var many = Enumerable.Range(0, 20).Select(v => E.Parameter(typeof(int), "p" + v)).ToArray();
        LambdaExpression wide = E.Lambda(many.Aggregate((E)E.Constant(0), E.Add), many);
        Console.WriteLine(wide.Compile().DynamicInvoke(Enumerable.Range(0, 20).Select(v => (object)v).ToArray()) + " " + wide.Type.IsSubclassOf(typeof(MulticastDelegate)));
        Console.WriteLine(E.GetDelegateType(typeof(int).MakeByRefType(), typeof(string)).GetMethod("Invoke"));
        try { E.Add(E.Constant(1), E.Constant("x")); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        try { E.Lambda<Func<int>>(E.Parameter(typeof(int), "free")).Compile()(); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        Func<int, int> plain = E.Lambda<Func<int, int>>(E.Parameter(typeof(int), "v") is var w ? w : null!, "named", [w]).Compile();
        Console.WriteLine(plain.Method.Name + " " + plain.Target!.GetType().Name + " " + plain.Method.GetParameters().Length);
    }

    private static void Main()
    {
        Arithmetic();
        Closures();
        Flow();
        Objects();
        Dynamic();
    }
}
