using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica.Logs;

/// <summary>When logs are due to go, told by <c>applied.json</c> alone: asking costs no request (docs/formats/vault-layout.md, "A machine that gets no sets").</summary>
internal static class LogUpkeepPlan
{
    /// <summary>A grant lives seven days at most: after this nothing can come to an ended epoch any more.</summary>
    private static readonly TimeSpan _longestGrant = TimeSpan.FromDays(8);

    /// <summary>Of a machine that gets sets, logs go behind these, every few minutes: nothing is due beside that, and what is due of others goes many sets at a time.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromHours(1);

    /// <summary>The first set behind the place up to which logs are removed that is not beyond the position; null when there is none.</summary>
    public static SetPosition? NextSet(AppliedDocument applied)
    {
        SetPosition next = applied.LogsPrunedThrough is { } last ? last with { Sequence = last.Sequence + 1 } : new SetPosition(1, 1);
        while (next.Epoch < applied.Epoch && next.Sequence > LastOf(applied, next.Epoch))
            next = new SetPosition(next.Epoch + 1, 1);
        return next.Epoch == applied.Epoch && next.Sequence > applied.Sequence || next.Epoch > applied.Epoch ? null : next;
    }

    /// <summary>When there is something to do next; null: not before another set or seal is applied.</summary>
    public static DateTimeOffset? DueAt(AppliedDocument applied, TimeSpan keepLogs)
    {
        if (IsUnsettled(applied))
            return null;

        DateTimeOffset? sets = NextSet(applied) is null ? null : (applied.OldestLogsAt ?? applied.AppliedAt) + keepLogs + _patience;
        return applied.SealedEpochs.Select(ended => SweepAt(applied, ended, keepLogs)).Append(sets).Min();
    }

    /// <summary>The next epoch that may be swept now; null when there is none.</summary>
    public static SealedEpoch? NextSweep(AppliedDocument applied, TimeSpan keepLogs, DateTimeOffset now) => IsUnsettled(applied)
        ? null
        : applied.SealedEpochs.FirstOrDefault(ended => ended.RecordedAt is not null && SweepAt(applied, ended, keepLogs) <= now);

    /// <summary>The sets of an epoch that ended come first; one whose end was recorded without its time is due, to be given one.</summary>
    private static DateTimeOffset? SweepAt(AppliedDocument applied, SealedEpoch ended, TimeSpan keepLogs)
    {
        if (!HasEnded(applied, ended.Epoch) || NextSet(applied)?.Epoch <= ended.Epoch)
            return null;
        if (ended.RecordedAt is not { } recordedAt)
            return DateTimeOffset.MinValue;
        if (ended.SweptAt is not { } sweptAt)
            return recordedAt + keepLogs;
        return sweptAt < recordedAt + _longestGrant ? recordedAt + _longestGrant : null;
    }

    private static bool HasEnded(AppliedDocument applied, long epoch) => epoch < applied.Epoch || (epoch == applied.Epoch && applied.Sealed);

    /// <summary>A rollback reads segments.</summary>
    private static bool IsUnsettled(AppliedDocument applied) => applied.Rollback is not null || applied.Damage is { RolledBack: false };

    /// <summary>An epoch that was passed over has no set that was ever applied.</summary>
    private static long LastOf(AppliedDocument applied, long epoch) => applied.SealedEpochs.FirstOrDefault(ended => ended.Epoch == epoch)?.LastSequence ?? 0;
}
