using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Control;

/// <summary>Creates an epoch's seal at its next free sequence. A race with a set is decided by create-if-absent; the loser looks at the next sequence.</summary>
internal sealed class EpochSealer(ProtectionVault vault)
{
    /// <summary>What stands at a sequence and is no set that this version knows (damaged, newer, or put there by a host that is no longer trusted) takes its place in the chain: it does not hold up fencing.</summary>
    public async Task<SealResult> SealAsync(long epoch, string operationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long sequence = await AppliedSequenceAsync(epoch, cancellationToken);
        StandingSet? last = sequence == 0 ? null : await ReadAsync(epoch, sequence, cancellationToken);
        while (true)
        {
            sequence++;
            StandingSet standing = await ReadAsync(epoch, sequence, cancellationToken)
                ?? await CreateAsync(epoch, sequence, last?.Sha256, operationId, now, cancellationToken);
            if (standing.Set?.Manifest is { Kind: SetKind.Seal } seal)
                return new SealResult(sequence, seal.SealedBy ?? "", last?.Set);

            last = standing;
        }
    }

    private Task<StandingSet?> ReadAsync(long epoch, long sequence, CancellationToken cancellationToken) => SetReader.ReadStandingAsync(vault.Log, epoch, sequence, passNewer: true, cancellationToken);

    /// <summary>The search begins behind what was applied: with days of sets behind, that saves a request for each.</summary>
    private async Task<long> AppliedSequenceAsync(long epoch, CancellationToken cancellationToken)
    {
        AppliedDocument? applied = await vault.ReadAppliedAsync(cancellationToken);
        if (applied is null)
            return 0;

        SealedEpoch? ended = applied.SealedEpochs.FirstOrDefault(candidate => candidate.Epoch == epoch);
        return ended?.LastSequence ?? (applied.Epoch == epoch ? applied.Sequence : 0);
    }

    /// <summary>The seal, or what was there first.</summary>
    private async Task<StandingSet> CreateAsync(
        long epoch, long sequence, string? previousSha256, string operationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        SetManifest seal = new()
        {
            Kind = SetKind.Seal,
            ProtectionId = vault.Id.ToString(),
            Epoch = epoch,
            Sequence = sequence,
            PreviousSha256 = previousSha256,
            Instant = now,
            SealedBy = operationId,
        };
        try
        {
            StoredSet standing = (await SetWriter.CreateAsync(vault.Log, seal, cancellationToken)).Standing;
            return new StandingSet(standing, standing.Sha256);
        }
        catch (VaultException unreadable) when (unreadable.Fault is VaultFault.Damaged or VaultFault.Unsupported)
        {
            if (await ReadAsync(epoch, sequence, cancellationToken) is { } foreign)
                return foreign;
            throw;
        }
    }
}
