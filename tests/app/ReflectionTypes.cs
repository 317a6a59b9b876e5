// Type objects: names of every shape, attributes, hierarchy, interfaces, generic arguments and constraints, array,
// pointer, byref, function pointer types, lookups by name.
using System.Reflection;

namespace Sample.Space
{
    public interface IThing<out T> where T : class { T? Get(); }

    public abstract class Base<K, V> where K : struct, IComparable<K> where V : new()
    {
        public class Nested<X> { public enum Kind : ushort { A, B } }
        protected internal virtual void M() { }
    }

    public sealed class Leaf : Base<int, object>, IThing<string>, IDisposable
    {
        public string? Get() => null;
        public void Dispose() { }
        public delegate int Del(ref int a);
    }

    public struct Val { public int A; public string B; }
    public ref struct RefVal { }
    [Flags] public enum Fl : long { None, One }
    public static class Util { }
    internal record Rec(int X);
}

internal static unsafe class Program
{
    private static void Show(Type t) => Console.WriteLine($"{t} | {t.Name} | {t.Namespace} | {t.FullName?.Split(", System")[0]} | base " +
        $"{t.BaseType?.Name} | {t.Attributes} | {(t.IsClass ? "class " : "")}{(t.IsValueType ? "value " : "")}" +
        $"{(t.IsInterface ? "interface " : "")}{(t.IsEnum ? "enum " : "")}{(t.IsAbstract ? "abstract " : "")}" +
        $"{(t.IsSealed ? "sealed " : "")}{(t.IsGenericType ? "generic " : "")}{(t.IsGenericTypeDefinition ? "definition " : "")}" +
        $"{(t.IsNested ? "nested " : "")}{(t.IsArray ? "array" + t.GetArrayRank() : "")}{(t.IsPointer ? "pointer " : "")}" +
        $"{(t.IsByRef ? "byref " : "")}{(t.IsByRefLike ? "byreflike " : "")}{(t.IsPrimitive ? "primitive " : "")}" +
        $"{(t.IsSZArray ? "sz " : "")}{(t.ContainsGenericParameters ? "open " : "")}{Type.GetTypeCode(t)}");

    private static T[] Make<T>() => [];

