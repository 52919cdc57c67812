namespace RecoveryOperator.Replication.Schedule;

/// <summary>How many cycles were due, and missed, in the last hour. A due time is missed when no cycle that succeeded answers to it.</summary>
/// <param name="startedAt">Due times before it do not count.</param>
public sealed class CycleLedger(DateTimeOffset startedAt)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly Queue<(DateTimeOffset At, long Due, long Missed)> _entries = new();
    private DateTimeOffset _accountedThrough = startedAt;

    /// <summary>Takes note of the due times since the last call.</summary>
    /// <param name="schedule">The due times.</param>
    /// <param name="now">Up to when.</param>
    /// <param name="succeeded">A cycle succeeded at <paramref name="now"/>: it answers to one of them.</param>
    public void Account(CycleSchedule schedule, DateTimeOffset now, bool succeeded)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        long due = schedule.CountBetween(_accountedThrough, now);
        _accountedThrough = now > _accountedThrough ? now : _accountedThrough;
        if (due > 0)
            _entries.Enqueue((now, due, succeeded ? due - 1 : due));
    }

    /// <summary>Lets due times pass without counting them (paused, or nothing to do yet).</summary>
    public void Skip(DateTimeOffset now) => _accountedThrough = now;

    /// <summary>Cycles due and missed in the hour before <paramref name="now"/>.</summary>
    public (long Due, long Missed) LastHour(DateTimeOffset now)
    {
        while (_entries.TryPeek(out (DateTimeOffset At, long Due, long Missed) oldest) && oldest.At <= now - Window)
            _entries.Dequeue();
        return (_entries.Sum(entry => entry.Due), _entries.Sum(entry => entry.Missed));
    }
}
