using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Hypervisors.Images;
using RecoveryOperator.Hypervisors.Images.Guest;
using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Libvirt.Guard;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>Makes the configured driver.</summary>
internal static class HypervisorFactory
{
    /// <summary>Name of the HTTP client that reads disks in the vault.</summary>
    public const string VaultClient = "vault";

    /// <summary>False leaves open snapshots without a guard: only for tests that show what it is there for.</summary>
    private const string GuardSwitch = "Hypervisor:Libvirt:Guard";

    /// <summary>Makes it.</summary>
    /// <param name="services">Clock and log.</param>
    /// <param name="configuration">Section <c>Hypervisor</c> is read.</param>
    /// <param name="stateDirectory">The agent's state directory: the Images driver keeps its checksum tables in it, and the Libvirt driver its grants, unless told otherwise.</param>
    /// <exception cref="InvalidOperationException">The driver is not known.</exception>
    public static IHypervisor Create(IServiceProvider services, IConfiguration configuration, string stateDirectory)
    {
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        return HostRoleOptions.Read(configuration).Driver switch
        {
            "Libvirt" => new LibvirtHypervisor(
                Libvirt(configuration, stateDirectory),
                services.GetRequiredService<IHttpClientFactory>().CreateClient(VaultClient),
                time,
                services.GetRequiredService<ILogger<LibvirtHypervisor>>()),
            "Images" => new ImagesHypervisor(
                Images(configuration.GetSection("Hypervisor:Images"), stateDirectory),
                services.GetRequiredService<IHttpClientFactory>().CreateClient(VaultClient),
                time,
                services.GetRequiredService<ILogger<ImagesHypervisor>>()),
            var other => throw new InvalidOperationException($"There is no hypervisor driver '{other}'."),
        };
    }

    private static LibvirtOptions Libvirt(IConfiguration configuration, string stateDirectory)
    {
        LibvirtOptions options = AgentHost.Section<LibvirtOptions>(configuration, "Hypervisor:Libvirt");
        if (configuration[$"Hypervisor:Libvirt:{nameof(LibvirtOptions.GrantDirectory)}"] is null)
            options = options with { GrantDirectory = Path.Combine(stateDirectory, "grants") };
        return options.GuardCommand.Count > 0 || !configuration.GetValue(GuardSwitch, true) ? options : options with { GuardCommand = OwnCommand(GuardCommand.Name) };
    }

    private static ImagesOptions Images(IConfigurationSection section, string stateDirectory)
    {
        ImagesOptions defaults = new() { Root = "", StateDirectory = "" };
        string[]? command = section.GetSection("GuestCommand").Get<string[]>();
        return defaults with
        {
            Root = section["Root"]!,
            StateDirectory = section["StateDirectory"] ?? Path.Combine(stateDirectory, "images"),
            HostName = section["HostName"] ?? defaults.HostName,
            GuestCommand = command ?? OwnCommand(HeartbeatGuestCommand.Name),
            LockTimeout = section.GetValue("LockTimeout", defaults.LockTimeout),
            LockHoldTarget = section.GetValue("LockHoldTarget", defaults.LockHoldTarget),
            RacyMargin = section.GetValue("RacyMargin", defaults.RacyMargin),
            StartTimeout = section.GetValue("StartTimeout", defaults.StartTimeout),
        };
    }

    /// <summary>This very program in another role.</summary>
    private static string[] OwnCommand(string role)
    {
        string process = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known: set Hypervisor:Images:GuestCommand.");
        return Path.GetFileNameWithoutExtension(process) == "dotnet"
            ? [process, typeof(HypervisorFactory).Assembly.Location, role]
            : [process, role];
    }
}
