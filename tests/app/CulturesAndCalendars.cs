// Cultures in depth: number and date patterns, calendars, regions, parsing under a culture, parents, custom formats, names.
using System.Globalization;

internal static class Program
{
    private static void Main()
    {
        var moment = new DateTime(2024, 2, 29, 13, 4, 5, 67);
        foreach (string name in new[] { "", "en-US", "en-GB", "de-CH", "fr-CA", "ja-JP", "zh-Hant-TW", "ar-EG", "he-IL", "fa-IR", "hi-IN", "th-TH", "ru-RU", "pt-BR", "sw-KE" })
        {
            CultureInfo c = CultureInfo.GetCultureInfo(name);
            NumberFormatInfo n = c.NumberFormat;
            DateTimeFormatInfo d = c.DateTimeFormat;
            Console.WriteLine($"{c.Name}|{c.EnglishName}|{c.Parent.Name}|{c.TwoLetterISOLanguageName}|{c.ThreeLetterWindowsLanguageName}|{c.LCID:x}|{c.IsNeutralCulture}|{c.NativeName}");
            Console.WriteLine($"  {(-1234567.891).ToString("N", c)} {(-12.5).ToString("C", c)} {0.256.ToString("P1", c)} {1e20.ToString("G", c)} {string.Join("", n.NumberGroupSizes)} {n.CurrencySymbol} {n.NegativeSign} {n.NaNSymbol} {n.PositiveInfinitySymbol} {string.Join("", n.NativeDigits)}");
            Console.WriteLine($"  {moment.ToString("D", c)} | {moment.ToString("g", c)} | {moment.ToString("MMM y", c)} | {d.FirstDayOfWeek} {d.CalendarWeekRule} {d.AMDesignator} {d.ShortDatePattern} {d.LongTimePattern} {d.GetAbbreviatedDayName(DayOfWeek.Monday)} {d.Calendar.GetType().Name} {c.OptionalCalendars.Length}");
        }
        foreach (Calendar cal in new Calendar[] { new GregorianCalendar(), new JulianCalendar(), new HebrewCalendar(), new HijriCalendar(), new UmAlQuraCalendar(), new PersianCalendar(), new ThaiBuddhistCalendar(), new KoreanCalendar(), new TaiwanCalendar(), new JapaneseCalendar(), new ChineseLunisolarCalendar() })
            Console.WriteLine($"{cal.GetType().Name} {cal.GetEra(moment)} {cal.GetYear(moment)}-{cal.GetMonth(moment)}-{cal.GetDayOfMonth(moment)} {cal.GetDaysInYear(cal.GetYear(moment))} {cal.IsLeapYear(cal.GetYear(moment))} {cal.AddMonths(moment, 13):yyyy-MM-dd} {cal.GetWeekOfYear(moment, CalendarWeekRule.FirstFourDayWeek, DayOfWeek.Monday)}");
        Console.WriteLine($"{ISOWeek.GetWeekOfYear(new DateTime(2021, 1, 3))} {ISOWeek.GetYear(new DateTime(2021, 1, 3))} {ISOWeek.ToDateTime(2020, 53, DayOfWeek.Sunday):d}");
        foreach (string r in new[] { "US", "DE", "JP", "CH" }) { var x = new RegionInfo(r); Console.WriteLine($"{x.EnglishName} {x.ISOCurrencySymbol} {x.CurrencyEnglishName} {x.IsMetric} {x.ThreeLetterISORegionName} {x.NativeName}"); }
        CultureInfo de = CultureInfo.GetCultureInfo("de-DE");
        Console.WriteLine($"{double.Parse("1.234,5", de)} {decimal.Parse("12,50 €", NumberStyles.Currency, de)} {DateTime.Parse("29. Februar 2024", de):yyyy-MM-dd} {DateTime.ParseExact("29.02.24 13h", "dd.MM.yy HH'h'", de):s} {DateTime.TryParse("2024-13-01", de, out _)} {TimeSpan.Parse("1.02:03:04.5", de)}");
        var own = (CultureInfo)de.Clone();
        own.NumberFormat.NumberDecimalSeparator = "::";
        own.NumberFormat.NumberGroupSizes = [2, 0];
        own.DateTimeFormat.ShortDatePattern = "yy_MM_dd";
        Console.WriteLine($"{1234567.5.ToString("N2", own)} {moment.ToString("d", own)} {own.IsReadOnly} {CultureInfo.ReadOnly(own).IsReadOnly}");
        try { CultureInfo.InvariantCulture.NumberFormat.CurrencySymbol = "x"; } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        try { CultureInfo.GetCultureInfo("not a culture!"); } catch (CultureNotFoundException e) { Console.WriteLine(e.InvalidCultureName); }
        CultureInfo.CurrentCulture = de;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{1.5}") + $" {1.5}" + FormattableString.Invariant($" {2.5}") + " " + (1.5).ToString() + " " + Task.Run(() => 1.5.ToString()).Result);
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("fr-FR");
        Console.WriteLine($"{new ArgumentNullException("p").Message} {CultureInfo.DefaultThreadCurrentCulture?.Name ?? "none"} {CultureInfo.GetCultures(CultureTypes.NeutralCultures).Length > 100} {CultureInfo.InstalledUICulture.Name}");
        foreach (string f in new[] { "00000.00", "#,##0.0;(#,##0.0);zero", "0.###E+00", "0%", "'lit'0", "#\\#0", "0,,", "R", "G3", "e2", "X" })
            Console.Write($"[{(f == "X" ? 255.ToString(f, de) : 1234.5678.ToString(f, de))} {(f == "X" ? "" : (-0.25).ToString(f, de))}] ");
        Console.WriteLine();
    }
}
