// knob: System.Globalization.Invariant=true
// knob: System.Globalization.PredefinedCulturesOnly=false
// Without ICU: every culture is the invariant one, comparison is ordinal, casing is simple.
using System.Globalization;
using System.Text;

internal static class Program
{
    private static void Main()
    {
        foreach (string name in new[] { "", "de-DE", "tr-TR", "xx-YY" })
        {
            CultureInfo c = CultureInfo.GetCultureInfo(name);
            Console.WriteLine($"{c.Name} {c.EnglishName} {1234.5.ToString("N", c)} {new DateTime(2024, 5, 6).ToString("D", c)} {"iIß".ToUpper(c)} {"İ".ToLower(c).Length} {12.5.ToString("C", c)}");
        }
        CompareInfo i = CultureInfo.InvariantCulture.CompareInfo;
        Console.WriteLine($"{Math.Sign(i.Compare("a", "B"))} {i.Compare("a", "A", CompareOptions.IgnoreCase)} {Math.Sign(i.Compare("é", "e\u0301"))} {i.IndexOf("abc", "B", CompareOptions.IgnoreCase)} {"é".Normalize(NormalizationForm.FormD).Length} {"ÀÉ".ToLowerInvariant()} {new IdnMapping().GetAscii("bücher.de")}");
        Console.WriteLine(string.Join(" ", new[] { "b", "A", "a", "B", "ä" }.Order()));
        Console.WriteLine($"{new RegionInfo("US").Name} {CultureInfo.GetCultures(CultureTypes.AllCultures).Length} {TimeZoneInfo.Utc.DisplayName} {new HebrewCalendar().GetYear(new DateTime(2024, 5, 6))}");
    }
}
