namespace RecoveryOperator.Vault;

/// <summary>Why the vault refused.</summary>
public enum VaultFault
{
    /// <summary>Cannot be reached, times out, throttles or fails inside. Try again.</summary>
    Unavailable,

    /// <summary>Credentials or grant are refused (wrong key, expired or revoked SAS).</summary>
    AccessDenied,

    /// <summary>Container or blob is not there.</summary>
    NotFound,

    /// <summary>Somebody else wrote first, or holds the lease.</summary>
    Conflict,

    /// <summary>What was read is not what was written.</summary>
    Damaged,

    /// <summary>The account cannot be used for this (kind, tier, size limit, format version).</summary>
    Unsupported,

    /// <summary>What was to be read is not there any more as it was: it was written since, or removed. Ask for it anew.</summary>
    Changed,

    /// <summary>A key is not there, or is another. Nothing is damaged: it goes on once the key is given.</summary>
    KeyMissing,
}

/// <summary>The vault refused. The message says what failed, on which object; <see cref="Remedy"/> what to do. Never holds a secret.</summary>
public sealed class VaultException(VaultFault fault, string target, string message, string remedy, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Its class.</summary>
    public VaultFault Fault { get; } = fault;

    /// <summary>The grant was refused because its time is over, as far as the storage says so.</summary>
    public bool GrantExpired { get; init; }

    /// <summary>The account, container or blob that it is about.</summary>
    public string Target { get; } = target;

    /// <summary>What a person can do.</summary>
    public string Remedy { get; } = remedy;
}
