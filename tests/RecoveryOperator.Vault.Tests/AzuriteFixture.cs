using RecoveryOperator.DataPath;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Storage;
using RecoveryOperator.Vault.Tests;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace RecoveryOperator.Vault.Tests;

/// <summary>One Azurite for all tests of this project; each test takes a protection of its own.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private Azurite? _azurite;

    public Azurite Azurite => _azurite ?? throw new InvalidOperationException("Azurite is not started yet.");

    public VaultConnectionOptions Options => new()
    {
        Endpoint = Azurite.Endpoint,
        AccountName = Azurite.AccountName,
        AccountKey = Azurite.AccountKey,
        Prefix = "test",
    };

    public VaultAccount Account => VaultAccount.Connect(Options);

    public static ProtectionId NewId() => ProtectionIds.Derive("test", "tests", Guid.NewGuid().ToString());

    internal VaultAccount AccountWith(StorageClientOptions storage) => VaultAccount.Connect(Options, storage);

    public async ValueTask InitializeAsync() => _azurite = await Azurite.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
            await _azurite.DisposeAsync();
    }
}
