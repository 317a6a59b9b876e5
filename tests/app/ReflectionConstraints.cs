// Generic types and methods made at run time: constraints of every kind, their error texts, nesting, and what cannot be an argument.
// also: common/Ask.cs
using System.Reflection;

interface IA { }
interface IB : IA { }
interface IGen<T> { }
interface ISelf<T> where T : ISelf<T> { static abstract int Number { get; } }
class CA : IA { public virtual void Generic<T>(T a) where T : class, IA { } }
class CB : CA, IB, IGen<int> { public override void Generic<T>(T a) { } }
class NoDefault { NoDefault() { } }
abstract class AbstractDefault { public AbstractDefault() { } }
struct SA : IA { }
struct SelfMade : ISelf<SelfMade> { public static int Number => 5; }
ref struct OnStack { }
class ByClass<T> where T : class { }
class ByStruct<T> where T : struct { }
class ByNew<T> where T : new() { }
class ByBase<T> where T : CA { }
class ByFace<T> where T : IB { }
class ByGeneric<T> where T : IGen<T> { }
class ByOther<T, U> where T : U { }
class ByBoth<T, U> where T : class, IGen<U>, new() where U : struct { }
class ByUnmanaged<T> where T : unmanaged { }
class ByEnum<T> where T : Enum { }
class ByDelegate<T> where T : Delegate { }
class BySelf<T> where T : ISelf<T> { }
class ByNotNull<T> where T : notnull { }
class AllowsStack<T> where T : allows ref struct { }
class Outer<T> where T : IA { public class Inner<U> where U : T { } public void M<V>() where V : T, IB { } }
class Deep<T> { public class Next { public static Deep<Deep<T>>.Next? Field; } }

static unsafe class Program
{
    static void Make(Type t, params Type[] args) =>
        Ask.Say($"{t.Name}<{string.Join(",", args.Select(a => a?.ToString()))}>", () => t.MakeGenericType(args));

    static void Method<T>() where T : struct { }
    static void Method2<T, U>(T a, List<U> b) where T : List<U> { }
    static void NotGeneric() { }

