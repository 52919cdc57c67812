using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Schedule;

/// <summary>Looks at the clock every minute, and opens and closes windows when it first shows their times: slow, and plainly right.</summary>
internal sealed class ClockWatcher
{
    private readonly HashSet<DateTimeOffset> _open = [];

    public ClockWatcher(DailyWindow window, TimeZoneInfo zone, DayOfWeek[] weekdays, DateTimeOffset from, DateTimeOffset through)
    {
        List<(DateTimeOffset At, DateTime Shown)> minutes = [];
        for (DateTimeOffset at = from.AddDays(-2); at <= through; at = at.AddMinutes(1))
            minutes.Add((at, TimeZoneInfo.ConvertTime(at, zone).DateTime));

        for (DateTime date = minutes[0].Shown.Date; date <= minutes[^1].Shown.Date; date = date.AddDays(1))
        {
            if (weekdays.Length > 0 && !weekdays.Contains(date.DayOfWeek))
                continue;
            DateTime opens = date.AddMinutes(window.StartMinute);
            DateTime closes = date.AddMinutes(window.EndMinute <= window.StartMinute ? window.EndMinute + 1440 : window.EndMinute);
            int first = minutes.FindIndex(minute => minute.Shown >= opens);
            int last = minutes.FindIndex(minute => minute.Shown >= closes);
            for (int index = first; index >= 0 && index < (last < 0 ? minutes.Count : last); index++)
                _open.Add(minutes[index].At);
        }
    }

    public bool OpenAt(DateTimeOffset minute) => _open.Contains(minute);
}
