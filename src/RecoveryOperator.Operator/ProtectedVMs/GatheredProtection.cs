using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.DataPath;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Policies;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>The facts of a visit, with what its step works on.</summary>
internal sealed record GatheredProtection
{
    public required ProtectedVM Entity { get; init; }

    public required ProtectionFacts Facts { get; init; }

    /// <summary>Hosts have not had their first word yet: what looks unknown may be known in a moment.</summary>
    public bool Settling { get; init; }

    public PolicyTerms? Terms { get; init; }

    /// <summary>Of the site: the policy's times of day are of it.</summary>
    public string TimeZone { get; init; } = "Etc/UTC";

    public RecoveryVault? Vault { get; init; }

    public ProtectionVault? Place { get; init; }

    public ReplicaSnapshot? Replica { get; init; }

    /// <summary>Its data key; null when the vault is not encrypted.</summary>
    public ProtectionKey? DataKey { get; init; }

    public HostConnection? Connection { get; init; }

    public ProtectionStatus? Status { get; init; }

    /// <summary>How fast its bytes move.</summary>
    public CopyPace Pace { get; init; } = CopyPace.Unknown;

    public MachineInfo? Machine { get; init; }

    public ProtectionId? Id { get; init; }

    /// <summary>Its jobs that have not ended.</summary>
    public IReadOnlyList<RecoveryJob> OpenJobs { get; init; } = [];

    public NamespacedName Key => NamespacedName.Of(Entity);
}