    private static void Main()
    {
        Type[] all = [typeof(int), typeof(string), typeof(object), typeof(void), typeof(Sample.Space.Leaf), typeof(Sample.Space.Base<,>),
            typeof(Sample.Space.Base<int, object>), typeof(Sample.Space.Base<,>.Nested<>),
            typeof(Sample.Space.Base<long, List<int>>.Nested<string>), typeof(Sample.Space.Base<int, object>.Nested<byte>.Kind),
            typeof(Sample.Space.IThing<>), typeof(Sample.Space.IThing<string>), typeof(Sample.Space.Val), typeof(Sample.Space.RefVal),
            typeof(Sample.Space.Fl), typeof(Sample.Space.Util), typeof(Sample.Space.Leaf.Del), typeof(int[]), typeof(int[,]),
            typeof(int[][,]), typeof(string[,,][]), typeof(int*), typeof(void**), typeof(List<string[]>),
            typeof(Dictionary<int, List<string>>), typeof((int, string)), typeof(int?), typeof(Span<int>), typeof(Action<,>), typeof(Enum),
            typeof(ValueType), typeof(Array), typeof(Delegate), typeof(nint), typeof(decimal), typeof(DayOfWeek), typeof(TypedReference),
            typeof(delegate*<int, string>), typeof(Sample.Space.Rec)];
        foreach (Type t in all) Show(t);
        Show(typeof(int).MakeByRefType());
        Show(typeof(string).MakeArrayType());
        Show(typeof(string).MakeArrayType(2));
        Show(typeof(int).MakePointerType());
        Show(typeof(Dictionary<,>).MakeGenericType(typeof(string), typeof(int).MakeArrayType()));
        Show(typeof(Sample.Space.Base<,>).GetGenericArguments()[0]);
        foreach (Type g in typeof(Sample.Space.Base<,>).GetGenericArguments())
            Console.WriteLine($"{g} {g.GenericParameterPosition} {g.GenericParameterAttributes} " +
                $"{string.Join(",", g.GetGenericParameterConstraints().Select(c => c.ToString()).Order())} {g.DeclaringType!.Name}");
        Console.WriteLine(typeof(Sample.Space.IThing<>).GetGenericArguments()[0].GenericParameterAttributes);
        Type leaf = typeof(Sample.Space.Leaf);
        Console.WriteLine(string.Join(",", leaf.GetInterfaces().Select(i => i.ToString()).Order()));
        Console.WriteLine(string.Join(",", typeof(List<int>).GetInterfaces().Select(i => i.Name).Order()));
        Console.WriteLine(string.Join(",", typeof(int[]).GetInterfaces().Select(i => i.ToString()).Order(StringComparer.Ordinal)));
        Console.WriteLine($"{leaf.IsSubclassOf(typeof(Sample.Space.Base<int, object>))} {typeof(IDisposable).IsAssignableFrom(leaf)} " +
            $"{leaf.IsAssignableTo(typeof(Sample.Space.IThing<object>))} " +
            $"{typeof(Sample.Space.IThing<object>).IsInstanceOfType(new Sample.Space.Leaf())} " +
            $"{typeof(long).IsAssignableFrom(typeof(int))} {typeof(int?).IsAssignableFrom(typeof(int))} " +
            $"{typeof(object).IsAssignableFrom(typeof(Sample.Space.RefVal))} {typeof(uint[]).IsAssignableFrom(typeof(int[]))} " +
            $"{leaf.BaseType!.GetGenericTypeDefinition() == typeof(Sample.Space.Base<,>)} " +
            $"{typeof(List<int>) == typeof(List<>).MakeGenericType(typeof(int))} {typeof(int[]).GetElementType() == typeof(int)} " +
            $"{Make<string>().GetType() == typeof(string[])} {typeof(Sample.Space.Fl).GetEnumUnderlyingType().Name} " +
            $"{leaf.GetNestedType("Del")!.Name} {leaf.IsVisible} {typeof(Program).IsNotPublic} " +
            $"{leaf.Module.Name == typeof(Program).Module.Name} {leaf.Assembly == Assembly.GetExecutingAssembly()} " +
            $"{leaf.GUID == leaf.GUID} {leaf.MetadataToken >> 24 == 2} " +
            $"{leaf.TypeHandle.Equals(Type.GetTypeHandle(new Sample.Space.Leaf()))} {Type.GetTypeFromHandle(leaf.TypeHandle) == leaf} " +
            $"{leaf.GetHashCode() == typeof(Sample.Space.Leaf).GetHashCode()} {leaf.UnderlyingSystemType == leaf}");
        foreach (string n in new[] { "System.Int32", "System.Collections.Generic.List`1[System.String]", "System.Int32[]",
            "System.Int32[,]", "System.String&", "System.Int32*", "Sample.Space.Base`2+Nested`1", "sample.space.leaf",
            "System.Collections.Generic.Dictionary`2[[System.Int32],[System.Collections.Generic.List`1[System.Int64]]]",
            "System.Text.Json.JsonDocument, System.Text.Json", "No.Type",
            "System.Linq.Enumerable, System.Linq, Version=10.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a" })
            Console.WriteLine(n + " -> " + (Type.GetType(n) ?? Type.GetType(n, false, true)) );
        foreach (string bad in new[] { "", "System.Int32[", "List`1[[", "A,,B" })
        {
            try { Console.WriteLine(Type.GetType(bad) == null); } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
        }
        Console.WriteLine(Assembly.GetExecutingAssembly().GetTypes().Where(t => t.Namespace == "Sample.Space").OrderBy(t => t.FullName)
            .Select(t => t.Name).Aggregate((a, b) => a + "," + b));
        Console.WriteLine(typeof(delegate*<int, ref string, void>).GetFunctionPointerParameterTypes().Length + " " +
            typeof(delegate* unmanaged[Cdecl]<int>).IsUnmanagedFunctionPointer);
        object o = 5;
        Console.WriteLine(o.GetType().IsInstanceOfType(7) + " " + new[] { 1 }.GetType() + new { A = 1 }.GetType().Name[..5] +
            ((object)(Action)(() => { })).GetType() + Type.EmptyTypes.Length + Type.Delimiter + typeof(int).Assembly.GetName().Name);
    }
}
