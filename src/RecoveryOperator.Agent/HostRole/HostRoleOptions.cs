using RecoveryOperator.Agent.Hosting;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>Settings of the host role.</summary>
/// <param name="StateDirectory"><c>State:Directory</c>: what survives a restart.</param>
/// <param name="Spool">Section <c>Spool</c>.</param>
/// <param name="Limits">Section <c>Limits</c>.</param>
/// <param name="Driver"><c>Hypervisor:Driver</c>: <c>Libvirt</c> or <c>Images</c>; its own settings are in <c>Hypervisor:Libvirt</c> or <c>Hypervisor:Images</c>.</param>
public sealed record HostRoleOptions(string StateDirectory, SpoolOptions Spool, LimitOptions Limits, string Driver)
{
    /// <summary>Drivers that this program has.</summary>
    public static readonly IReadOnlyList<string> Drivers = ["Libvirt", "Images"];

    /// <summary>Reads them.</summary>
    public static HostRoleOptions Read(IConfiguration configuration) => new(
        configuration["State:Directory"] ?? "/var/lib/recovery-operator/agent",
        AgentHost.Section<SpoolOptions>(configuration, "Spool"),
        AgentHost.Section<LimitOptions>(configuration, "Limits"),
        configuration["Hypervisor:Driver"] ?? "Libvirt");

    /// <summary>All that is wrong.</summary>
    public static IEnumerable<string> Failures(IConfiguration configuration)
    {
        HostRoleOptions options = Read(configuration);
        if (!Drivers.Contains(options.Driver))
            yield return $"Hypervisor:Driver must be one of {string.Join(", ", Drivers)}, it is '{options.Driver}'.";
        if (options.Driver == "Images" && string.IsNullOrWhiteSpace(configuration["Hypervisor:Images:Root"]))
            yield return "Hypervisor:Images:Root must be the folder of the machines.";
        if (options.Spool.ReservedFreeBytes < 0)
            yield return "Spool:ReservedFreeBytes must be 0 or more.";
        if (options.Limits.Captures is < 1 or > 64)
            yield return "Limits:Captures must be 1 to 64.";
        if (options.Limits.Copies is < 1 or > 64)
            yield return "Limits:Copies must be 1 to 64.";
        if (options.Limits.Uploads is < 1 or > 256)
            yield return "Limits:Uploads must be 1 to 256.";
        if (options.Limits.UrgentUploads is < 1 or > 256)
            yield return "Limits:UrgentUploads must be 1 to 256.";
    }
}

/// <summary>Section <c>Spool</c>.</summary>
public sealed record SpoolOptions
{
    /// <summary>Where cuts wait to be shipped; null: <c>spool</c> in the state directory.</summary>
    public string? Directory { get; init; }

    /// <summary>Free bytes there that the agent never uses. Default 1 GiB.</summary>
    public long ReservedFreeBytes { get; init; } = 1L << 30;
}

/// <summary>Section <c>Limits</c>: what all protections do at once.</summary>
public sealed record LimitOptions
{
    /// <summary>Machines that are cut at once, about 16 MiB of memory each. Default 4.</summary>
    public int Captures { get; init; } = 4;

    /// <summary>Machines that are copied or compared at once beside those, about 16 MiB of memory each. Default 4.</summary>
    public int Copies { get; init; } = 4;

    /// <summary>Segments sent at once, of up to 17 MiB each; none is held in memory. Default 6.</summary>
    public int Uploads { get; init; } = 6;

    /// <summary>Segments sent at once beside those, of machines that a failover waits for. Default 4.</summary>
    public int UrgentUploads { get; init; } = 4;
}
