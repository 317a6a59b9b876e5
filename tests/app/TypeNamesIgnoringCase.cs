// Type.GetType ignoring case: nested types of forwarded types, and names beyond ASCII by their lower case, unit by unit.

using System;

static class Program
{
    class Л { }
    class ли { }
    class ｂＵＧ { public class Éa { } }
    class İx { }
    class ꭰ { }
    class ß { }
    class ſ { }
    class ё { }
    class Σας { }
    class Mixedž { }

    static void Find(string name)
    {
        Console.WriteLine($"{name}: {Type.GetType(name, false, false)?.ToString() ?? "-"} / {Type.GetType(name, false, true)?.ToString() ?? "-"}");
    }

    static void Main()
    {
        Console.OutputEncoding = System.Text.Encoding.UTF8;
        foreach (string name in new[] { "System.Environment+SpecialFolder", "system.environment+specialfolder", "System.environment+SpecialFolder",
            "System.Environment+specialfolder", "System.environment", "system.environment+nothing", "system.environment+specialfolder+more" })
            Find(name + ", System.Runtime");
        Find("system.environment+specialfolder, mscorlib");
        foreach (string name in new[] { "Л", "л", "лИ", "Ли", "ЛИ", "лл", "ｂＵＧ", "ｂｕｇ", "ＢuＧ", "ｂｕｇ+éA", "ｂｕｇ+Éa", "ｂｕｇ+e", "ix", "İX", "Ix", "ıx",
            "Ꭰ", "ẞ", "ß", "ss", "ſ", "S", "s", "Ё", "Е", "σΑΣ", "σας", "ΣΑς", "mixedŽ", "MIXEDž", "mixedz" })
            Find("program+" + name);
    }
}
