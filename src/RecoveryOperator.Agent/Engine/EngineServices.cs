using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Metrics;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Engine;

/// <summary>What all protections of a host share.</summary>
public sealed record EngineServices
{
    /// <summary>The host.</summary>
    public required IHypervisor Hypervisor { get; init; }

    /// <summary>Durable state.</summary>
    public required IProtectionStore Store { get; init; }

    /// <summary>Opens the log container behind a grant (container URI with SAS).</summary>
    public required Func<Uri, ILogStore> OpenLog { get; init; }

    /// <summary>Where cuts wait to be shipped.</summary>
    public required SpoolArea Spool { get; init; }

    /// <summary>Bounds on what all protections do at once.</summary>
    public required EngineSlots Slots { get; init; }

    /// <summary>Where uploads wait for their turn.</summary>
    public required UploadGate Uploads { get; init; }

    /// <summary>Turns disks into change logs.</summary>
    public required DiskCapture Capture { get; init; }

    /// <summary>A segment is closed when it reaches this length; tests make many from little.</summary>
    public int SegmentTargetLengthBytes { get; init; } = ChangeLogConstants.SegmentTargetLengthBytes;

    /// <summary>Figures for Prometheus.</summary>
    public required AgentMetrics Metrics { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Takes the engine's events.</summary>
    public required ILogger Logger { get; init; }
}
