// What a module tells of its metadata: strings, signatures, members and types by token, version, forwarded types.
using System.Reflection;
using System.Reflection.Emit;

internal static class Program
{
    private static T Of<T>(T[] items, Func<T, bool> f) => items.First(f);

    private static string Try(Func<object?> f)
    {
        try { return f()?.ToString() ?? "null"; }
        catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; }
    }

    private static int Tokens(MethodBase m, OpCode op, Func<int, string> show)
    {
        byte[] il = m.GetMethodBody()!.GetILAsByteArray()!;
        int found = 0;
        for (int i = 0; i + 4 < il.Length; i++)
            if (il[i] == op.Value && op.Size == 1)
            {
                int token = BitConverter.ToInt32(il, i + 1);
                if (token >>> 24 is not (0x70 or 0x0a or 0x06 or 0x2b or 0x1b or 0x11)) continue;
                Console.WriteLine($"{op.Name} {show(token)}");
                found++;
                i += 4;
            }
        return found;
    }

    private static void Subject(string s)
    {
        Console.WriteLine("one literal" + s);
        Console.WriteLine("ünï \0 \uD800");
        var list = new List<int> { 1 };
        list.Add(Array.Empty<string>().Length);
    }

    private static unsafe int Call(delegate*<int, long, int> f) => f(1, 2);

    private static void Main()
    {
        Module m = typeof(Program).Module;
        MethodInfo subject = typeof(Program).GetMethod(nameof(Subject), BindingFlags.NonPublic | BindingFlags.Static)!;
        Tokens(subject, OpCodes.Ldstr, t => string.Join(".", m.ResolveString(t).Select(c => (int)c)));
        Tokens(subject, OpCodes.Call, t => m.ResolveMethod(t, null, null)!.ToString()!);
        Tokens(subject, OpCodes.Callvirt, t => m.ResolveMember(t)!.DeclaringType!.ToString());
        Tokens(typeof(Program).GetMethod(nameof(Call), BindingFlags.NonPublic | BindingFlags.Static)!, OpCodes.Calli, t => Convert.ToHexString(m.ResolveSignature(t)));
        Console.WriteLine(Try(() => m.ResolveString(0x70ffffff)));
        Console.WriteLine(Try(() => m.ResolveString(0x06000001)));
        Console.WriteLine(Try(() => m.ResolveSignature(0x02000001)).Split('\n')[0]);
        Console.WriteLine(Try(() => m.ResolveSignature(0x1100ffff)));
        Console.WriteLine(Try(() => m.ResolveMethod(0x06ffffff)));
        Console.WriteLine(Try(() => m.ResolveField(0x02000002)));
        Console.WriteLine(Try(() => m.ResolveType(0x02ffffff)));
        Console.WriteLine(Try(() => m.ResolveMember(0x70000001)));
        Console.WriteLine(Convert.ToHexString(m.ResolveSignature(subject.MetadataToken)) != "" ? "has a signature" : "none");
        Console.WriteLine(m.ModuleVersionId != Guid.Empty && m.ModuleVersionId == subject.Module.ModuleVersionId);
        Console.WriteLine($"{m.ScopeName} {m.MDStreamVersion:x} {m.IsResource()} {m.GetField("none")?.Name ?? "no field"} {m.GetMethods().Length}");
        m.GetPEKind(out PortableExecutableKinds kinds, out ImageFileMachine machine);
        Console.WriteLine($"{kinds} {machine} {Try(() => Marshal(m))}");
        Type[] forwarded = Assembly.Load("System.Runtime").GetForwardedTypes();
        Console.WriteLine(forwarded.Length > 1000 && forwarded.Contains(typeof(string)) && forwarded.Contains(typeof(List<>.Enumerator)) ? "forwards" : "no");
        Console.WriteLine(Of(typeof(Program).GetMethods(BindingFlags.NonPublic | BindingFlags.Static), x => x.Name == "Of").GetMethodBody()!.MaxStackSize > 0);
        Console.WriteLine(typeof(Enumerable).GetMethod("Zip", 3, [typeof(IEnumerable<>).MakeGenericType(Type.MakeGenericMethodParameter(0)), typeof(IEnumerable<>).MakeGenericType(Type.MakeGenericMethodParameter(1)), typeof(IEnumerable<>).MakeGenericType(Type.MakeGenericMethodParameter(2))]));
    }

    private static object Marshal(Module m) => System.Runtime.InteropServices.Marshal.GetHINSTANCE(m) != 0;
}
