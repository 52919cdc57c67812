using System.Globalization;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Reads facts out of a replica's documents.</summary>
internal static class VaultFactsReader
{
    /// <param name="replica">The replica as it was read.</param>
    /// <param name="clusterName">This cluster's identity.</param>
    /// <param name="machineId">The machine's own id; null while it is not known.</param>
    public static VaultFacts Read(ReplicaSnapshot replica, string clusterName, string? machineId)
    {
        if (replica.Vm?.Value is not { } vm || replica.Journal?.Value is not { } journal)
            return replica.Vm?.Value is { } half && Foreign(half, clusterName, machineId) is { } taken ? taken : new() { Knowledge = VaultKnowledge.Absent };
        if (Foreign(vm, clusterName, machineId) is { } foreign)
            return foreign;
        var applied = replica.Applied;
        return new()
        {
            Knowledge = VaultKnowledge.Ours,
            Epoch = journal.Epoch,
            EpochEnded = journal.Epochs.Any(e => e.Epoch == journal.Epoch && e.SealedAtSequence is not null),
            Failover = FailoverOf(journal),
            FailoverHost = journal.Failover?.Host,
            FailoverSite = journal.Failover?.Site,
            FailoverMachineId = journal.Failover?.MachineId,
            Retention = RetentionOf(journal),
            AppliedSequence = applied?.Epoch == journal.Epoch ? applied.Sequence : 0,
            LatestPoint = applied?.LatestPoint?.Instant,
            PointConfirmed = replica.Confirmed,
            PointProblem = replica.PointProblem,
            Verified = applied?.Verified is { } verified
                ? string.Create(CultureInfo.InvariantCulture, $"Point {verified.Point.Epoch}-{verified.Point.Sequence} was read in full and compared at {verified.At.UtcDateTime:yyyy-MM-dd HH:mm}Z: every block is what the source read.")
                : null,
            ReplicaDamage = applied?.ReplicaDamage is { } bad
                ? string.Create(CultureInfo.InvariantCulture, $"{bad.BadBlocks} blocks of point {bad.Point.Epoch}-{bad.Point.Sequence} are not what the source read (first: disk {bad.Disk}, byte {bad.OffsetBytes}; found {bad.FoundAt.UtcDateTime:yyyy-MM-dd HH:mm}Z). A resynchronization with checksums computed anew mends the replica; until then recover from an older point, after 'recovery-agent vault verify'.")
                : null,
            ExcessiveChurn = applied?.ExcessiveChurn is { } churn
                ? string.Create(CultureInfo.InvariantCulture, $"Disk {churn.Disk} changed by {churn.BytesPerSecond / 1048576.0:F1} MiB and {churn.RequestsPerSecond:F0} writes a second from {churn.From.UtcDateTime:HH:mm} to {churn.To.UtcDateTime:HH:mm}Z; one page blob takes 60 MiB and 500. Recovery points come late while this lasts: spread the load over more disks, or copy less often, so that repeated writes merge.")
                : null,
            Damage = applied?.Damage is { } damage
                ? $"Set {damage.Epoch}/{damage.Sequence} is damaged ({damage.Blob}: {damage.Reason}): nothing behind it is applied. A resynchronization is needed; the points before it stay."
                : null,
        };
    }

    /// <summary>What the two fields say; null where they contradict each other.</summary>
    private static RetentionTerms? RetentionOf(JournalDocument journal) => journal.Retention switch
    {
        null => new(journal.RetentionHours),
        { } retention when retention.FullDensityHours == journal.RetentionHours =>
            new(retention.FullDensityHours, retention.HourlyForHours, retention.DailyForDays, retention.WeeklyForWeeks),
        _ => null,
    };

    /// <summary>The machine runs at the target once the operation that created it has succeeded.</summary>
    private static FailoverState FailoverOf(JournalDocument journal) => journal.Failover switch
    {
        null => FailoverState.None,
        { Committed: true } => FailoverState.Committed,
        { } failover => journal.Operations.Any(o => o.Id == failover.OperationId && o.State == "Succeeded") ? FailoverState.FailedOver : FailoverState.Running,
    };

    private static VaultFacts? Foreign(VmDocument vm, string clusterName, string? machineId)
    {
        var adopt = $"set spec.adopt to {{fromCluster: {vm.Cluster}{(machineId is null || FactsGatherer.SameMachine(vm.MachineId, machineId) ? "" : $", fromMachineId: {vm.MachineId}")}}}";
        if (vm.Cluster != clusterName)
            return new()
            {
                Knowledge = VaultKnowledge.Foreign,
                Obstacle = new("OwnedByOther", $"The replica {vm.ProtectionId} in the vault belongs to cluster '{vm.Cluster}', this is '{clusterName}'. Use another prefix or name; or, if that cluster is gone, {adopt}."),
            };
        return machineId is null || FactsGatherer.SameMachine(vm.MachineId, machineId)
            ? null
            : new()
            {
                Knowledge = VaultKnowledge.Foreign,
                Obstacle = new("OtherMachine", $"The replica {vm.ProtectionId} in the vault is of machine {vm.MachineId} ({vm.MachineName}), the one found here is {machineId}. Use another name; or, if this machine replaces that one, {adopt}."),
            };
    }
}
