// String methods, comparison kinds, splitting, StringBuilder, normalisation, runes, characters.
using System.Globalization;
using System.Text;

internal static class Program
{
    private static string J(params object?[] a) => string.Join("|", a);

    private static void Main()
    {
        string s = "  The quick brown fox  ";
        Console.WriteLine(J(s.Trim(), s.TrimStart().Length, s.TrimEnd('x', ' '), s.Trim().ToUpperInvariant(), s.IndexOf("quick"),
            s.LastIndexOf('o'), s.Contains("BROWN", StringComparison.OrdinalIgnoreCase), s.StartsWith("  T"), s.EndsWith("x"),
            s.Trim().PadLeft(25, '*'), "ab".PadRight(4) + "|", s.Replace("quick", "").Replace('o', '0'), s.Insert(2, ">"), s.Remove(5),
            s.Remove(0, 2), s.IndexOfAny(['q', 'x']), s[6..11]));
        Console.WriteLine(J(string.Join(",", "a,b,,c".Split(',')),
            string.Join(";", "a,b,,c".Split(',', StringSplitOptions.RemoveEmptyEntries)), string.Join(";", "a - b- c".Split("- ", 2)),
            string.Join(";", "1, 2 ,3".Split(',', StringSplitOptions.TrimEntries)), string.Join(";", "a b\tc".Split((char[]?)null)),
            string.Join("/", "xAyBz".Split(['A', 'B'])), string.Concat("a", 1, null, 2.5), string.Concat(Enumerable.Range(0, 3)),
            string.Join('-', new[] { "p", null, "q" })));
        Console.WriteLine(J(string.Compare("a", "B", StringComparison.Ordinal) > 0,
            string.Compare("a", "B", StringComparison.OrdinalIgnoreCase) < 0,
            string.Compare("a", "B", CultureInfo.InvariantCulture, CompareOptions.None) < 0,
            "straße".Equals("STRASSE", StringComparison.InvariantCultureIgnoreCase), "é".Equals("é"), "é".Normalize().Equals("é"),
            "é".Normalize(NormalizationForm.FormD).Length, string.CompareOrdinal("abc", 1, "xbc", 1, 2), "a".CompareTo(null),
            "ı".ToUpperInvariant(), "ß".ToUpperInvariant(), "İ".ToLowerInvariant().Length,
            "abc".GetHashCode(StringComparison.OrdinalIgnoreCase) == "ABC".GetHashCode(StringComparison.OrdinalIgnoreCase)));
        var sb = new StringBuilder("start");
        sb.Append(1).Append('c').Append(2.5).Append(true).Append(new[] { 'x', 'y' }).Append("rep", 1, 2).AppendLine()
            .AppendFormat("{0:X}-{1}", 255, "f").Insert(0, "<").Replace("start", "S").Remove(1, 1).AppendJoin(",", [1, 2, 3]);
        sb[0] = '[';
        sb.Append('z', 3);
        Console.WriteLine(sb.ToString().Replace("\n", "\\n") + sb.Length);
        sb.Clear();
        for (int i = 0; i < 3000; i++) { sb.Append(i); if (i % 500 == 0) sb.Insert(0, "#"); }
        Console.WriteLine(sb.Length + " " + sb[5000] + " " + sb.ToString(100, 10) + " " + sb.ToString().Count(c => c == '7'));
        int chunks = 0;
        foreach (ReadOnlyMemory<char> m in sb.GetChunks()) chunks += m.Length;
        Console.WriteLine(chunks == sb.Length);
        Console.WriteLine(J(char.IsLetter('é'), char.IsDigit('٣'), char.IsWhiteSpace('\u2003'), char.IsUpper('Å'),
            char.GetUnicodeCategory('€'), char.ToUpperInvariant('ÿ'), (int)char.GetNumericValue('½') , char.IsSurrogate("😀"[0]),
            char.ConvertToUtf32("😀", 0), char.ConvertFromUtf32(0x1F600), "a😀b".EnumerateRunes().Count(),
            new StringInfo("e\u0301a👨‍👩‍👧").LengthInTextElements, Rune.IsLetter(new Rune('Ж')), new Rune(0x1F600).Utf8SequenceLength,
            char.IsAsciiHexDigit('g'), char.IsPunctuation('!'), char.IsSymbol('+'), char.IsControl('\n')));
        Console.WriteLine(J(string.IsNullOrWhiteSpace(" \t"), "abc".Reverse().First(), new string("abc".Reverse().ToArray()),
            string.Create(3, 'q', (sp, c) => sp.Fill(c)), "x".CompareTo("y"), "tEsT".ToLowerInvariant(), "abc".Substring(1, 1),
            "abc".ToCharArray(1, 2).Length, "a{0}b".Contains('{'), "line1\nline2\r\nline3".ReplaceLineEndings("/"), "aXbX".TrimEnd('X')
            .Length, string.Copy0("c"), "abc".AsSpan(1).ToString(), "%".GetHashCode() == "%".GetHashCode(),
            string.IsInterned("never interned " + s) == null, "z" == "Z".ToLowerInvariant(), "abcabc".LastIndexOf("bc", 4),
            "mississippi".Split("ss").Length, "tab\tq\"uote\\"));
        Console.WriteLine(J(CultureInfo.CurrentCulture.Name == "", CultureInfo.InvariantCulture.TextInfo.ToTitleCase("war and peace"),
            CultureInfo.InvariantCulture.CompareInfo.IndexOf("Hello", "LL", CompareOptions.IgnoreCase),
            string.Format("{0,5}|{0,-5}|{1:0.0}", 42, 3.14159), string.Format("{0}{1}{2}{3}", 1, 2, 3, 4), CompositeFormat.Parse("{0}-{1}")
            .MinimumArgumentCount));
        var sw = new StringWriter();
        sw.Write("{0} and {1}", 1, "b");
        sw.WriteLine('c');
        using var sr = new StringReader(sw + "second\r\nthird");
        Console.WriteLine(J(sr.ReadLine(), (char)sr.Peek(), sr.ReadLine(), sr.ReadToEnd(), sr.ReadLine()));
    }

    extension(string) { private static string Copy0(string s) => new(s.AsSpan()); }
}
