using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Control;

/// <summary>Creates an epoch's seal at its next free sequence. A race with a set is decided by create-if-absent; the loser looks at the next sequence.</summary>
internal sealed class EpochSealer(ProtectionVault vault)
{
    public async Task<SealResult> SealAsync(long epoch, string operationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long sequence = await AppliedSequenceAsync(epoch, cancellationToken);
        StoredSet? last = sequence == 0 ? null : await vault.ReadSetAsync(epoch, sequence, cancellationToken);
        while (true)
        {
            sequence++;
            StoredSet standing = await vault.ReadSetAsync(epoch, sequence, cancellationToken)
                ?? await CreateAsync(epoch, sequence, last, operationId, now, cancellationToken);
            if (standing.Manifest.Kind == SetKind.Seal)
                return new SealResult(sequence, standing.Manifest.SealedBy ?? "", last);

            last = standing;
        }
    }

    /// <summary>The search begins behind what was applied: with days of sets behind, that saves a request for each.</summary>
    private async Task<long> AppliedSequenceAsync(long epoch, CancellationToken cancellationToken)
    {
        AppliedDocument? applied = await vault.ReadAppliedAsync(cancellationToken);
        if (applied is null)
            return 0;

        SealedEpoch? ended = applied.SealedEpochs.FirstOrDefault(candidate => candidate.Epoch == epoch);
        return ended?.LastSequence ?? (applied.Epoch == epoch ? applied.Sequence : 0);
    }

    private async Task<StoredSet> CreateAsync(
        long epoch, long sequence, StoredSet? last, string operationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        SetManifest seal = new()
        {
            Kind = SetKind.Seal,
            ProtectionId = vault.Id.ToString(),
            Epoch = epoch,
            Sequence = sequence,
            PreviousSha256 = last?.Sha256,
            Instant = now,
            SealedBy = operationId,
        };
        CommitResult result = await SetWriter.CreateAsync(vault.Log, seal, cancellationToken);
        return result.Standing;
    }
}
