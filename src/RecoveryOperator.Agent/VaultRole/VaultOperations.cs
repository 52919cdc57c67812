using RecoveryOperator.Agent.Operations;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The vault role's own operations. All of them are safe to run again, so they are remembered in memory only.</summary>
internal sealed class VaultOperations(OperationRegistry registry) : IAsyncDisposable
{
    /// <summary>The operations.</summary>
    public OperationRegistry Registry => registry;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => registry.DisposeAsync();
}
