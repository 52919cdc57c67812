namespace RecoveryOperator.Hypervisors;

/// <summary>Why a hypervisor refused; decides whether trying again can help.</summary>
public enum HypervisorFault
{
    /// <summary>Passing trouble: connection, memory, a job in the way. Try again.</summary>
    Transient,

    /// <summary>Not enough room. Try again after the retry schedule.</summary>
    NoSpace,

    /// <summary>No such machine, network or disk.</summary>
    NotFound,

    /// <summary>The machine cannot be handled as it is (disk kind, snapshot chain, state): an administrator must act.</summary>
    Unsupported,

    /// <summary>The driver lacks rights.</summary>
    AccessDenied,

    /// <summary>The name or machine belongs to somebody else.</summary>
    Conflict,

    /// <summary>What the vault holds is not what the source read: another point is needed.</summary>
    Damaged,
}

/// <summary>A hypervisor refused. The message says what failed, on which object; <see cref="Remedy"/> what to do.</summary>
public class HypervisorException(HypervisorFault fault, string message, string remedy, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Its class.</summary>
    public HypervisorFault Fault { get; } = fault;

    /// <summary>What a person can do about it.</summary>
    public string Remedy { get; } = remedy;
}

/// <summary>The changes since a checkpoint are not known any more; only a resynchronization helps.</summary>
public sealed class ChangeTrackingLostException(string message, string remedy, Exception? innerException = null)
    : HypervisorException(HypervisorFault.Unsupported, message, remedy, innerException);

/// <summary>One thing that keeps a machine from being protected or a replica from being created.</summary>
/// <param name="Reason">Stable CamelCase code, for example <c>UnsupportedDisk</c>, <c>NetworkNotFound</c>, <c>NoRoom</c>.</param>
/// <param name="Object">What it is about, for example <c>disk vdb of vm web-1</c>.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Remedy">What to do.</param>
public sealed record PrerequisiteFailure(string Reason, string Object, string Message, string Remedy);
