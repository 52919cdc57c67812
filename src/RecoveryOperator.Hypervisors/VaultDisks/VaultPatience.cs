namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>How long a read from the vault is gone on with.</summary>
/// <param name="Retries">How often it is tried again after a failure that may pass, 0 or more.</param>
/// <param name="Delay">Before the first retry; doubled before each further one.</param>
/// <param name="IdleLimit">An attempt ends when nothing arrives for so long, however much is still to come; null: only the client's own limit holds.</param>
internal sealed record VaultPatience(int Retries, TimeSpan Delay, TimeSpan? IdleLimit = null);
