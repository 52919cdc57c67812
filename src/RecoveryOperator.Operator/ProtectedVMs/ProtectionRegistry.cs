using System.Collections.Concurrent;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>What was known of a protection at its last visit, for triggers and metrics.</summary>
/// <param name="Key">The ProtectedVM.</param>
/// <param name="ProtectionId">Its id.</param>
/// <param name="Objective">Copy frequency; null while there is no usable policy.</param>
/// <param name="LatestPoint">Instant of the newest point in the vault; null when there is none, it is not known, or the machine was failed over.</param>
/// <param name="Points">Number of points; null when not known.</param>
/// <param name="Phase">Its phase.</param>
/// <param name="Health">Its health.</param>
/// <param name="Host">RecoveryHost of its machine; null when not known.</param>
internal sealed record ProtectionEntry(
    NamespacedName Key, string ProtectionId, TimeSpan? Objective, DateTimeOffset? LatestPoint, int? Points, Phase Phase, Health Health, NamespacedName? Host);

/// <summary>All protections that were visited, by id.</summary>
internal sealed class ProtectionRegistry
{
    private readonly ConcurrentDictionary<string, ProtectionEntry> _entries = new();

    public IReadOnlyCollection<ProtectionEntry> Entries => [.. _entries.Values];

    public ProtectionEntry? Find(string protectionId) => _entries.GetValueOrDefault(protectionId);

    public void Put(ProtectionEntry entry) => _entries[entry.ProtectionId] = entry;

    public void Remove(string protectionId) => _entries.TryRemove(protectionId, out _);

    public void Remove(NamespacedName key)
    {
        foreach (var entry in _entries.Values.Where(e => e.Key == key))
            Remove(entry.ProtectionId);
    }
}
