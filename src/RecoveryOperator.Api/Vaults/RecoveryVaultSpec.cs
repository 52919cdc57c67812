using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Vaults;

/// <summary>What a user says about a vault.</summary>
public sealed record RecoveryVaultSpec
{
    /// <summary>Blob endpoint, for example <c>https://account.blob.core.windows.net</c>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Part of every replica's id, so that several clusters can share an account; immutable.</summary>
    public string Prefix { get; init; } = "default";

    /// <summary>How the operator authenticates.</summary>
    public required VaultCredentials Credentials { get; init; }

    /// <summary>Address of the vault agent, <c>https://host:port</c>; absent: its progress is read from the vault alone.</summary>
    public string? AgentAddress { get; init; }

    /// <summary>Encrypts change logs on the sources' hosts; absent: they rely on the storage's own encryption. Holds for sets cut from then on; cannot be removed.</summary>
    public VaultEncryption? Encryption { get; init; }
}

/// <summary>Keys for change logs.</summary>
public sealed record VaultEncryption
{
    /// <summary>Secret key that holds the key-encryption key: 32 bytes, raw or in base64. The vault agent needs the same.</summary>
    public required SecretKeyRef KeySecretRef { get; init; }

    /// <summary>The key-encryption key before, until no data key is wrapped by it any more.</summary>
    public SecretKeyRef? PreviousKeySecretRef { get; init; }

    /// <summary>Each new value gives every VM a new data key.</summary>
    public string? Rotation { get; init; }
}

/// <summary>Exactly one of a shared key and workload identity.</summary>
public sealed record VaultCredentials
{
    /// <summary>Name of the account; absent: the first label of the endpoint's host, or its path for an emulator.</summary>
    public string? AccountName { get; init; }

    /// <summary>Secret key that holds the account's key, base64 as Azure shows it.</summary>
    public SecretKeyRef? AccountKeySecretRef { get; init; }

    /// <summary>Use the identity of the operator's own pod.</summary>
    public WorkloadIdentity? WorkloadIdentity { get; init; }
}

/// <summary>Workload identity; it has no settings of its own.</summary>
public sealed record WorkloadIdentity;
