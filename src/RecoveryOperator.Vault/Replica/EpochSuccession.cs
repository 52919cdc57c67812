using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Replica;

/// <summary>What follows a sealed epoch: the next one from its parent point, or the seal of one that never had a set.</summary>
/// <param name="Epoch">The next epoch.</param>
/// <param name="Parent">The point that it begins from; null with a seal.</param>
/// <param name="Seal">Its seal, when it ended before it had a set.</param>
internal sealed record NextEpoch(long Epoch, PointSummary? Parent, StoredSet? Seal);

/// <summary>Finds the next epoch in the journal (docs/resync.md, "When it begins, for a new epoch").</summary>
internal sealed class EpochSuccession(ProtectionVault vault)
{
    /// <summary>The epoch that follows, or null while there is none, or the choice of its parent is not final.</summary>
    public async Task<NextEpoch?> FindAsync(AppliedDocument applied, CancellationToken cancellationToken)
    {
        if ((await vault.ReadJournalAsync(cancellationToken))?.Value is not { } journal)
            return null;

        long ended = ReplicaPosition.Of(applied).Epoch;
        for (long epoch = ended + 1; epoch <= journal.Epoch; epoch++)
        {
            (StoredSet? first, bool stands) = await ReadFirstAsync(epoch, cancellationToken);
            if (first?.Manifest.Kind == SetKind.Seal)
                return new NextEpoch(epoch, null, first);
            if (ParentOf(journal, epoch) is { } parent)
                return stands || IsFinal(journal, epoch) ? new NextEpoch(epoch, parent, null) : null;
        }

        return null;
    }

    /// <summary>The parent that the journal names for the replica's present epoch, when it is another point than the one that the epoch was begun from here. Null when all is well.</summary>
    public async Task<PointSummary?> FindOtherParentAsync(AppliedDocument applied, CancellationToken cancellationToken)
    {
        ReplicaPosition position = ReplicaPosition.Of(applied);
        if (position.Epoch == 1 || position.Sequence > 0 || (await vault.ReadJournalAsync(cancellationToken))?.Value is not { } journal)
            return null;

        return ParentOf(journal, position.Epoch) is { } parent && (parent.Epoch, parent.Sequence) != (applied.LatestPoint?.Epoch, applied.LatestPoint?.Sequence)
            ? parent
            : null;
    }

    private async Task<(StoredSet? Set, bool Stands)> ReadFirstAsync(long epoch, CancellationToken cancellationToken)
    {
        try
        {
            StoredSet? first = await vault.ReadSetAsync(epoch, 1, cancellationToken);
            return (first, first is not null);
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged)
        {
            return (null, true); // It becomes the epoch's damage once the epoch has begun.
        }
    }

    private static PointSummary? ParentOf(JournalDocument journal, long epoch) => journal.Epochs.FirstOrDefault(record => record.Epoch == epoch)?.Parent;

    private static bool IsFinal(JournalDocument journal, long epoch) => epoch < journal.Epoch || journal.Failover is null || journal.Failover.Committed;
}
