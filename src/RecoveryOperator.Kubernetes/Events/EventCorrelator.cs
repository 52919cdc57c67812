using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Events;

/// <summary>
/// Remembers which events were told lately and how many an object may still have of each reason: one that flaps must not hide what happens once, a failover
/// above all. Used by the one writer only. Its memory is bounded: what is older than the aggregation window is dropped.
/// </summary>
internal sealed class EventCorrelator(EventRecorderOptions options)
{
    private const int SweepAbove = 4096;
    private readonly Dictionary<EventIdentity, Told> _told = [];
    private readonly Dictionary<(string Uid, NamespacedName Object, string Reason), Allowance> _allowances = [];

    /// <summary>The event that this occurrence repeats, or null if it has to be told anew.</summary>
    public Told? Find(EventOccurrence occurrence) =>
        _told.TryGetValue(occurrence.Identity, out var told) && occurrence.At - told.LastAt <= options.AggregationWindow ? told : null;

    /// <summary>Whether the object may have one more event of this reason now; takes one from its allowance.</summary>
    public bool Allow(EventOccurrence occurrence)
    {
        var key = (occurrence.Identity.ObjectUid, occurrence.Identity.Object, occurrence.Identity.Reason);
        var now = occurrence.At;
        var before = _allowances.TryGetValue(key, out var known) ? known : new(options.Burst, now);
        var refilled = Math.Min(options.Burst, before.Tokens + ((now - before.At) / options.RefillInterval));
        var allowed = refilled >= 1;
        _allowances[key] = new(allowed ? refilled - 1 : refilled, now);
        Sweep(now);
        return allowed;
    }

    public void Remember(EventOccurrence occurrence, string name, int count) =>
        _told[occurrence.Identity] = new(name, count, occurrence.At);

    public void Forget(EventOccurrence occurrence) => _told.Remove(occurrence.Identity);

    private void Sweep(DateTimeOffset now)
    {
        if (_told.Count > SweepAbove)
        {
            foreach (var (key, told) in _told)
            {
                if (now - told.LastAt > options.AggregationWindow || _told.Count > 2 * SweepAbove)
                    _told.Remove(key);
            }
        }

        if (_allowances.Count > SweepAbove)
        {
            foreach (var (key, allowance) in _allowances)
            {
                if (now - allowance.At > options.RefillInterval * options.Burst || _allowances.Count > 2 * SweepAbove)
                    _allowances.Remove(key);
            }
        }
    }

    /// <summary>An event that is on the server.</summary>
    internal sealed record Told(string Name, int Count, DateTimeOffset LastAt);

    private readonly record struct Allowance(double Tokens, DateTimeOffset At);
}
