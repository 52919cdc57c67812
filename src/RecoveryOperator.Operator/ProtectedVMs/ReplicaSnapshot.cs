using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>A replica as it stood in the vault when it was read.</summary>
/// <param name="ReadAt">When it was read.</param>
/// <param name="Vm"><c>vm.json</c>; null when the place is free.</param>
/// <param name="Journal"><c>journal.json</c>; null when there is none.</param>
/// <param name="Applied"><c>applied.json</c>; null before the first set.</param>
/// <param name="Recent">Newest points, newest first, at most 10.</param>
/// <param name="Confirmed">A point of it was read by this process.</param>
/// <param name="PointProblem">Why a point could not be confirmed.</param>
internal sealed record ReplicaSnapshot(
    DateTimeOffset ReadAt,
    Versioned<VmDocument>? Vm,
    Versioned<JournalDocument>? Journal,
    AppliedDocument? Applied,
    IReadOnlyList<PointSummary> Recent,
    bool Confirmed,
    Obstacle? PointProblem);
