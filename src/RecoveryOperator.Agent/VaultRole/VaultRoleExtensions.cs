using Microsoft.Extensions.DependencyInjection.Extensions;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Puts the vault role into a host.</summary>
public static class VaultRoleExtensions
{
    /// <summary>Adds the worker and what the gRPC service needs. gRPC itself is added by the program.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    /// <exception cref="Vault.VaultException">The connection cannot be used, for example because it has no credential.</exception>
    public static IServiceCollection AddVaultRole(this IServiceCollection services, VaultRoleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        VaultAccount account = VaultAccount.Connect(options.Connection);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(account);
        services.AddSingleton(_ => options.StateFolder is { } folder ? LeaseHolder.Open(folder) : LeaseHolder.CreateEphemeral());
        services.AddSingleton<VaultRoleMetrics>();
        services.AddSingleton<ReplicaDirectory>();
        services.AddSingleton<ApplySlots>();
        services.AddSingleton<VaultWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<VaultWorker>());
        services.AddHostedService<ScrubWorker>();
        services.AddSingleton(provider => new VaultOperations(new OperationRegistry(
            new InMemoryOperationStore(),
            FaultTable.Classify,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OperationRegistry>>())));
        return services;
    }

    /// <summary>Serves the vault agent's gRPC calls.</summary>
    public static GrpcServiceEndpointConventionBuilder MapVaultRole(this IEndpointRouteBuilder endpoints) => endpoints.MapGrpcService<VaultAgentService>();
}
