using Microsoft.AspNetCore.Builder;
using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Agent.Hosting;

namespace RecoveryOperator.Benchmarks.SimulatedHost;

/// <summary>The host role of the agent, its own code and settings, over the simulated hypervisor.</summary>
internal static class SimulatedHostCommand
{
    public const string Name = "simulated-host";

    public static async Task RunAsync(string[] arguments)
    {
        await using WebApplication app = HostRoleHost.Build(arguments, (_, configuration) => new SimulatedHypervisor(
            configuration["Hypervisor:Images:Root"] ?? throw new OptionsFailureException(["Hypervisor:Images:Root must be the folder of the machines."])));
        await app.RunAsync();
    }
}
