using System.Text.Json;

namespace RecoveryOperator.Vault.Documents;

/// <summary><c>vm.json</c>: who owns a replica and which machine it is of.</summary>
public sealed record VmDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Protection, 32 hex digits.</summary>
    public required string ProtectionId { get; init; }

    /// <summary>The operator's cluster name, a setting kept in Git.</summary>
    public required string Cluster { get; init; }

    /// <summary>Namespace of the ProtectedVM.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the ProtectedVM.</summary>
    public required string Name { get; init; }

    /// <summary>The vault's prefix.</summary>
    public required string Prefix { get; init; }

    /// <summary>The machine's own id.</summary>
    public required string MachineId { get; init; }

    /// <summary>The machine's name when it was first protected.</summary>
    public required string MachineName { get; init; }

    /// <summary>Site that it was first protected on.</summary>
    public required string SourceSite { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary><c>journal.json</c>: the authority on a protection's direction, epoch and operations.</summary>
public sealed record JournalDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary><c>Forward</c> or <c>Reverse</c>.</summary>
    public string Direction { get; init; } = "Forward";

    /// <summary>Site that the machine runs on.</summary>
    public required string ActiveSite { get; init; }

    /// <summary>The epoch in force, from 1.</summary>
    public required long Epoch { get; init; }

    /// <summary>Hours of points at full density.</summary>
    public int RetentionHours { get; init; } = 24;

    /// <summary>Density and tiers; null: <see cref="RetentionHours"/> at full density, no tiers.</summary>
    public RetentionRecord? Retention { get; init; }

    /// <summary>All epochs, oldest first.</summary>
    public IReadOnlyList<EpochRecord> Epochs { get; init; } = [];

    /// <summary>All operations seen, oldest first.</summary>
    public IReadOnlyList<OperationRecord> Operations { get; init; } = [];

    /// <summary>The replica that runs after a failover; null before.</summary>
    public FailoverRecord? Failover { get; init; }

    /// <summary>Test failovers that were not cleaned up yet; their points are in use.</summary>
    public IReadOnlyList<TestFailoverRecord> Tests { get; init; } = [];
}

/// <summary>How long points are kept, counted back from the newest one; beyond full density the newest point of each hour, day or week.</summary>
/// <param name="FullDensityHours">Hours in which all points stay, at least 1.</param>
/// <param name="HourlyForHours">Hours in which one point of each hour stays; 0: no such tier.</param>
/// <param name="DailyForDays">Days in which one point of each day (UTC) stays; 0: no such tier.</param>
/// <param name="WeeklyForWeeks">Weeks in which one point of each week (from Monday, UTC) stays; 0: no such tier.</param>
public sealed record RetentionRecord(int FullDensityHours, int HourlyForHours = 0, int DailyForDays = 0, int WeeklyForWeeks = 0);

/// <summary>An epoch.</summary>
/// <param name="Epoch">Its number.</param>
/// <param name="Parent">The point that it started from; null for the first.</param>
/// <param name="SealedAtSequence">Sequence of its seal; null while it is open.</param>
public sealed record EpochRecord(long Epoch, PointSummary? Parent, long? SealedAtSequence);

/// <summary>An operation; its id is spent from the moment that it stands here.</summary>
/// <param name="Id">Id given by the user.</param>
/// <param name="Digest">SHA-256 (hex) over the request's fields.</param>
/// <param name="Type">For example <c>UnplannedFailover</c>.</param>
/// <param name="State"><c>Accepted</c>, <c>Refused</c>, <c>Succeeded</c>, <c>Failed</c>, <c>Canceled</c>.</param>
/// <param name="StartedAt">When it was accepted or refused.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="Result">What came of it; shape by type.</param>
/// <param name="Plan">RecoveryPlan, in the machine's namespace, whose operation it is in a machine's journal: ids are a plan's own. Null in a plan's journal, and in records of earlier versions.</param>
public sealed record OperationRecord(
    string Id,
    string Digest,
    string Type,
    string State,
    DateTimeOffset StartedAt,
    DateTimeOffset? FinishedAt,
    JsonElement? Result,
    string? Plan = null);

/// <summary>A failed-over machine.</summary>
/// <param name="OperationId">Operation that made it.</param>
/// <param name="Site">Site that it runs on.</param>
/// <param name="Host">RecoveryHost that it runs on.</param>
/// <param name="MachineId">Its id there; null until created.</param>
/// <param name="Point">Point that it started from; null until chosen.</param>
/// <param name="Committed">The choice of point is final.</param>
/// <param name="Plan">RecoveryPlan whose operation that is; null in records of earlier versions.</param>
public sealed record FailoverRecord(string OperationId, string Site, string Host, string? MachineId, PointSummary? Point, bool Committed, string? Plan = null);
