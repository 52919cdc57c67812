using Prometheus;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>One protection's metrics of what is read and compared. The time of a verification is absent until there is one: zero would be a lie.</summary>
internal sealed class VerificationMetrics(Func<Gauge.Child> verified, Gauge.Child badBlocks, Counter.Child scrubbed, Counter.Child mismatched)
{
    private Gauge.Child? _verified;

    /// <summary>Shows what the vault says.</summary>
    public void Show(AppliedDocument applied)
    {
        badBlocks.Set(applied.ReplicaDamage?.BadBlocks ?? 0);
        if (applied.Verified is { } last)
            (_verified ??= verified()).SetToTimeUtc(last.At.UtcDateTime);
    }

    /// <summary>Bytes were read and compared.</summary>
    public void Read(long bytes) => scrubbed.Inc(bytes);

    /// <summary>Blocks did not agree.</summary>
    public void Found(long blocks) => mismatched.Inc(blocks);

    /// <summary>The protection is gone.</summary>
    public void Remove()
    {
        _verified?.Remove();
        badBlocks.Remove();
        scrubbed.Remove();
        mismatched.Remove();
    }
}

/// <summary>One protection's metrics of the storage used; absent until it was measured.</summary>
internal sealed class StorageMetrics(Func<string, Gauge.Child> storage)
{
    private readonly Dictionary<string, Gauge.Child> _kinds = [];

    /// <summary>Shows what was measured.</summary>
    public void Show(AppliedDocument applied)
    {
        Set("replica", applied.ReplicaAllocatedBytes);
        Set("snapshots", applied.SnapshotBytesAtMost);
        Set("logs", applied.LogBytes);
    }

    /// <summary>The protection is gone.</summary>
    public void Remove()
    {
        foreach (Gauge.Child kind in _kinds.Values)
            kind.Remove();
    }

    private void Set(string kind, long? bytes)
    {
        if (bytes is null)
            return;
        if (!_kinds.TryGetValue(kind, out Gauge.Child? child))
            _kinds[kind] = child = storage(kind);
        child.Set(bytes.Value);
    }
}
