// Unicode: normal forms, categories, text elements, casing, comparison with options, sort keys, domain names.
using System.Globalization;
using System.Text;

internal static class Program
{
    private static string Codes(string s) => string.Join(".", s.Select(c => ((int)c).ToString("x")));

    private static void Main()
    {
        foreach (string s in new[] { "é", "e\u0301", "ﬁ", "Å", "\u1e9b\u0323", "한", "ｱ", "²" })
            Console.WriteLine($"{Codes(s)}: {string.Join(" ", Enum.GetValues<NormalizationForm>().Select(f => Codes(s.Normalize(f)) + (s.IsNormalized(f) ? "=" : "")))}");
        try { "\ud800".Normalize(); } catch (ArgumentException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(string.Join(" ", "aB1 \n€_-\u0301\ud83d漢∑".Select(c => $"{CharUnicodeInfo.GetUnicodeCategory(c)}")));
        Console.WriteLine($"{CharUnicodeInfo.GetNumericValue('¾')} {CharUnicodeInfo.GetDecimalDigitValue('٣')} {char.IsLetter('漢')} {char.IsUpper('É')} {char.IsPunctuation('¿')} {char.GetNumericValue("😀", 0)} {char.ConvertFromUtf32(0x1F600).Length}");
        var elements = StringInfo.GetTextElementEnumerator("e\u0301👨‍👩‍👧🇩🇪x\r\n");
        while (elements.MoveNext()) Console.Write($"{elements.ElementIndex}:{elements.GetTextElement().Length} ");
        Console.WriteLine($"{new StringInfo("e\u0301👍🏽").LengthInTextElements} {string.Join(",", StringInfo.ParseCombiningCharacters("a\u0301b"))} {StringInfo.GetNextTextElementLength("👍🏽a")}");
        CompareInfo inv = CultureInfo.InvariantCulture.CompareInfo, de = CultureInfo.GetCultureInfo("de-DE").CompareInfo;
        foreach ((string a, string b) in new[] { ("a", "A"), ("é", "e"), ("co-op", "coop"), ("ß", "ss"), ("あ", "ア"), ("ｱ", "ア"), ("a1", "a10"), ("\u00AD", ""), ("æ", "ae") })
            Console.WriteLine($"{a} {b}: {Math.Sign(inv.Compare(a, b))} {Math.Sign(inv.Compare(a, b, CompareOptions.IgnoreCase))} {Math.Sign(inv.Compare(a, b, CompareOptions.IgnoreNonSpace))} {Math.Sign(inv.Compare(a, b, CompareOptions.IgnoreKanaType | CompareOptions.IgnoreWidth))} {Math.Sign(inv.Compare(a, b, CompareOptions.IgnoreSymbols))} {Math.Sign(string.CompareOrdinal(a, b))} {Math.Sign(de.Compare(a, b, CompareOptions.StringSort))} {Math.Sign(string.Compare(a, b, StringComparison.OrdinalIgnoreCase))}");
        Console.WriteLine($"{inv.IndexOf("caféteria", "É", CompareOptions.IgnoreCase)} {inv.IndexOf("cafe\u0301", "é")} {inv.LastIndexOf("aXbxc", "X", CompareOptions.IgnoreCase)} {inv.IsPrefix("Straße", "STRASSE", CompareOptions.IgnoreCase)} {inv.IsSuffix("abc", "C", CompareOptions.IgnoreCase)} {CompareInfo.IsSortable("a")} {inv.IndexOf("xyz", "")}");
        Console.WriteLine($"{SortKey.Compare(inv.GetSortKey("a"), inv.GetSortKey("b"))} {inv.GetHashCode("A", CompareOptions.IgnoreCase) == inv.GetHashCode("a", CompareOptions.IgnoreCase)} {inv.GetSortKey("a").Equals(inv.GetSortKey("a"))}");
        foreach (string c in new[] { "", "tr-TR", "az-Latn-AZ", "lt-LT", "el-GR", "de-DE" })
        {
            CultureInfo ci = CultureInfo.GetCultureInfo(c);
            Console.WriteLine($"{c}: {"iıIİß".ToUpper(ci)} {"IİI".ToLower(ci)} {ci.TextInfo.ToTitleCase("the quick iBM ijs")} {ci.TextInfo.IsRightToLeft} {ci.TextInfo.ListSeparator}");
        }
        var idn = new IdnMapping();
        Console.WriteLine($"{idn.GetAscii("bücher.example")} {idn.GetUnicode("xn--bcher-kva.example")} {idn.GetAscii("例え.jp")}");
        try { idn.GetAscii("a..b"); } catch (ArgumentException e) { Console.WriteLine(e.GetType().Name); }
        string[] words = ["zebra", "Äpfel", "apfel", "öl", "ol", "Zoo", "éclair", "eclair", "_x", "1", "10", "2"];
        foreach (string c in new[] { "", "de-DE", "sv-SE" }) Console.WriteLine(string.Join(" ", words.Order(StringComparer.Create(CultureInfo.GetCultureInfo(c), false))));
        Console.WriteLine(string.Join(" ", words.Order(StringComparer.Ordinal)) + " " + string.Join(" ", words.Order(StringComparer.Create(CultureInfo.InvariantCulture, CompareOptions.NumericOrdering))));
    }
}
