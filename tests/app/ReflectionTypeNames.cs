// Types by name: Type.GetType and Assembly.GetType with every form of name, escapes, resolvers, and the errors; TypeName.
// also: common/Ask.cs
using System.Reflection;
using System.Reflection.Metadata;

namespace Space { class In { public class Nested<T> { public class Deeper { } } } class @Odd { } }
class Top { public class Nested { public class Third { } } internal class nested { } }
class Gen<T, U> { public class Inner<V> { } }

static class Program
{
    static readonly Assembly me = typeof(Program).Assembly;

    static void Get(string name)
    {
        Ask.Say($"get '{name}'", () => Type.GetType(name)?.AssemblyQualifiedName);
        Ask.Say($"  throwing", () => Type.GetType(name, true)?.FullName);
        Ask.Say($"  in the assembly", () => me.GetType(name)?.FullName);
        Ask.Say($"  in the assembly, throwing", () => me.GetType(name, true)?.FullName);
        Ask.Say($"  in the module, any case", () => me.ManifestModule.GetType(name, true, true)?.FullName);
    }

    static void Main()
    {
        foreach (string name in new[] { "Top", "top", "Top+Nested", "Top+nested", "Top+Nested+Third", "TOP+NESTED+THIRD", "Space.In", "Space.In+Nested`1", "Space.In+Nested`1+Deeper", "Space.In+Nested`1+Deeper[[System.Int32]]",
            "Space.In+Nested`1[System.Int32]", "Gen`2", "Gen`2[System.Int32,System.String]", "Gen`2[[System.Int32],[System.String]]", "Gen`2[[System.Int32, System.Private.CoreLib],[Top]]", "Gen`2+Inner`1[System.Int32,System.String,Top]",
            "Gen`2[System.Int32]", "Gen`2[System.Int32,System.Int32,System.Int32]", "System.Int32", "System.Int32[]", "System.Int32[,]", "System.Int32[*]", "System.Int32[][,,]", "System.Int32*", "System.Int32**", "System.Int32&", "System.Int32&&", "System.Int32&*", "System.Int32[]&", "System.Int32*[]",
            "System.Int32[", "System.Int32]", "System.Int32[,", "System.Int32[,*]", "System.Int32[[", "System.Void[]", "System.Span`1[System.Int32][]", "System.List`1[System.Void]", "System.Collections.Generic.List`1[[System.Void]]", "System.Collections.Generic.List`1[System.Int32*]",
            "", " ", " Top", "Top ", "Top,", "Top, ", "Top,,", ",", "Top, NoSuchAssembly", "Top, ReflectionTypeNames", "Top, ReflectionTypeNames, Version=9.9.9.9", "System.String, System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e",
            "System.String, mscorlib", "System.String, System.Runtime", "System.Collections.Generic.Stack`1, System", "System.Uri, System", "NoSuch", "No.Such", "Top+NoSuch", "NoSuch+Nested", "System.NoSuch, System.Private.CoreLib", "Top\\+Nested", "Top+", "+Top", "Top++Nested", "a\\", "\\", "Top[]+Nested", "Top\0", "Top, Reflection\0TypeNames",
            "Gen`2[[System.Int32", "Gen`2[[System.Int32]", "Gen`2[[System.Int32],System.String]", "Gen`2[System.Int32,[System.String, NoSuch]]", "Gen`2[]", "Gen`2[][]", "Gen`2[[],[]]", ".", ".Top", "Top.", "..", "Space.", "Space..In", "`1", "System.Collections.Generic.IEnumerable`1[T]", "!0", "T", "<Module>" })
            Get(name);
        Ask.Say("null", () => Type.GetType(null!));
        Ask.Say("null", () => me.GetType(null!));
        Ask.Say("empty", () => me.GetType(""));
        string deep = "Top";
        for (int i = 0; i < 200; i++)
            deep = $"System.Collections.Generic.List`1[[{deep}]]";
        Ask.Say("two hundred deep", () => Type.GetType(deep)?.ToString().Length);
        Ask.Say("many brackets", () => Type.GetType("System.Int32" + string.Concat(Enumerable.Repeat("[]", 300)))?.ToString().Length);
        Ask.Say("long name", () => Type.GetType(new string('x', 2000)));
        Ask.Say("long name, throwing", () => Type.GetType(new string('x', 2000), true));

        Func<AssemblyName, Assembly?> assembly = n => { Console.WriteLine("  asked for assembly " + n); return n.Name == "Mine" ? me : null; };
        Func<Assembly?, string, bool, Type?> type = (a, n, i) => { Console.WriteLine($"  asked for type {n} of {a?.GetName().Name ?? "none"} {i}"); return n == "Special" ? typeof(Top) : a?.GetType(n, false, i); };
        foreach (string name in new[] { "Top, Mine", "Special", "Special, Other", "Top+Nested, Mine", "Special+Nested", "Gen`2[[Top, Mine],[Special]], Mine", "Top, None", "None, Mine", "Special[,]*&", "Top" })
        {
            Ask.Say("both " + name, () => Type.GetType(name, assembly, type));
            Ask.Say("both, throwing " + name, () => Type.GetType(name, assembly, type, true, true));
            Ask.Say("assembly only " + name, () => Type.GetType(name, assembly, null));
            Ask.Say("type only " + name, () => Type.GetType(name, null, type));
        }
        Ask.Say("resolver throws", () => Type.GetType("Top, Mine", n => throw new Exception("resolver"), null));
        Ask.Say("resolver throws", () => Type.GetType("Top, Mine", assembly, (a, n, i) => throw new Exception("resolver")));
        int loops = 0;
        Func<Assembly?, string, bool, Type?> loop = null!;
        loop = (a, n, i) => ++loops < 50 ? Type.GetType(n + "x", null, loop) : typeof(Top);
        Ask.Say("resolver that asks again", () => Type.GetType("Top", null, loop));

        foreach (Type t in new[] { typeof(Top.Nested.Third), typeof(Gen<int, Top>.Inner<string[]>), typeof(Gen<,>), typeof(Gen<,>.Inner<>), typeof(int[,][]), typeof(List<List<int?>>), typeof(Dictionary<,>).GetGenericArguments()[0], typeof(List<>).MakeArrayType(), typeof(Space.In.Nested<int>.Deeper), typeof(int*[]), typeof((int a, string b)) })
            Console.WriteLine($"{t.Name} | {t.FullName} | {t.AssemblyQualifiedName} | {t} | {t.Namespace}");
        Ask.Say("TypeName", () => TypeName.Parse("Gen`2[[System.Int32],[Top[]]][], Mine, Version=1.2.3.4").AssemblyQualifiedName);
        Ask.Say("TypeName, wrong", () => TypeName.Parse("Gen`2[["));
        Ask.Say("TypeName, wrong", () => TypeName.TryParse("a&&", out _));
    }
}
