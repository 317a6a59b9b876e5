// maps: no
// String literals, equality, indexing, concatenation, a few library calls; exit code only.
internal static class Program
{
    private static string Join(string a, string b) => a + b;

    private static int Main()
    {
        string a = "abc", b = Join("ab", "c");
        if (a != b) return 1;
        if (a.Length != 3 || a[1] != 'b') return 2;
        if (ReferenceEquals(a, b)) return 3;
        if (!ReferenceEquals(a, "abc")) return 4;
        if (!ReferenceEquals(string.Intern(b), a)) return 5;
        if (string.Concat(a, "-", b, "!") != "abc-abc!") return 6;
        if (a.Substring(1) != "bc" || a.IndexOf('c') != 2) return 7;
        if (string.IsNullOrEmpty(a) || !string.IsNullOrEmpty("")) return 8;
        if (new string('x', 5) != "xxxxx") return 9;
        if (new string(new[] { 'h', 'i' }) != "hi") return 10;
        if (string.CompareOrdinal("a", "b") >= 0) return 11;
        if ("hello world".Replace("o", "0") != "hell0 w0rld") return 12;
        int hash1 = a.GetHashCode(), hash2 = b.GetHashCode();
        if (hash1 != hash2) return 13;
        int sum = 0;
        foreach (char ch in "héllo ☃") sum += ch;
        if (sum != 'h' + 'é' + 'l' + 'l' + 'o' + ' ' + '☃') return 14;
        string? none = null;
        if (none + "x" != "x" || none == "") return 15;
        return 0;
    }
}
