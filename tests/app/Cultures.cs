// Culture data through ICU: number, date and currency formats, comparison and casing, parsing, calendars, resource fallback.
using System.Globalization;

internal static class Program
{
    private static void Main()
    {
        DateTime d = new(2024, 3, 5, 14, 7, 9);
        foreach (string n in new[] { "", "en-US", "de-DE", "fr-FR", "sv-SE", "ja-JP", "tr-TR", "pt-BR" })
        {
            var c = new CultureInfo(n);
            Console.WriteLine($"{c.Name}|{c.EnglishName}|{1234567.891.ToString("N2", c)}|{(-5.5).ToString("C", c)}|{d.ToString("D", c)}|" +
                $"{d.ToString("g", c)}|{0.256.ToString("P1", c)}|{"iI".ToUpper(c)}{"Iİ".ToLower(c)}|{c.DateTimeFormat.FirstDayOfWeek}|" +
                $"{c.NumberFormat.NumberDecimalSeparator}|{c.TextInfo.ListSeparator}");
        }
        string[] words = ["zebra", "Äpfel", "apple", "Zoo", "ärger", "öl"];
        foreach (string n in new[] { "de-DE", "sv-SE", "" })
        {
            var cmp = StringComparer.Create(new CultureInfo(n), false);
            Console.WriteLine(n + ": " + string.Join(",", words.Order(cmp)));
        }
        Console.WriteLine(string.Compare("straße", "strasse", new CultureInfo("de-DE"), CompareOptions.IgnoreCase) + " " +
            CultureInfo.GetCultureInfo("en-US").CompareInfo.Compare("a-b", "ab", CompareOptions.IgnoreSymbols) + " " +
            string.Compare("résumé", "RESUME", new CultureInfo("fr-FR"), CompareOptions.IgnoreNonSpace | CompareOptions.IgnoreCase) + " " +
            new CultureInfo("en-US").CompareInfo.IsPrefix("Éclair", "e", CompareOptions.IgnoreNonSpace | CompareOptions.IgnoreCase));
        Console.WriteLine(double.Parse("1.234,5", new CultureInfo("de-DE")) + " " + DateTime.Parse("5.3.2024", new CultureInfo("de-DE"))
            .Month + " " + decimal.Parse("12,5 €", NumberStyles.Currency, new CultureInfo("de-DE")));
        CultureInfo.CurrentCulture = new CultureInfo("fr-FR");
        Console.WriteLine($"{1.5} {d:d}");
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try { new CultureInfo("xx-not-a-culture-at-all-x"); } catch (CultureNotFoundException) { Console.WriteLine("not found"); }
        Console.WriteLine(new RegionInfo("CH").CurrencyEnglishName + new CultureInfo("de-CH").Parent.Name +
            new CultureInfo("ar-SA").TextInfo.IsRightToLeft +
            CultureInfo.GetCultures(CultureTypes.NeutralCultures).Length.ToString()[..1].Length);
        Console.WriteLine(new IdnMapping().GetAscii("bücher.de") + " " + TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")
            .GetUtcOffset(new DateTime(2024, 7, 1)) + " " +
            TimeZoneInfo.ConvertTimeBySystemTimeZoneId(new DateTime(2024, 1, 1, 12, 0, 0, DateTimeKind.Utc), "America/New_York").Hour);
    }
}
