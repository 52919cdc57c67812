using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>Makes a recovery point of each committed set, in order, and stops at the seal or at a set that the test calls damaged. Moves no disk bytes.</summary>
internal sealed class FakeApplier(ProtectionVault vault)
{
    public long? DamagedSequence { get; set; }

    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var applied = await vault.ReadAppliedAsync(cancellationToken) ?? new AppliedDocument();
        while (!applied.Sealed && applied.Damage is null)
        {
            var sequence = applied.Sequence + 1;
            if (await vault.ReadSetAsync(1, sequence, cancellationToken) is not { } set)
                return;
            applied = set.Manifest switch
            {
                { Kind: SetKind.Seal } => applied with { Epoch = 1, Sealed = true, SealedEpochs = [new SealedEpoch(1, applied.Sequence)] },
                _ when sequence == DamagedSequence => applied with { Damage = new DamageRecord(1, sequence, "disk-0.000000.hrl", "its checksum is wrong") },
                var manifest => await ListAsync(applied, manifest, set.Sha256, cancellationToken),
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
