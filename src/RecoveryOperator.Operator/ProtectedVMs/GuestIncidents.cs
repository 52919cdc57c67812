using System.Collections.Concurrent;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// Tells as an event that a snapshot had to be ended out of turn, and whether the guest stood still for it (P8). Each incident once; one that is
/// older than <see cref="Fresh"/> was told by an operator before this one.
/// </summary>
internal sealed class GuestIncidents(IEventRecorder events, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(15);
    private readonly ConcurrentDictionary<NamespacedName, DateTimeOffset> _told = new();

    /// <summary>Tells the agent's newest incident, if it is new.</summary>
    public void Tell(GatheredProtection gathered)
    {
        if (gathered.Status?.LastIncident is not { At: { } stamp } incident)
            return;
        var at = stamp.ToDateTimeOffset();
        if (_told.TryGetValue(gathered.Key, out var told) && told >= at)
            return;
        _told[gathered.Key] = at;
        if (time.GetUtcNow() - at > Fresh)
            return;
        events.Publish(
            gathered.Entity,
            incident.GuestWasPaused ? EventType.Warning : EventType.Normal,
            incident.GuestWasPaused ? "GuestWasPaused" : "SnapshotEnded",
            incident.Message);
    }

    /// <summary>The object is gone.</summary>
    public void Forget(NamespacedName key) => _told.TryRemove(key, out _);
}
