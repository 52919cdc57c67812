namespace RecoveryOperator.Api.Common;

/// <summary>Condition types; each is written on the first visit, <c>Unknown</c> where not known yet.</summary>
public static class ConditionTypes
{
    /// <summary>All kinds: the object does what its spec says.</summary>
    public const string Ready = "Ready";

    /// <summary>All kinds: work goes on that needs nobody (kstatus).</summary>
    public const string Reconciling = "Reconciling";

    /// <summary>All kinds: nothing moves before somebody acts (kstatus).</summary>
    public const string Stalled = "Stalled";

    /// <summary>RecoveryHost: the agent answers.</summary>
    public const string Connected = "Connected";

    /// <summary>RecoveryHost: its driver is the one that its site's type asks for.</summary>
    public const string DriverMatchesSite = "DriverMatchesSite";

    /// <summary>RecoveryHost: its agent has a certificate of the operator's authority, or certificates are given.</summary>
    public const string Enrolled = "Enrolled";

    /// <summary>RecoveryHost: the agent has the host's settings.</summary>
    public const string SettingsApplied = "SettingsApplied";

    /// <summary>RecoverySite: all its hosts are connected.</summary>
    public const string HostsConnected = "HostsConnected";

    /// <summary>RecoveryVault: the storage account answers and accepts the credentials.</summary>
    public const string Reachable = "Reachable";

    /// <summary>RecoveryVault: its vault agent answers.</summary>
    public const string AgentConnected = "AgentConnected";

    /// <summary>RecoveryVault: its key-encryption key can be read, and the vault agent has it; also where none is asked for.</summary>
    public const string EncryptionReady = "EncryptionReady";

    /// <summary>ReplicationPolicy, RecoverySite, NetworkMap: every value of the spec can be used.</summary>
    public const string Valid = "Valid";

    /// <summary>ProtectedVM, NetworkMap: the objects that it names exist and can be used.</summary>
    public const string ReferencesResolved = "ReferencesResolved";

    /// <summary>ProtectedVM: its machine is on exactly one connected host of its site, and nobody else protects it.</summary>
    public const string MachineFound = "MachineFound";

    /// <summary>ProtectedVM: the host sees nothing that stands in the way of replication.</summary>
    public const string PrerequisitesMet = "PrerequisitesMet";

    /// <summary>ProtectedVM: the replica's containers and journal are there and ours.</summary>
    public const string VaultPrepared = "VaultPrepared";

    /// <summary>ProtectedVM: sets are cut and committed as the policy asks.</summary>
    public const string Replicating = "Replicating";

    /// <summary>ProtectedVM: points are app-consistent as often as the policy asks.</summary>
    public const string AppConsistency = "AppConsistency";

    /// <summary>ProtectedVM: source and replica must be compared. True is the bad news.</summary>
    public const string ResyncRequired = "ResyncRequired";

    /// <summary>ProtectedVM: there is at least one recovery point, confirmed readable.</summary>
    public const string Recoverable = "Recoverable";

    /// <summary>ProtectedVM: the newest verified point, or what a verification found wrong with the replica.</summary>
    public const string ReplicaVerified = "ReplicaVerified";

    /// <summary>ProtectedVM: its disks change no faster than one page blob takes writes.</summary>
    public const string WithinVaultLimits = "WithinVaultLimits";

    /// <summary>ProtectedVM: the disks that it leaves out exist, and at least one is left in.</summary>
    public const string DisksSelected = "DisksSelected";

    /// <summary>ProtectedVM: it could be recovered where its target says, on another host than the one that it runs on.</summary>
    public const string TargetUsable = "TargetUsable";

    /// <summary>ProtectedVM: each of its networks has one that takes its place at the target.</summary>
    public const string NetworksMapped = "NetworksMapped";

    /// <summary>ProtectedVM: what machines that were recovered from it read is compared with the checksums of what the source read, and is the same.</summary>
    public const string RecoveredReadsVerified = "RecoveredReadsVerified";

    /// <summary>NetworkMap: the networks that it names exist on connected hosts.</summary>
    public const string NetworksFound = "NetworksFound";

    /// <summary>RecoveryJob: a cancel would be accepted now.</summary>
    public const string Cancelable = "Cancelable";
}
