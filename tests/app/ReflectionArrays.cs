// Arrays of every rank through reflection: their types, pseudo-methods and constructors, Array.CreateInstance with bounds, GetValue and
// SetValue, and what is refused.
// also: common/Ask.cs
using System.Reflection;

static unsafe class Program
{
    static void Members(Type t)
    {
        Console.WriteLine($"{t} rank {t.GetArrayRank()} sz {t.IsSZArray} variable {t.IsVariableBoundArray} {t.Attributes} base {t.BaseType} {t.GetElementType()} {t.FullName} {t.Namespace} {t.IsPublic} {t.IsSerializable}");
        foreach (MethodInfo m in t.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            Console.WriteLine($"  {m} {m.Attributes} {m.CallingConvention} {m.MethodImplementationFlags} {m.MetadataToken:x} {m.DeclaringType} {m.ReturnParameter} {m.GetParameters().Length}");
        foreach (ConstructorInfo c in t.GetConstructors())
            Console.WriteLine($"  {c} {c.Attributes} {c.MethodImplementationFlags} {c.MetadataToken:x}");
        foreach (Type i in t.GetInterfaces())
            Console.WriteLine("  " + i);
    }

    static void Main()
    {
        Members(typeof(int[]));
        Members(typeof(string[,]));
        Members(typeof(int[][]));
        Members(typeof(int).MakeArrayType(1));
        Console.WriteLine(typeof(int).MakeArrayType(1) == typeof(int[]));
        Type deep = typeof(byte);
        for (int i = 0; i < 6; i++)
            deep = deep.MakeArrayType();
        Console.WriteLine(deep + " " + deep.GetConstructors().Length);

        var jagged = (Array)typeof(int[][][]).GetConstructors()[2].Invoke([2, 3, 4])!;
        Console.WriteLine(jagged.Length + " " + ((int[][][])jagged)[1].Length + " " + ((int[][][])jagged)[1][2].Length);
        Ask.Say("partly", () => ((int[][][])typeof(int[][][]).GetConstructors()[1].Invoke([2, 3])!)[1][2]);
        var six = (Array)deep.GetConstructors()[5].Invoke([1, 2, 1, 2, 1, 2])!;
        Console.WriteLine(six.GetType());
        Ask.Say("negative", () => typeof(int[]).GetConstructors()[0].Invoke([-1]));
        Ask.Say("negative", () => typeof(int[][]).GetConstructors()[1].Invoke([2, -1]));
        Ask.Say("wrong type", () => typeof(int[]).GetConstructors()[0].Invoke(["x"]));
        Ask.Say("wrong count", () => typeof(int[]).GetConstructors()[0].Invoke([1, 2]));

        for (int rank = 1; rank <= 32; rank += rank < 4 ? 1 : 7)
        {
            Type t = typeof(string).MakeArrayType(rank);
            var lengths = Enumerable.Repeat((object)1, rank).ToArray();
            lengths[^1] = 3;
            var a = (Array)t.GetConstructors()[0].Invoke(lengths)!;
            var at = new object[rank];
            Array.Fill(at, 0);
            at[^1] = 2;
            t.GetMethod("Set")!.Invoke(a, [.. at, "value" + rank]);
            Ask.Say(t.Name + " get", () => t.GetMethod("Get")!.Invoke(a, at));
            at[^1] = 3;
            Ask.Say("outside", () => t.GetMethod("Get")!.Invoke(a, at));
            Ask.Say("wrong element", () => t.GetMethod("Set")!.Invoke(a, [.. at, 5]));
            var bounds = new List<object>();
            for (int i = 0; i < rank; i++)
                bounds.AddRange([i - 2, i < 3 ? 2 : 1]);
            var b = (Array)t.GetConstructors()[1].Invoke(bounds.ToArray())!;
            Console.WriteLine($"{b.GetType()} {b.Length} {b.GetLowerBound(0)} {b.GetUpperBound(rank - 1)} {b.Rank}");
        }
        Ask.Say("rank 33", () => typeof(int).MakeArrayType(33));
        Ask.Say("rank 0", () => typeof(int).MakeArrayType(0));
        Ask.Say("of ref", () => typeof(int).MakeByRefType().MakeArrayType());
        Ask.Say("of void", () => typeof(void).MakeArrayType());
        Ask.Say("of span", () => typeof(Span<int>).MakeArrayType());
        Ask.Say("of typed references", () => typeof(TypedReference).MakeArrayType());
        Ask.Say("of pointers", () => typeof(int*).MakeArrayType());
        Ask.Say("of an open type", () => typeof(List<>).MakeArrayType());
        Ask.Say("of a parameter", () => typeof(List<>).GetGenericArguments()[0].MakeArrayType(2));

        Ask.Say("create", () => Array.CreateInstance(typeof(int), [2, 3], [5, -1]).GetValue(6, 1));
        Ask.Say("create", () => Array.CreateInstance(typeof(int), [2], [5]).GetType());
        Ask.Say("create", () => Array.CreateInstance(typeof(int), [2], [0]).GetType());
        Ask.Say("create, bounds", () => Array.CreateInstance(typeof(int), [2], [int.MaxValue]));
        Ask.Say("create, negative", () => Array.CreateInstance(typeof(int), -1));
        Ask.Say("create, negative", () => Array.CreateInstance(typeof(int), [1, -1]));
        Ask.Say("create, too big", () => Array.CreateInstance(typeof(int), [65536, 65536]));
        Ask.Say("create, none", () => Array.CreateInstance(typeof(int), new int[0]));
        Ask.Say("create, unequal", () => Array.CreateInstance(typeof(int), [1, 2], [0]));
        Ask.Say("create, void", () => Array.CreateInstance(typeof(void), 1));
        Ask.Say("create, open", () => Array.CreateInstance(typeof(List<>), 1));
        Ask.Say("create, span", () => Array.CreateInstance(typeof(Span<int>), 1));
        Ask.Say("create, ref", () => Array.CreateInstance(typeof(int).MakeByRefType(), 1));
        Ask.Say("create, null", () => Array.CreateInstance(null!, 1));
        Ask.Say("create from type", () => Array.CreateInstanceFromArrayType(typeof(int[,]), [1, 2]).Length);
        Ask.Say("create from type", () => Array.CreateInstanceFromArrayType(typeof(int[]), 2).Length);
        Ask.Say("create from type, rank", () => Array.CreateInstanceFromArrayType(typeof(int[,]), 2).Length);
        Ask.Say("create from type, none", () => Array.CreateInstanceFromArrayType(typeof(int), 2).Length);
        Ask.Say("pointers", () => Array.CreateInstance(typeof(int*), 2).GetType());
        Ask.Say("pointer value", () => Array.CreateInstance(typeof(int*), 2).GetValue(0));

        Array numbers = new long[2, 2];
        Ask.Do("widen", () => numbers.SetValue(5, 1, 1));
        Ask.Say("got", () => numbers.GetValue(1, 1));
        Ask.Do("narrow", () => numbers.SetValue(5.5, 1, 1));
        Ask.Do("not", () => numbers.SetValue("x", 1, 1));
        Ask.Do("null", () => numbers.SetValue(null, 1, 1));
        Ask.Say("null gave", () => numbers.GetValue(1, 1));
        Ask.Do("rank", () => numbers.SetValue(1, 1));
        Ask.Say("rank", () => numbers.GetValue(1, 1, 1));
        Ask.Say("outside", () => numbers.GetValue(2, 0));
        Ask.Do("object", () => ((Array)new string[1]).SetValue(1, 0));
        Ask.Do("enum", () => ((Array)new DayOfWeek[1]).SetValue(1, 0));
        Ask.Do("nullable", () => ((Array)new int?[1]).SetValue(1, 0));
        Ask.Do("nullable", () => ((Array)new int?[1]).SetValue(1L, 0));
        Ask.Do("struct", () => ((Array)new decimal[1]).SetValue(1, 0));
        ConstructorInfo makes = typeof(int[,]).GetConstructors()[0]; // on an array that is there it refuses
        Ask.Do("constructor again", () => makes.Invoke(new int[1, 1], [2, 3]));
        Ask.Say("constructor's address", () => makes.MethodHandle.GetFunctionPointer() != 0);
    }
}
