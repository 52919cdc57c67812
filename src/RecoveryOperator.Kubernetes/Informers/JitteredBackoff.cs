namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>Waits that double up to a maximum, each with up to half of it added or removed at random.</summary>
/// <param name="initial">The first wait.</param>
/// <param name="maximum">The longest wait, before jitter.</param>
/// <param name="random">Where the jitter comes from.</param>
public sealed class JitteredBackoff(TimeSpan initial, TimeSpan maximum, Random random)
{
    private int _failures;

    /// <summary>The wait after one more failure: between half and one and a half times the doubled wait.</summary>
    public TimeSpan Next()
    {
        var wait = Math.Min(maximum.TotalMilliseconds, initial.TotalMilliseconds * Math.Pow(2, _failures));
        _failures = Math.Min(_failures + 1, 30);
        return TimeSpan.FromMilliseconds(wait * (0.5 + random.NextDouble()));
    }

    /// <summary>Starts over after a success.</summary>
    public void Reset() => _failures = 0;
}
