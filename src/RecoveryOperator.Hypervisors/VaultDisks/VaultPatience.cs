namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>How long a read from the vault is gone on with.</summary>
/// <param name="Retries">How often it is tried again after a failure that may pass, 0 or more.</param>
/// <param name="Delay">Before the first retry; doubled before each further one.</param>
/// <param name="AttemptLimit">How long one attempt may take; null: as long as the client allows.</param>
internal sealed record VaultPatience(int Retries, TimeSpan Delay, TimeSpan? AttemptLimit = null);
