using Microsoft.Extensions.Time.Testing;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>A clock that a test moves, also between two looks at it.</summary>
public sealed class WatchedClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Lock _lock = new();
    private Action? _then;
    private int _left;

    /// <summary>Does something before the clock is looked at for the n-th time from now, once.</summary>
    public void BeforeReading(int reading, Action then)
    {
        lock (_lock)
            (_left, _then) = (reading, then);
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        Action? due = null;
        lock (_lock)
        {
            if (_then is not null && --_left == 0)
                (due, _then) = (_then, null);
        }

        due?.Invoke();
        return base.GetUtcNow();
    }
}
