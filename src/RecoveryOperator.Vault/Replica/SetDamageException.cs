namespace RecoveryOperator.Vault.Replica;

/// <summary>A committed set is not what its commit says. Caught by the applier, which records it.</summary>
internal sealed class SetDamageException(string blob, string reason, Exception? innerException = null) : Exception(reason, innerException)
{
    public string Blob { get; } = blob;
}
