// UnsafeAccessor over generic types and methods: fields, methods, constructors and statics of open and closed instances, constraints,
// and what does not match.
// also: common/Ask.cs
using System.Runtime.CompilerServices;

class Vault<T>
{
    T item = default!; static T? shared; readonly List<T> all = [];
    Vault(T first) { item = first; all.Add(first); } Vault() { }
    T Get() => item; void Set(T v) { item = v; all.Add(v); } U Map<U>(Func<T, U> f) => f(item); static string Name() => typeof(T).Name; static U Both<U>(T a, U b) where U : class => b;
    T this[int i] => all[i];
}
struct Cell<T> where T : struct { T inner; int count; void Bump(T by) { inner = by; count++; } T Inner() => inner; }
class Plain { int number = 4; static string Hidden<T>(T a) where T : IComparable<T> => a.CompareTo(a) + typeof(T).Name; string Instance<T, U>(T a, List<U> b) => typeof(T).Name + typeof(U).Name + b.Count; Plain() { } private class Inner { } }

static class Of<T>
{
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "item")] public static extern ref T Item(Vault<T> v);
    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "shared")] public static extern ref T? Shared(Vault<T>? v);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "all")] public static extern ref List<T> All(Vault<T> v);
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] public static extern Vault<T> New(T first);
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] public static extern Vault<T> Empty();
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Get")] public static extern T Get(Vault<T> v);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Set")] public static extern void Set(Vault<T> v, T value);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Map")] public static extern U Map<U>(Vault<T> v, Func<T, U> f);
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "Name")] public static extern string Name(Vault<T>? v);
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "Both")] public static extern U Both<U>(Vault<T>? v, T a, U b) where U : class;
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Item")] public static extern T At(Vault<T> v, int i);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Missing")] public static extern T Missing(Vault<T> v);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "missing")] public static extern ref T MissingField(Vault<T> v);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "item")] public static extern ref string WrongType(Vault<T> v);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Both")] public static extern U NotStatic<U>(Vault<T> v, T a, U b) where U : class;
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "Both")] public static extern U NoConstraint<U>(Vault<T>? v, T a, U b);
}
static class OfCell<T> where T : struct
{
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "inner")] public static extern ref T Inner(ref Cell<T> c);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "count")] public static extern ref int Count(ref Cell<T> c);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Bump")] public static extern void Bump(ref Cell<T> c, T by);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Inner")] public static extern T Call(ref Cell<T> c);
}
static class Program
{
    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "Hidden")] static extern string Hidden<T>(Plain? p, T a) where T : IComparable<T>;
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Instance")] static extern string Instance<T, U>(Plain p, T a, List<U> b);
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)] static extern Plain NewPlain();
    [UnsafeAccessor(UnsafeAccessorKind.Field)] static extern ref int number(Plain p);
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Get")] static extern string GetOfString(Vault<string> v);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_items")] static extern ref T[] Items<T>(List<T> l);
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_size")] static extern ref int Size(List<int> l);

    static void Use<T>(T a, T b)
    {
        Console.WriteLine("== " + typeof(T));
        Ask.Say("new", () => Of<T>.Item(Of<T>.New(a)));
        Vault<T> v = Of<T>.Empty();
        Ask.Do("set", () => { Of<T>.Item(v) = a; Of<T>.Set(v, b); });
        Ask.Say("get", () => Of<T>.Get(v));
        Ask.Say("all", () => Of<T>.All(v).Count);
        Ask.Say("at", () => Of<T>.At(v, 0));
        Ask.Say("map", () => Of<T>.Map(v, x => x + "!"));
        Ask.Say("map", () => Of<T>.Map(v, x => 5));
        Ask.Say("name", () => Of<T>.Name(null));
        Ask.Say("both", () => Of<T>.Both(null, a, "u"));
        Ask.Do("shared", () => Of<T>.Shared(null) = b);
        Ask.Say("shared", () => Of<T>.Shared(null));
        Ask.Say("missing", () => Of<T>.Missing(v));
        Ask.Say("missing field", () => Of<T>.MissingField(v));
        Ask.Say("wrong type", () => Of<T>.WrongType(v));
        Ask.Say("not static", () => Of<T>.NotStatic(v, a, "u"));
        Ask.Say("no constraint", () => Of<T>.NoConstraint(null, a, "u"));
    }

    static void Main()
    {
        Use(1, 2);
        Use("a", "b");
        Use((1, "x"), (2, "y"));
        Use(new object[0], new string[1]);
        var c = new Cell<long>();
        OfCell<long>.Bump(ref c, 77);
        Console.WriteLine(OfCell<long>.Inner(ref c) + " " + OfCell<long>.Count(ref c) + " " + OfCell<long>.Call(ref c));
        Plain p = NewPlain();
        number(p) = 8;
        Console.WriteLine(number(p) + Hidden(null, 5) + Hidden(null, "s") + Instance(p, 1, new List<string>()) + Instance(p, "x", new List<int> { 1 }));
        Ask.Say("closed", () => GetOfString(Of<string>.New("closed")));
        Ask.Say("null", () => GetOfString(null!));
        var l = new List<int> { 1, 2, 3 };
        Ask.Say("of a method", () => Items(l).Length);
        Console.WriteLine(Size(l));
    }
}
