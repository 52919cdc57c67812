using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Testing.Storage;

[assembly: AssemblyFixture(typeof(PlanAzurite))]

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>One Azurite for all tests of plans; each test takes a namespace of its own.</summary>
public sealed class PlanAzurite : IAsyncLifetime
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
