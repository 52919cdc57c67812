using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Bandwidth;

/// <summary>
/// Keeps a rate. It fills at the rate of its schedule up to one second's worth, the burst. Something larger than that goes when the bucket is full and
/// leaves it in debt, so that the rate is kept over time whatever the size. No clock of its own, not for concurrent use.
/// </summary>
public sealed class TokenBucket
{
    private BandwidthSchedule _schedule;
    private BandwidthState _state;
    private DateTimeOffset _filledAt;
    private double _levelBytes;

    /// <param name="schedule">The rate by time of day.</param>
    /// <param name="now">The time; the bucket is full then.</param>
    public TokenBucket(BandwidthSchedule schedule, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _schedule = schedule;
        _state = schedule.At(now);
        _filledAt = now;
        _levelBytes = BurstBytes;
    }

    /// <summary>Bytes a second that hold now; 0: no limit.</summary>
    public long BytesPerSecond => _state.BytesPerSecond;

    /// <summary>When the schedule is to be asked again; null: never.</summary>
    public DateTimeOffset? ChangesAt => _state.HoldsUntil;

    private double BurstBytes => BytesPerSecond;

    /// <summary>Takes another schedule from now on. A debt never gets longer by it, in bytes nor in seconds.</summary>
    public void Change(BandwidthSchedule schedule, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        FillUntil(now);
        _schedule = schedule;
        Enter(schedule.At(now));
    }

    /// <summary>When so many bytes may go; not after <paramref name="now"/>: at once. Another schedule, or the schedule's next slot, may move it.</summary>
    public DateTimeOffset ReadyAt(long lengthBytes, DateTimeOffset now)
    {
        FillUntil(now);
        double missingBytes = Math.Min(lengthBytes, BurstBytes) - _levelBytes;
        return BytesPerSecond == 0 || missingBytes <= 0 ? now : now + Later(missingBytes / BytesPerSecond);
    }

    /// <summary>Takes what goes.</summary>
    public void Take(long lengthBytes, DateTimeOffset now)
    {
        FillUntil(now);
        if (BytesPerSecond > 0)
            _levelBytes -= lengthBytes;
    }

    /// <summary>Never zero, so that somebody who waits for it moves on.</summary>
    private static TimeSpan Later(double seconds) =>
        TimeSpan.FromTicks(Math.Max(1, (long)Math.Ceiling(Math.Min(seconds, TimeSpan.FromDays(365).TotalSeconds) * TimeSpan.TicksPerSecond)));

    private void FillUntil(DateTimeOffset now)
    {
        while (_state.HoldsUntil is { } until && until <= now)
        {
            Fill(until);
            Enter(_schedule.At(until));
        }

        Fill(now);
    }

    /// <summary>A clock that was set back stands still until then, and nothing is filled twice.</summary>
    private void Fill(DateTimeOffset at)
    {
        double seconds = Math.Max(0, (at - _filledAt).TotalSeconds);
        _filledAt = at;
        _levelBytes = Math.Min(BurstBytes, _levelBytes + (seconds * BytesPerSecond));
    }

    private void Enter(BandwidthState state)
    {
        long formerBytesPerSecond = BytesPerSecond;
        _state = state;
        if (formerBytesPerSecond == 0 || state.BytesPerSecond == 0)
            _levelBytes = BurstBytes;
        else if (_levelBytes < 0 && state.BytesPerSecond < formerBytesPerSecond)
            _levelBytes *= (double)state.BytesPerSecond / formerBytesPerSecond;
        else
            _levelBytes = Math.Min(_levelBytes, BurstBytes);
    }
}
