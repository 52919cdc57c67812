namespace RecoveryOperator.Replication.Schedule;

/// <summary>What a schedule says of a moment.</summary>
/// <param name="Open">The window is open.</param>
/// <param name="ChangesAt">When it next closes (or, of a closed one, opens); null: never.</param>
public readonly record struct WindowState(bool Open, DateTimeOffset? ChangesAt);

/// <summary>
/// When a daily window is open, in a time zone whose clocks may change. It opens, and closes, at the first moment at which the clock shows the time or a
/// later one: a time that is skipped counts as the first moment after the gap (a window that lies in the gap altogether does not open that day), and
/// of a time that comes twice only the first counts, so that no window opens twice.
/// </summary>
/// <param name="window">The part of the day.</param>
/// <param name="zone">Time zone of its times.</param>
/// <param name="weekdays">Days on which it opens; none: every day.</param>
public sealed class WindowSchedule(DailyWindow window, TimeZoneInfo zone, IReadOnlyCollection<DayOfWeek>? weekdays = null)
{
    /// <summary>Days looked ahead: a week, and the days on which a window may fall into a gap.</summary>
    private const int DaysAhead = 15;

    private readonly IReadOnlyCollection<DayOfWeek> _weekdays = weekdays ?? [];

    /// <summary>Whether the window is open, and until when that stays so.</summary>
    public WindowState At(DateTimeOffset instant)
    {
        if (window.StartMinute == window.EndMinute && (_weekdays.Count == 0 || Enum.GetValues<DayOfWeek>().All(_weekdays.Contains)))
            return new(true, null);

        DateTime today = WallClock.DateAt(instant, zone);
        DateTimeOffset? closes = null;
        for (int day = -2; day <= DaysAhead; day++)
        {
            DateTime date = today.AddDays(day);
            if (_weekdays.Count > 0 && !_weekdays.Contains(date.DayOfWeek))
                continue;

            (DateTimeOffset opens, DateTimeOffset ends) = Occurrence(date);
            if (ends <= opens || ends <= instant)
                continue;
            if (closes is null && opens > instant)
                return new(false, opens);
            if (opens > (closes ?? instant))
                break;
            closes = ends;
        }

        return new(closes is not null, closes);
    }

    private (DateTimeOffset Opens, DateTimeOffset Ends) Occurrence(DateTime date)
    {
        (DateTime opens, DateTime closes) = window.On(date);
        return (WallClock.FirstMomentOf(opens, zone), WallClock.FirstMomentOf(closes, zone));
    }
}
