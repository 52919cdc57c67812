using System.Text.Json.Serialization;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Hosts;

/// <summary>What is known about a host.</summary>
public sealed record RecoveryHostStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>Whether the agent answers; absent: not known.</summary>
    public bool? Connected { get; init; }

    /// <summary>When the agent last answered; refreshed at most every 15 minutes while it does.</summary>
    public DateTimeOffset? LastSeenTime { get; init; }

    /// <summary>Version of the agent.</summary>
    public string? AgentVersion { get; init; }

    /// <summary>Driver: Libvirt, Images or HyperV.</summary>
    public string? Driver { get; init; }

    /// <summary>Version of the hypervisor.</summary>
    public string? HypervisorVersion { get; init; }

    /// <summary>What the host can do: <c>TracksChanges</c>, <c>RunsReplicas</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Networks that machines can be connected to, at most 200.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>Its machines.</summary>
    public VmInventory? Vms { get; init; }

    /// <summary>Free space for replicas in bytes, in steps of 1 GiB; refreshed like <see cref="LastSeenTime"/>.</summary>
    public long? FreeStorageBytes { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>Machines of a host.</summary>
public sealed record VmInventory
{
    /// <summary>All of them.</summary>
    public required int Count { get; init; }

    /// <summary>The first 200 by name.</summary>
    public IReadOnlyList<VmSummary> Items { get; init; } = [];
}

/// <summary>A machine in short.</summary>
public sealed record VmSummary
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The hypervisor's own id.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it runs.</summary>
    public required VmState State { get; init; }

    /// <summary>Number of network interfaces.</summary>
    public int? NicCount { get; init; }

    /// <summary>Networks that its interfaces are connected to, each once, by name, at most 16.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>Number of disks.</summary>
    public required int DiskCount { get; init; }

    /// <summary>Size of its disks together, in bytes.</summary>
    public required long SizeBytes { get; init; }
}

/// <summary>Whether a machine runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VmState>))]
public enum VmState
{
    /// <summary>The host does not say.</summary>
    Unknown,

    /// <summary>Switched off.</summary>
    Off,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Paused.</summary>
    Paused,
}
