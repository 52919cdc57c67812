namespace RecoveryOperator.Replication.Protection;

/// <summary>Condition types of a protection; the names are those of the API.</summary>
public static class ProtectionConditions
{
    /// <summary>The objects that it names exist and can be used.</summary>
    public const string ReferencesResolved = nameof(ReferencesResolved);

    /// <summary>Its machine is on exactly one host, and nobody else protects it.</summary>
    public const string MachineFound = nameof(MachineFound);

    /// <summary>The host sees nothing in the way.</summary>
    public const string PrerequisitesMet = nameof(PrerequisitesMet);

    /// <summary>The replica's place in the vault is there and ours.</summary>
    public const string VaultPrepared = nameof(VaultPrepared);

    /// <summary>Sets are cut and committed.</summary>
    public const string Replicating = nameof(Replicating);

    /// <summary>There is a recovery point, confirmed readable.</summary>
    public const string Recoverable = nameof(Recoverable);

    /// <summary>Points are app-consistent as often as the policy asks.</summary>
    public const string AppConsistency = nameof(AppConsistency);

    /// <summary>Source and replica must be compared. True is the bad news.</summary>
    public const string ResyncRequired = nameof(ResyncRequired);

    /// <summary>The newest verified point, or what a verification found wrong with the replica.</summary>
    public const string ReplicaVerified = nameof(ReplicaVerified);

    /// <summary>Its disks change no faster than one page blob takes writes.</summary>
    public const string WithinVaultLimits = nameof(WithinVaultLimits);

    /// <summary>The disks that it leaves out exist.</summary>
    public const string DisksSelected = nameof(DisksSelected);

    /// <summary>It could be recovered where its target says.</summary>
    public const string TargetUsable = nameof(TargetUsable);

    /// <summary>Its networks have others that take their place at the target.</summary>
    public const string NetworksMapped = nameof(NetworksMapped);

    /// <summary>What its recovered machines read is what the source read.</summary>
    public const string RecoveredReadsVerified = nameof(RecoveredReadsVerified);

    /// <summary>It does what its spec says.</summary>
    public const string Ready = nameof(Ready);

    /// <summary>Work goes on that needs nobody.</summary>
    public const string Reconciling = nameof(Reconciling);

    /// <summary>Nothing moves before somebody acts.</summary>
    public const string Stalled = nameof(Stalled);

    /// <summary>Those that tell early what a failover would miss, and what recovered machines read; they hold nothing up.</summary>
    public static IReadOnlyList<string> Advice { get; } = [DisksSelected, TargetUsable, NetworksMapped, RecoveredReadsVerified];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [
            ReferencesResolved, MachineFound, PrerequisitesMet, VaultPrepared, Replicating, Recoverable,
            AppConsistency, ResyncRequired, ReplicaVerified, WithinVaultLimits, DisksSelected, TargetUsable, NetworksMapped, RecoveredReadsVerified, Ready, Reconciling, Stalled,
        ];
}
