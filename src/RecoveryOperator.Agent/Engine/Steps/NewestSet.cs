using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Finds the end of an epoch's chain, which has no gaps: doubling, then halving.</summary>
internal static class NewestSet
{
    /// <summary>The newest set or seal of the epoch; null when it has none.</summary>
    public static async Task<StoredSet?> FindAsync(ILogStore log, long epoch, CancellationToken cancellationToken)
    {
        StoredSet? newest = null;
        long free = 1;
        while (await log.ReadSetAsync(epoch, free, cancellationToken) is { } found)
        {
            newest = found;
            free *= 2;
        }

        for (long taken = newest?.Manifest.Sequence ?? 0; taken + 1 < free;)
        {
            long middle = taken + ((free - taken) / 2);
            if (await log.ReadSetAsync(epoch, middle, cancellationToken) is { } found)
                (newest, taken) = (found, middle);
            else
                free = middle;
        }

        return newest;
    }
}
