using Azure.Core;

namespace RecoveryOperator.Vault.Control;

/// <summary>How to reach a vault. Account name and key, or a shared access signature, or an identity.</summary>
public sealed record VaultConnectionOptions
{
    /// <summary>Blob endpoint, for example <c>https://account.blob.core.windows.net</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Prefix that goes into every id; keeps several operators on one account apart. May be empty.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Name of the account, with <see cref="AccountKey"/>.</summary>
    public string? AccountName { get; init; }

    /// <summary>Key of the account, base64. A secret.</summary>
    public string? AccountKey { get; init; }

    /// <summary>Identity, when there is no key. Grants (<c>Grant*</c>) need a key in this version.</summary>
    public TokenCredential? Credential { get; init; }

    /// <summary>Shared access signature of the account, when there is no key: one that reads and lists is enough to verify and restore. A secret.</summary>
    public string? Sas { get; init; }

    /// <summary>Time that one request may take with all its retries; 1 s to 5 min, 20 s by default.</summary>
    public TimeSpan RequestBudget { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>This machine's clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Text without secrets.</summary>
    public override string ToString() => $"vault {Endpoint.GetLeftPart(UriPartial.Path)} prefix '{Prefix}'";
}
