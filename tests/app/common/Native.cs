// What the Interop programs share: the text of tests/app/lib/Interop.c, and results or exceptions as lines.
using System.Reflection;
using System.Runtime.InteropServices;

internal static class Native
{
    public const string Lib = "interop";
    [DllImport(Lib)] private static extern nint seen();
    public static string Seen() => Marshal.PtrToStringUTF8(seen())!;

    public static string Text(object? o) => o switch
    {
        null => "null",
        string s => "\"" + string.Concat(s.Select(c => c is >= ' ' and < (char)127 ? c.ToString() : $"\\u{(int)c:x4}")) + "\"",
        char c => $"'\\u{(int)c:x4}'",
        Array a => "{" + string.Join(",", a.Cast<object?>().Select(Text)) + "}",
        IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => o.ToString()!,
    };

    public static void P(string name, Func<object?> f)
    {
        string result;
        try { result = Text(f()); }
        catch (Exception e)
        {
            if (e is TargetInvocationException { InnerException: { } inner }) e = inner;
            result = $"{e.GetType().Name} {e.HResult:x8}: {e.Message}";
        }
        Console.WriteLine($"{name}: {result} | {Seen()}");
    }

    public static void P(string name, Action f) => P(name, () => { f(); return "done"; });

    // Calls each static method of a class with default arguments.
    public static void CallAll(Type t)
    {
        foreach (MethodInfo m in t.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            if (m.Attributes.HasFlag(MethodAttributes.PinvokeImpl))
                P(t.Name + "." + m.Name, () => m.Invoke(null, m.GetParameters().Select(Default).ToArray()));
    }

    private static object? Default(ParameterInfo p)
    {
        Type t = p.ParameterType.IsByRef ? p.ParameterType.GetElementType()! : p.ParameterType;
        return t.IsValueType && !t.IsByRefLike ? Activator.CreateInstance(t) : null;
    }
}
