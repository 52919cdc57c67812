using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Faults;

/// <summary>Classifies every error once: can trying again help, under which stable reason, about what, with which remedy.</summary>
public static class FaultTable
{
    /// <summary>A fresh grant may be refused for as long as this, because a changed access policy takes time to hold.</summary>
    public static readonly TimeSpan FreshGrant = TimeSpan.FromMinutes(1);

    private const string RetriedByItself = "It is tried again by itself.";

    /// <summary>The fault of an error that is not about a certain grant.</summary>
    public static Fault Classify(Exception error) => Classify(error, "", TimeSpan.MaxValue);

    /// <summary>The fault of an error.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="about">The object that was worked on, where the error does not name one.</param>
    /// <param name="grantAge">How long the grant in use is known.</param>
    public static Fault Classify(Exception error, string about, TimeSpan grantAge) => error switch
    {
        FaultException own => own.Fault.Clone(),
        ChangeTrackingLostException lost => New(FaultCategory.ResyncRequired, FaultReasons.ChangeTrackingLost, about, lost.Message, lost.Remedy),
        HypervisorException hypervisor => OfHypervisor(hypervisor, about),
        VaultException vault => OfVault(vault, grantAge),
        MachineClaimedException claimed => New(
            FaultCategory.NonRecoverable, FaultReasons.MachineClaimed, about, claimed.Message, "Delete one of the two protections of this machine."),
        SpoolDamageException damage => New(
            FaultCategory.Recoverable, FaultReasons.SpoolDamaged, damage.Segment.Path, damage.Message, "The set is cut again by itself. Check the disk that holds the spool."),
        IOException full when IsDiskFull(full) => New(
            FaultCategory.Recoverable, FaultReasons.NoSpace, about, full.Message, $"{RetriedByItself} Free space on the agent's disks."),
        OutOfMemoryException => New(
            FaultCategory.Recoverable, FaultReasons.NoMemory, about, "The agent has no memory left.", $"{RetriedByItself} Give it more, or lower Limits:Captures and Limits:Copies."),
        IOException io => New(FaultCategory.Recoverable, FaultReasons.InputOutput, about, io.Message, $"{RetriedByItself} Check the agent's disks."),
        UnauthorizedAccessException denied => New(
            FaultCategory.NonRecoverable, FaultReasons.InputOutput, about, denied.Message, "Give the agent's user the rights on its state and spool directories."),
        _ => New(
            FaultCategory.Recoverable, FaultReasons.Unexpected, about, error.Message, $"{RetriedByItself} If it lasts, report it with the agent's log."),
    };

    /// <summary>ENOSPC and EDQUOT of Linux, ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL of Windows.</summary>
    private static bool IsDiskFull(IOException error) => error.HResult is 28 or 122 or unchecked((int)0x80070027) or unchecked((int)0x80070070);

    private static Fault OfHypervisor(HypervisorException error, string about) => error.Fault switch
    {
        HypervisorFault.Transient => New(FaultCategory.Recoverable, FaultReasons.HypervisorUnavailable, about, error.Message, error.Remedy),
        HypervisorFault.NoSpace => New(FaultCategory.Recoverable, FaultReasons.NoSpace, about, error.Message, error.Remedy),
        HypervisorFault.NotFound => New(FaultCategory.NonRecoverable, FaultReasons.MachineNotFound, about, error.Message, error.Remedy),
        HypervisorFault.AccessDenied => New(FaultCategory.NonRecoverable, FaultReasons.HypervisorAccessDenied, about, error.Message, error.Remedy),
        HypervisorFault.Damaged => New(FaultCategory.NonRecoverable, FaultReasons.VaultDamaged, about, error.Message, error.Remedy),
        HypervisorFault.Conflict => New(FaultCategory.NonRecoverable, FaultReasons.HypervisorConflict, about, error.Message, error.Remedy),
        _ => New(FaultCategory.NonRecoverable, FaultReasons.MachineUnsupported, about, error.Message, error.Remedy),
    };

    private static Fault OfVault(VaultException error, TimeSpan grantAge) => error.Fault switch
    {
        VaultFault.Unavailable => New(FaultCategory.Recoverable, FaultReasons.VaultUnavailable, error.Target, error.Message, error.Remedy),
        VaultFault.AccessDenied when grantAge < FreshGrant => New(
            FaultCategory.Recoverable, FaultReasons.GrantNotYetValid, error.Target, error.Message, "A new grant can take half a minute to hold: it is tried again by itself."),
        VaultFault.AccessDenied when error.GrantExpired => New(
            FaultCategory.Recoverable, FaultReasons.GrantExpired, error.Target, error.Message, "The operator renews it in the vault, without a word to this host: it is tried again by itself. If it lasts, look whether the operator runs."),
        VaultFault.AccessDenied => New(FaultCategory.NonRecoverable, FaultReasons.GrantRefused, error.Target, error.Message, error.Remedy),
        VaultFault.NotFound => New(FaultCategory.NonRecoverable, FaultReasons.VaultNotFound, error.Target, error.Message, error.Remedy),
        VaultFault.Conflict or VaultFault.Changed => New(FaultCategory.Recoverable, FaultReasons.VaultConflict, error.Target, error.Message, error.Remedy),
        VaultFault.KeyMissing => New(FaultCategory.NonRecoverable, FaultReasons.KeyMissing, error.Target, error.Message, error.Remedy),
        VaultFault.Damaged => New(FaultCategory.NonRecoverable, FaultReasons.VaultDamaged, error.Target, error.Message, error.Remedy),
        _ => New(FaultCategory.NonRecoverable, FaultReasons.VaultUnsupported, error.Target, error.Message, error.Remedy),
    };

    private static Fault New(FaultCategory category, string reason, string about, string message, string remedy) =>
        new() { Category = category, Reason = reason, Object = about, Message = message, Remedy = remedy };
}
