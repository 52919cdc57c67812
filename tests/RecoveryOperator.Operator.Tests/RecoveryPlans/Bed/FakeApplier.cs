using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>Makes a recovery point of each committed set, in order, up to the seal. At a set that the test calls damaged the chain ends: only a resynchronization's set goes on. Moves no disk bytes.</summary>
internal sealed class FakeApplier(ProtectionVault vault)
{
    public long? DamagedSequence { get; set; }

    /// <summary>The last set that it gets to; null: no end.</summary>
    public long? Until { get; set; }

    /// <summary>So many times it is asked in vain: it is slower than the operator.</summary>
    public int IdleCalls { get; set; }

    /// <summary>Blocks that are known to be bad in the points that are made.</summary>
    public PointDamageRecord? PointDamage { get; set; }

    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        if (IdleCalls > 0)
        {
            IdleCalls--;
            return;
        }

        var applied = await vault.ReadAppliedAsync(cancellationToken) ?? new AppliedDocument();
        for (var sequence = applied.Sequence + 1; !applied.Sealed && !(sequence > Until); sequence++)
        {
            if (await vault.ReadSetAsync(1, sequence, cancellationToken) is not { } set)
                return;
            applied = set.Manifest switch
            {
                { Kind: SetKind.Seal } => applied with { Epoch = 1, Sealed = true, SealedEpochs = [new SealedEpoch(1, applied.Sequence)] },
                _ when sequence == DamagedSequence => applied with { Damage = new DamageRecord(1, sequence, "disk-0.000000.hrl", "its checksum is wrong") },
                { Completes: not Completes.Resync } when applied.Damage is not null => applied,
                var manifest => await ListAsync(applied with { Damage = null }, manifest, set.Sha256, cancellationToken),
            };
            await WriteAsync(VaultNames.Applied, applied, cancellationToken);
        }
    }

    private async Task<AppliedDocument> ListAsync(AppliedDocument applied, SetManifest set, string sha256, CancellationToken cancellationToken)
    {
        var point = new RecoveryPointDocument
        {
            Epoch = 1,
            Sequence = set.Sequence,
            Instant = set.Instant,
            Consistency = set.Consistency,
            SetSha256 = sha256,
            Damage = PointDamage,
            Machine = set.Machine!,
            Disks = [new PointDisk(0, "vda", 1 << 20, VaultNames.Disk(0), "2026-01-01T00:00:00.0000000Z", "")],
        };
        await WriteAsync(VaultNames.Point(1, set.Sequence), point, cancellationToken);
        var summary = new PointSummary(1, set.Sequence, set.Instant, set.Consistency);
        return applied with
        {
            Epoch = 1,
            Sequence = set.Sequence,
            LatestPoint = summary,
            LatestAppConsistentPoint = set.Consistency == Consistency.AppConsistent ? summary : applied.LatestAppConsistentPoint,
        };
    }

    private async Task WriteAsync<T>(string blob, T document, CancellationToken cancellationToken) =>
        await vault.Replica.GetBlobClient(blob).UploadAsync(BinaryData.FromBytes(VaultJson.Write(document)), overwrite: true, cancellationToken);
}
