// DateTime, DateTimeOffset, TimeSpan, DateOnly, TimeOnly: arithmetic, formatting, parsing, kinds, time zones with fixed offsets, calendars.
using System.Globalization;

internal static class Program
{
    private static string J(params object?[] a)
        => string.Join(" | ", a.Select(x => x is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : x));
    private static string T(Func<object> f) { try { return f().ToString()!; } catch (Exception e) { return e.GetType().Name; } }

    private static void Main()
    {
        var d = new DateTime(2024, 2, 29, 13, 5, 9, 123, DateTimeKind.Utc).AddTicks(4567);
        foreach (string f in "d D f F g G m o r s t T u y".Split(' ').Concat(["yyyy-MM-ddTHH:mm:ss.fffffffK", "ddd, dd MMM yy h:mm tt",
            "HH\\hmm", "%d", "MMMM dddd", "zzz", "FFF"]))
            Console.Write(d.ToString(f, CultureInfo.InvariantCulture) + " ; ");
        Console.WriteLine();
        Console.WriteLine(J(d.AddYears(1), d.AddMonths(-12), d.AddDays(366.5), d.DayOfWeek.ToString(), d.DayOfYear, d.Ticks, d.Date,
            d.TimeOfDay, DateTime.IsLeapYear(2100), DateTime.DaysInMonth(2023, 2), (d - new DateTime(2000, 1, 1)).TotalDays,
            d > DateTime.MinValue, DateTime.MaxValue, d.ToUniversalTime().Kind.ToString(), DateTime.SpecifyKind(d, DateTimeKind.Unspecified)
            .Kind.ToString(), d.ToBinary(), DateTime.FromBinary(d.ToBinary()) == d, d.ToFileTimeUtc(), DateTime.UnixEpoch.Ticks,
            d.Nanosecond));
        Console.WriteLine(J(DateTime.Parse("2020-12-31T23:59:59Z", CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal),
            DateTime.Parse("12/25/2019 3:04 PM", CultureInfo.InvariantCulture), DateTime.ParseExact("07|04|1999", "dd|MM|yyyy", null),
            DateTime.TryParse("not a date", out _), T(() => DateTime.Parse("2021-02-30")), T(() => new DateTime(2021, 13, 1)),
            T(() => DateTime.MaxValue.AddDays(1)), DateTime.Parse("Fri, 01 Mar 2024 10:00:00 GMT", CultureInfo.InvariantCulture,
            DateTimeStyles.RoundtripKind)));
        var ts = new TimeSpan(1, 2, 3, 4, 567);
        Console.WriteLine(J(ts, -ts, ts.ToString("c"), ts.ToString("g", CultureInfo.InvariantCulture),
            ts.ToString("G", CultureInfo.InvariantCulture), ts.ToString(@"d\.hh\:mm", null), ts.TotalSeconds, ts * 2, ts / 4,
            ts / TimeSpan.FromHours(1), TimeSpan.Parse("1:30"), TimeSpan.Parse("-2.03:00:00.5"), T(() => TimeSpan.Parse("25:00:00:00:00")),
            T(() => TimeSpan.MaxValue + ts), TimeSpan.FromMilliseconds(1500.7), ts.Duration(), TimeSpan.FromMinutes(90).Hours,
            TimeSpan.Zero, TimeSpan.FromDays(1, 2, 3), ts.Microseconds));
        var o = new DateTimeOffset(2024, 7, 1, 12, 0, 0, TimeSpan.FromHours(5.5));
        Console.WriteLine(J(o, o.UtcDateTime, o.ToOffset(TimeSpan.FromHours(-8)), o.ToUnixTimeSeconds(),
            DateTimeOffset.FromUnixTimeMilliseconds(1700000000123), o == o.ToUniversalTime(), o.EqualsExact(o.ToUniversalTime()),
            DateTimeOffset.Parse("2020-01-01T00:00:00+02:00", CultureInfo.InvariantCulture), o.ToString("o"),
            o.ToString("r", CultureInfo.InvariantCulture), (o - DateTimeOffset.UnixEpoch).Days));
        var da = new DateOnly(2024, 12, 31);
        var ti = new TimeOnly(23, 30);
        Console.WriteLine(J(da.AddDays(1), da.DayNumber, da.ToString("R", CultureInfo.InvariantCulture), ti.AddHours(1),
            ti.AddMinutes(90, out int wrap), wrap, ti.IsBetween(new(22, 0), new(1, 0)), da.ToDateTime(ti),
            DateOnly.ParseExact("2001-02-03", "yyyy-MM-dd"), TimeOnly.Parse("4:05 AM", CultureInfo.InvariantCulture),
            new TimeOnly(1, 2, 3) - new TimeOnly(23, 0)));
        var tz = TimeZoneInfo.CreateCustomTimeZone("X", TimeSpan.FromHours(2), "X std", "X std", "X day",
            [TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(new(2000, 1, 1), new(2030, 12, 31), TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday))]);
        Console.WriteLine(J(TimeZoneInfo.ConvertTimeFromUtc(new(2024, 7, 1, 0, 0, 0, DateTimeKind.Utc), tz),
            TimeZoneInfo.ConvertTimeFromUtc(new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc), tz),
            tz.IsDaylightSavingTime(new DateTime(2024, 7, 1)), tz.IsInvalidTime(new(2024, 3, 31, 2, 30, 0)),
            tz.IsAmbiguousTime(new(2024, 10, 27, 2, 30, 0)), TimeZoneInfo.Local.BaseUtcOffset, TimeZoneInfo.Utc.Id));
        var gc = new GregorianCalendar();
        Console.WriteLine(J(gc.GetWeekOfYear(d, CalendarWeekRule.FirstFourDayWeek, DayOfWeek.Monday),
            ISOWeek.GetWeekOfYear(new DateTime(2021, 1, 1)), ISOWeek.ToDateTime(2020, 53, DayOfWeek.Friday),
            new JulianCalendar().GetDayOfMonth(d), new HebrewCalendar().GetYear(d), new PersianCalendar().GetMonth(d),
            CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(3)));
        DateTime now = DateTime.UtcNow;
        Console.WriteLine((now.Kind == DateTimeKind.Utc) + " " + ((DateTime.Now - now).Duration() < TimeSpan.FromMinutes(1)) + " " +
            (DateTimeOffset.UtcNow.Year > 2000));
        var list = new List<DateTime> { d, d.AddDays(-1), d.AddTicks(1) };
        list.Sort();
        Console.WriteLine(list[0].Day + " " + list.Distinct().Count() + " " + d.GetHashCode().Equals(d.GetHashCode()));
    }
}
