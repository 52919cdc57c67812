using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Agent.Metrics;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Agent.Services;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>The role <c>host</c>: replicates the machines of one hypervisor host, and brings replicas up on it.</summary>
public static class HostRoleHost
{
    /// <summary>Builds the role; nothing runs yet.</summary>
    /// <param name="arguments">What follows the role's name.</param>
    /// <param name="driver">Makes the hypervisor, which must be a recovery target too; null: the driver that the settings name.</param>
    /// <exception cref="OptionsFailureException">Settings are wrong; all failures are listed.</exception>
    /// <exception cref="InvalidOperationException">The state directory is in use by another process.</exception>
    public static WebApplication Build(string[] arguments, Func<IServiceProvider, IConfiguration, IHypervisor>? driver = null)
    {
        WebApplicationBuilder builder = AgentHost.CreateBuilder(arguments, HostRoleOptions.Failures);
        HostRoleOptions options = HostRoleOptions.Read(builder.Configuration);
        AddVaultClient(builder.Services);
        builder.Services.AddSingleton(services =>
            driver?.Invoke(services, builder.Configuration) ?? HypervisorFactory.Create(services, builder.Configuration, options.StateDirectory));
        builder.Services.AddSingleton(services => (IRecoveryTarget)services.GetRequiredService<IHypervisor>());
        AddState(builder.Services, options);
        AddEngine(builder.Services, options);
        builder.Services.AddHostedService<ReplicaResumer>();
        builder.Services.AddHostedService<DiskWatcher>();
        builder.Services.AddHostedService<RecoveredReadMetrics>();
        WebApplication app = builder.Build();
        app.MapCommon();
        app.MapGrpcService<HostAgentService>();

        // Now rather than at the first call: a directory in use must keep the process from starting.
        app.Services.GetRequiredService<StateDatabase>();
        return app;
    }

    /// <summary>One client for the process's life: connections are renewed, so that a vault that moved (DNS) is found. Nothing of it is logged: its addresses carry grants.
    /// It goes nowhere but where it is sent: an answer must not lead it to other hosts that this one reaches.</summary>
    private static void AddVaultClient(IServiceCollection services) => services.AddHttpClient(HypervisorFactory.VaultClient)
        .RemoveAllLoggers()
        .UseSocketsHttpHandler((handler, _) => (handler.PooledConnectionLifetime, handler.AllowAutoRedirect) = (TimeSpan.FromMinutes(2), false))
        .SetHandlerLifetime(Timeout.InfiniteTimeSpan);

    private static void AddState(IServiceCollection services, HostRoleOptions options)
    {
        services.AddSingleton(_ => new StateDatabase(options.StateDirectory));
        services.AddSingleton<IProtectionStore, SqliteProtectionStore>();
        services.AddSingleton<IHostSettingsStore, SqliteHostSettingsStore>();
        services.AddSingleton<IOperationStore, SqliteOperationStore>();
        services.AddSingleton(provider => new OperationRegistry(
            provider.GetRequiredService<IOperationStore>(),
            FaultTable.Classify,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OperationRegistry>>()));
        services.AddSingleton<HostOperations>();
    }

    private static void AddEngine(IServiceCollection services, HostRoleOptions options)
    {
        services.AddSingleton(new EngineSlots(options.Limits.Captures, copies: options.Limits.Copies));
        services.AddSingleton(new SpoolArea(
            options.Spool.Directory ?? Path.Combine(options.StateDirectory, "spool"), options.Spool.ReservedFreeBytes));
        services.AddSingleton(provider => new DiskCapture(provider.GetRequiredService<ILogger<DiskCapture>>()));
        services.AddSingleton(provider => new UploadGate(options.Limits.Uploads, options.Limits.UrgentUploads, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(CreateEngineServices);
        services.AddSingleton<HostSettings>();
        // Before the engine: no upload goes before the stored limits hold.
        services.AddHostedService(provider => provider.GetRequiredService<HostSettings>());
        services.AddSingleton<ProtectionEngine>();
        services.AddHostedService(provider => provider.GetRequiredService<ProtectionEngine>());
    }

    private static EngineServices CreateEngineServices(IServiceProvider provider)
    {
        TimeProvider time = provider.GetRequiredService<TimeProvider>();
        return new EngineServices
        {
            Hypervisor = provider.GetRequiredService<IHypervisor>(),
            Store = provider.GetRequiredService<IProtectionStore>(),
            OpenLog = grant => new BlobLogStore(grant, time),
            Spool = provider.GetRequiredService<SpoolArea>(),
            Slots = provider.GetRequiredService<EngineSlots>(),
            Uploads = provider.GetRequiredService<UploadGate>(),
            Capture = provider.GetRequiredService<DiskCapture>(),
            Metrics = provider.GetRequiredService<AgentMetrics>(),
            Time = time,
            Logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger("RecoveryOperator.Agent.Engine"),
        };
    }
}
