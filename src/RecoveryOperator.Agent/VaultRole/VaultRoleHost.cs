using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The role <c>vault</c>: applies what the hosts shipped, near the storage.</summary>
public static class VaultRoleHost
{
    /// <summary>Builds the role; nothing runs yet.</summary>
    /// <exception cref="OptionsFailureException">Settings are wrong; all failures are listed.</exception>
    /// <exception cref="IOException">The state directory is in use by another process.</exception>
    public static WebApplication Build(string[] arguments)
    {
        WebApplicationBuilder builder = AgentHost.CreateBuilder(arguments, VaultSettings.Failures);
        builder.Services.AddVaultRole(VaultSettings.Read(builder.Configuration));
        WebApplication app = builder.Build();
        app.MapCommon();
        app.MapVaultRole();

        // Now rather than at the first set: a directory in use must keep the process from starting.
        app.Services.GetRequiredService<LeaseHolder>();
        return app;
    }
}
