// Regex: interpreted, compiled and source-generated engines over the same patterns; groups, replacement, lookaround,
// options, timeouts, non-backtracking.
// compile: generators
using System.Text.RegularExpressions;

internal static partial class Program
{
    [GeneratedRegex(@"(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})")] private static partial Regex Date();
    [GeneratedRegex("^(a+)+b$|cat|dog", RegexOptions.IgnoreCase)] private static partial Regex Mixed { get; }

    private static void Main()
    {
        (string p, string s, RegexOptions o)[] cases = [(@"\b(\w)(\w*)\b", "hello big world", 0), (@"(\d+)\.(\d+)?", "1.5 22. 7", 0),
            ("^line.$", "line1\nline2\nxline3", RegexOptions.Multiline), ("a.c", "a\nc abc", RegexOptions.Singleline),
            ("HELLO", "say Hello", RegexOptions.IgnoreCase), (@"(?<=\$)\d+(?!\d*%)", "$100 $20% 300", 0),
            (@"(?i)straße|ÄÖ", "STRAßE äö", 0), ("(a|ab)(c|bcd)(d*)", "abcd", 0), (@"^(?:(\w+)@(\w+)\.com,?)+$", "a@b.com,cc@dd.com", 0),
            (@"\p{Lu}\p{Ll}+", "Ab CD Éf", 0), ("x*?y", "xxxy", 0), ("(.)(.)\\2\\1", "abba xyyx", 0), ("[^aeiou\\s]+", "quick brown", 0),
            ("(?<n>a)(?<n>b)?", "ab a", 0), ("a b #c\n", "ab", RegexOptions.IgnorePatternWhitespace), (@"(?>a+)b", "aaab", 0),
            (@"((?'open'\()|(?'-open'\))|[^()])+(?(open)(?!))", "(a(b)c)", 0), (@"\d{2,3}", "1 12 123 1234", RegexOptions.RightToLeft),
            ("[a-z-[aeiou]]+", "hello", 0), (@"\G\d", "123a4", 0)];
        foreach (var (p, s, o) in cases)
        {
            string? first = null;
            foreach (RegexOptions extra in new[] { RegexOptions.None, RegexOptions.Compiled, RegexOptions.NonBacktracking })
            {
                string r;
                try
                {
                    r = string.Join(";", new Regex(p, o | extra).Matches(s)
                        .Select(m => m.Index + ":" + m.Value.Replace("\n", "\\n") + "(" +
                        string.Join(",", m.Groups.Cast<Group>().Skip(1)
                        .Select(g => g.Success ? g.Value + (g.Captures.Count > 1 ? "x" + g.Captures.Count : "") : "-")) + ")"));
                }
                catch (Exception e) when (e is NotSupportedException or ArgumentException) { r = "not supported"; }
                if (extra == 0) { first = r; Console.WriteLine(p.Replace("\n", "\\n") + " => " + r); }
                else if (r != first) Console.WriteLine("   " + extra + " " + r);
            }
        }
        Match d = Date().Match("on 2024-02-29 and 1999-12-31");
        Console.WriteLine($"{d.Groups["year"]} {d.Groups["month"].Index} {d.NextMatch().Value} {Date().Count("x")} " +
            $"{Mixed.IsMatch("aaaaaaaaab")} {Mixed.Replace("a Cat and DOG", "pet")} {Mixed.IsMatch("aaaaaaaaaaaaaaaaaaaaac")}");
        foreach (RegexOptions o in new[] { RegexOptions.None, RegexOptions.Compiled })
        {
            Console.WriteLine(Regex.Replace("John Smith", @"(?<f>\w+) (?<l>\w+)", "${l}, $1 $$ $& $` $'", o) + " " +
                Regex.Replace("a1b22", @"\d+", m => (int.Parse(m.Value) * 2).ToString(), o) + " " +
                string.Join("|", Regex.Split("a1b2c", @"(\d)", o)) + " " + new Regex("b", o).Replace("abbb", "x", 2) + " " +
                new Regex("o", o).IsMatch("foo", 2) + " " + string.Join(",", new Regex("(?<a>x)(y)", o).GetGroupNames()));
            try { new Regex("(a+)+$", o, TimeSpan.FromMilliseconds(50)).IsMatch(new string('a', 40) + "!"); }
            catch (RegexMatchTimeoutException e) { Console.WriteLine("timeout " + e.Pattern); }
        }
        try { new Regex("(unclosed"); } catch (RegexParseException e) { Console.WriteLine(e.Error + " " + e.Offset); }
        Console.WriteLine(Regex.Escape("a.b*c[") + Regex.Unescape(@"\x41\n").Length + Regex.IsMatch("é", @"^\w$", RegexOptions.ECMAScript));
        int n = 0;
        foreach (ValueMatch m in Regex.EnumerateMatches("a bb ccc", @"\w+")) n = n * 10 + m.Length;
        Console.WriteLine(n);
        string big = string.Concat(Enumerable.Range(0, 2000).Select(i => "key" + i + "=val" + i * 3 + "; "));
        var kv = new Regex(@"(?<k>key\d+)=(?<v>\w+);", RegexOptions.Compiled);
        Console.WriteLine(kv.Matches(big).Sum(m => m.Groups["v"].Length));
    }
}
