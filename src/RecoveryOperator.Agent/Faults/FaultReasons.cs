namespace RecoveryOperator.Agent.Faults;

/// <summary>Stable codes of the agent's faults; they become reasons of conditions.</summary>
public static class FaultReasons
{
    public const string AgentStateLost = "AgentStateLost";
    public const string ChangeTrackingLost = "ChangeTrackingLost";
    public const string ConflictingSet = "ConflictingSet";
    public const string DisksChanged = "DisksChanged";
    public const string EpochNeedsResync = "EpochNeedsResync";
    public const string GrantExpired = "GrantExpired";
    public const string GrantNotYetValid = "GrantNotYetValid";
    public const string GrantRefused = "GrantRefused";
    public const string HypervisorAccessDenied = "HypervisorAccessDenied";
    public const string HypervisorConflict = "HypervisorConflict";
    public const string HypervisorUnavailable = "HypervisorUnavailable";
    public const string InitialReplicationIncomplete = "InitialReplicationIncomplete";
    public const string InputOutput = "InputOutput";
    public const string InvalidRequest = "InvalidRequest";
    public const string KeyMissing = "KeyMissing";
    public const string MachineClaimed = "MachineClaimed";
    public const string MachineNotFound = "MachineNotFound";
    public const string MachineReplaced = "MachineReplaced";
    public const string MachineUnsupported = "MachineUnsupported";
    public const string NoMemory = "NoMemory";
    public const string NoSpace = "NoSpace";
    public const string NoSpoolSpace = "NoSpoolSpace";
    public const string PayloadKeyWithdrawn = "PayloadKeyWithdrawn";
    public const string ReplicaDamaged = "ReplicaDamaged";
    public const string Requested = "Requested";
    public const string ResyncNotAnswered = "ResyncNotAnswered";
    public const string ProtectionNotFound = "ProtectionNotFound";
    public const string PrerequisitesFailed = "PrerequisitesFailed";
    public const string Sealed = "Sealed";
    public const string SetDamaged = "SetDamaged";
    public const string SpoolDamaged = "SpoolDamaged";
    public const string StaleEpoch = "StaleEpoch";
    public const string StillRunning = "StillRunning";
    public const string Unexpected = "Unexpected";
    public const string VaultConflict = "VaultConflict";
    public const string VaultDamaged = "VaultDamaged";
    public const string VaultNotFound = "VaultNotFound";
    public const string VaultUnavailable = "VaultUnavailable";
    public const string VaultUnsupported = "VaultUnsupported";
}
