// compile: generators
// The engines of regular expressions side by side: interpreted, compiled, non-backtracking, generated; captures, look-around, balancing, timeouts, replacements.
using System.Globalization;
using System.Text.RegularExpressions;

internal static partial class Program
{
    [GeneratedRegex(@"(?<key>\w+)\s*=\s*(?<value>""[^""]*""|\S+)", RegexOptions.IgnoreCase)] private static partial Regex Pairs();
    [GeneratedRegex(@"^(?:(?<open>\()|(?<-open>\))|[^()])*(?(open)(?!))$")] private static partial Regex Balanced();
    [GeneratedRegex(@"\b(\w)\w*\1\b", RegexOptions.RightToLeft | RegexOptions.IgnoreCase)] private static partial Regex SameEnds { get; }
    [GeneratedRegex(@"(a|ab)(c|bcd)(d*)|[\p{Lu}-[AEIOU]]{2,}?|(?<=\$)\d+(?=\.)|^x$", RegexOptions.Multiline)] private static partial Regex Mixed();

    private static string Try(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }
    private static string Show(Match m) => $"[{m.Index}+{m.Length}:{string.Join("|", m.Groups.Cast<Group>().Select(g => g.Name + "=" + string.Join(",", g.Captures.Select(c => c.Value))))}]";

    private static void Main()
    {
        string text = "key = \"a b\" Other=5 abcd XYZ $12.50 level Anna\nx\n(a(b)c)";
        foreach (Regex generated in new[] { Pairs(), Mixed(), SameEnds, Balanced() })
        {
            string want = string.Concat(generated.Matches(text).Select(Show));
            Console.WriteLine(want);
            foreach (RegexOptions o in new[] { RegexOptions.None, RegexOptions.Compiled, RegexOptions.CultureInvariant | RegexOptions.Compiled })
            {
                string got = string.Concat(new Regex(generated.ToString(), generated.Options | o).Matches(text).Select(Show));
                if (got != want) Console.WriteLine($"{o}: {got}");
            }
        }
        string[] patterns = [@"\d+", @"(\w+) (\w+)", @"a*?b", @"^\s*(#.*)?$", @"[^\x00-\x7f]+", @"(?i)straße|STRASSE", @"(?s).+", @"\p{IsGreek}+", @"(x+x+)+y", @"(?:a|b|c|d)+e", @"\bfoo\b", @"^(?<year>\d{4})-(?<m>0[1-9]|1[0-2])$", @"(.)(.)", @"[a-z&&[^b]]", @"\u0041\x42\103"];
        string[] inputs = ["", "abc 123", "aaab", "  # note", "naïve αβγ", "STRASSE", "line1\nline2", "xxxxxxxxxxxxy", "abcde", "a foo b", "2024-02", "ABC"];
        foreach (string p in patterns)
        {
            RegexOptions[] kinds = [RegexOptions.None, RegexOptions.Compiled, RegexOptions.NonBacktracking];
            string[] results = [.. kinds.Select(k => Try(() => { var r = new Regex(p, k); return string.Join(";", inputs.Select(i => { Match m = r.Match(i); return m.Success ? $"{m.Index},{m.Length},{m.Groups.Count}" : "-"; })); }))];
            Console.WriteLine($"{p}: {results[0]}{(results[1] == results[0] ? "" : " compiled " + results[1])}{(results[2] == results[0] ? "" : " nonbacktracking " + results[2])}");
        }
        foreach (string bad in new[] { "(", "[a", "a{2,1}", @"\", "(?<1a>x)", "*a", @"(?<n>a)\k<m>", "(?z)", @"\p{None}", "[z-a]", @"(?<=a)b(?<x-y>)" })
            try { _ = new Regex(bad); Console.WriteLine("accepted"); } catch (RegexParseException e) { Console.WriteLine($"{e.Error} {e.Offset} {e.Message}"); }
        Console.WriteLine(Try(() => new Regex(@"(a)\1", RegexOptions.NonBacktracking)) + Try(() => new Regex(@"^(a+)+$", RegexOptions.None, TimeSpan.FromMilliseconds(20)).IsMatch(new string('a', 40) + "!")).Split('.')[0]);
        Console.WriteLine(Regex.Replace("john smith", @"(\w+) (\w+)", "${2}, $1 $& $` $' $$ $+ $_ $9") + " " + Regex.Replace("a1b22", @"\d+", m => (int.Parse(m.Value) * 2).ToString()) + " " + string.Join("|", Regex.Split("a1b2c", @"(\d)")) + " " + Regex.Escape("a.b*[c] #") + Regex.Unescape(@"\x41\n").Length + " " + new Regex("b").Replace("abbb", "x", 2, 1) + " " + Regex.Count("banana", "an") + " " + Pairs().Replace(text, "${value}", 1)[..6]);
        foreach (ValueMatch m in Regex.EnumerateMatches("one two", @"\w+")) Console.Write($"{m.Index}:{m.Length} ");
        foreach (Range r in Regex.EnumerateSplits("a, b,c", @",\s*")) Console.Write($"{r} ");
        var names = new Regex("(?<a>x)(y)(?<5>z)", RegexOptions.ExplicitCapture);
        Console.WriteLine($"{string.Join(",", names.GetGroupNames())} {names.GroupNumberFromName("a")} {names.MatchTimeout == Regex.InfiniteMatchTimeout} {Regex.Match("İI", "i", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant).Index} {Match.Synchronized(Regex.Match("a", "a")).Result("<$0>")} {Regex.Match("abc", "b").NextMatch().Success} {Regex.CacheSize}");
    }
}
