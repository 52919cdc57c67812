namespace RecoveryOperator.Vault.Control;

/// <summary>A document as it stands in the vault.</summary>
/// <param name="Value">The document.</param>
/// <param name="ETag">Its version: a write with it succeeds only while nobody else wrote.</param>
public sealed record Versioned<T>(T Value, string ETag);
