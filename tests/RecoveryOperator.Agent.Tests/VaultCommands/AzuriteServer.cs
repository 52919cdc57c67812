using RecoveryOperator.Testing.Storage;

namespace RecoveryOperator.Agent.Tests.VaultCommands;

/// <summary>One Azurite for the tests of a class; each takes machines of its own.</summary>
public sealed class AzuriteServer : IAsyncLifetime
{
    private Azurite? _azurite;

    public Azurite Azurite => _azurite ?? throw new InvalidOperationException("Azurite is not started yet.");

    public async ValueTask InitializeAsync() => _azurite = await Azurite.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
            await _azurite.DisposeAsync();
    }
}