    static void Main()
    {
        foreach (Type a in new[] { typeof(string), typeof(int), typeof(int?), typeof(CA), typeof(CB), typeof(SA), typeof(IA), typeof(IB), typeof(NoDefault), typeof(AbstractDefault), typeof(DayOfWeek), typeof(Enum), typeof(Action), typeof(Delegate),
            typeof(int[]), typeof(SelfMade), typeof(KeyValuePair<int, string>), typeof(ValueTuple<int, long>), typeof(object), typeof(ValueType), typeof(List<>).GetGenericArguments()[0], typeof(List<>) })
        {
            foreach (Type t in new[] { typeof(ByClass<>), typeof(ByStruct<>), typeof(ByNew<>), typeof(ByBase<>), typeof(ByFace<>), typeof(ByGeneric<>), typeof(ByUnmanaged<>), typeof(ByEnum<>), typeof(ByDelegate<>), typeof(BySelf<>), typeof(ByNotNull<>), typeof(AllowsStack<>) })
                Make(t, a);
        }
        foreach (Type a in new[] { typeof(void), typeof(int*), typeof(int).MakeByRefType(), typeof(OnStack), typeof(Span<int>), typeof(TypedReference), typeof(delegate*<int>), typeof(ArgIterator), null! })
        {
            Make(typeof(ByClass<>), a);
            Make(typeof(ByNotNull<>), a);
            Make(typeof(AllowsStack<>), a);
        }
        Make(typeof(ByOther<,>), typeof(CB), typeof(CA));
        Make(typeof(ByOther<,>), typeof(CA), typeof(CB));
        Make(typeof(ByOther<,>), typeof(int), typeof(object));
        Make(typeof(ByOther<,>), typeof(int), typeof(IComparable<int>));
        Make(typeof(ByOther<,>), typeof(int), typeof(long));
        Make(typeof(ByBoth<,>), typeof(CB), typeof(int));
        Make(typeof(ByBoth<,>), typeof(CB), typeof(long));
        Make(typeof(ByBoth<,>), typeof(CA), typeof(int));
        Make(typeof(Outer<>.Inner<>), typeof(CA), typeof(CB));
        Make(typeof(Outer<>.Inner<>), typeof(CB), typeof(CA));
        Make(typeof(Outer<>.Inner<>), typeof(int), typeof(int));
        Make(typeof(List<>), typeof(int), typeof(int));
        Make(typeof(List<>));
        Make(typeof(Dictionary<,>), typeof(int));
        Make(typeof(string), typeof(int));
        Make(typeof(List<int>), typeof(int));
        Ask.Say("null", () => typeof(List<>).MakeGenericType(null!));

        MethodInfo m = typeof(Program).GetMethod("Method", BindingFlags.NonPublic | BindingFlags.Static)!;
        MethodInfo m2 = typeof(Program).GetMethod("Method2", BindingFlags.NonPublic | BindingFlags.Static)!;
        Ask.Say("method", () => m.MakeGenericMethod(typeof(int)));
        Ask.Say("method", () => m.MakeGenericMethod(typeof(string)));
        Ask.Say("method", () => m.MakeGenericMethod(typeof(int?)));
        Ask.Say("method", () => m.MakeGenericMethod());
        Ask.Say("method", () => m.MakeGenericMethod(typeof(int), typeof(int)));
        Ask.Say("method", () => m.MakeGenericMethod((Type)null!));
        Ask.Say("method", () => m.MakeGenericMethod(typeof(int).MakePointerType()));
        Ask.Say("method", () => m.MakeGenericMethod(typeof(Span<int>)));
        Ask.Say("method", () => m.MakeGenericMethod(typeof(int)).MakeGenericMethod(typeof(int)));
        Ask.Say("method", () => typeof(Program).GetMethod("NotGeneric", BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(typeof(int)));
        Ask.Say("method 2", () => m2.MakeGenericMethod(typeof(List<string>), typeof(string)));
        Ask.Say("method 2", () => m2.MakeGenericMethod(typeof(List<string>), typeof(int)));
        Ask.Say("method 2, half open", () => m2.MakeGenericMethod(typeof(List<>).MakeGenericType(m2.GetGenericArguments()[1]), m2.GetGenericArguments()[1]));
        Ask.Say("inherited", () => typeof(CB).GetMethod("Generic")!.MakeGenericMethod(typeof(CA)));
        Ask.Say("inherited", () => typeof(CB).GetMethod("Generic")!.MakeGenericMethod(typeof(SA)));
        Ask.Say("inherited", () => typeof(CB).GetMethod("Generic")!.MakeGenericMethod(typeof(string)));
        Ask.Say("in a generic type", () => typeof(Outer<CA>).GetMethod("M")!.MakeGenericMethod(typeof(CB)));
        Ask.Say("in a generic type", () => typeof(Outer<CA>).GetMethod("M")!.MakeGenericMethod(typeof(CA)));
        Ask.Say("in an open type", () => typeof(Outer<>).GetMethod("M")!.MakeGenericMethod(typeof(CA)));
        Ask.Say("in an open type", () => typeof(Outer<>).GetMethod("M")!.MakeGenericMethod(typeof(CA)).ContainsGenericParameters);
        Ask.Say("nested deep", () => typeof(Deep<>.Next).MakeGenericType(typeof(int)).GetField("Field")!.FieldType);

        foreach (Type t in new[] { typeof(ByClass<>), typeof(ByStruct<>), typeof(ByNew<>), typeof(ByBoth<,>), typeof(ByUnmanaged<>), typeof(AllowsStack<>), typeof(Outer<>.Inner<>), typeof(ByOther<,>), typeof(BySelf<>), typeof(IEnumerable<>), typeof(Func<,>), typeof(ByEnum<>), typeof(ByBase<>) })
            foreach (Type p in t.GetGenericArguments())
            {
                Console.WriteLine($"{t} {p} {p.GenericParameterAttributes} {p.GenericParameterPosition} base {p.BaseType} of {p.DeclaringType} {p.IsGenericTypeParameter} {p.IsGenericMethodParameter} {p.IsValueType} {p.IsClass} {p.ContainsGenericParameters} {p.FullName ?? "-"}");
                Console.WriteLine("  " + Ask.Text(p.GetGenericParameterConstraints()) + Ask.Text(p.GetInterfaces()) + Ask.Text(p.GetMethods().Length) + p.IsAssignableTo(typeof(object)) + p.IsAssignableTo(typeof(IA)) + p.IsSubclassOf(typeof(ValueType)));
            }
        Ask.Say("not a parameter", () => typeof(int).GenericParameterAttributes);
        Ask.Say("not a parameter", () => typeof(int).GetGenericParameterConstraints());
        Ask.Say("not a parameter", () => typeof(int).GenericParameterPosition);
        Ask.Say("not a parameter", () => typeof(int).DeclaringMethod);
        Ask.Say("not generic", () => typeof(int).GetGenericTypeDefinition());
        Ask.Say("definition", () => typeof(Dictionary<int, string>).GetGenericTypeDefinition());
        Ask.Say("method definition", () => m.MakeGenericMethod(typeof(int)).GetGenericMethodDefinition() == m);
        Ask.Say("method definition", () => typeof(Program).GetMethod("NotGeneric", BindingFlags.NonPublic | BindingFlags.Static)!.GetGenericMethodDefinition());
        Type list = typeof(List<>).MakeGenericType(typeof(List<>).GetGenericArguments());
        Console.WriteLine(list == typeof(List<>));
        Type half = typeof(Dictionary<,>).MakeGenericType(typeof(int), typeof(Dictionary<,>).GetGenericArguments()[1]);
        Console.WriteLine(half + " " + half.IsGenericTypeDefinition + half.ContainsGenericParameters + half.IsConstructedGenericType + (half.FullName ?? " none") + half.GetMethods().Length);
        Ask.Say("half", () => half.GetMethod("Add"));
        Ask.Say("signature type", () => Type.MakeGenericSignatureType(typeof(List<>), Type.MakeGenericMethodParameter(0)));
        Ask.Say("found by signature type", () => typeof(Program).GetMethod("Method2", 2, BindingFlags.NonPublic | BindingFlags.Static, null, [Type.MakeGenericMethodParameter(0), Type.MakeGenericSignatureType(typeof(List<>), Type.MakeGenericMethodParameter(1))], null));
    }
}
