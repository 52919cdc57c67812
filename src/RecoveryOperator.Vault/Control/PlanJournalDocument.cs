using System.Text.Json;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Control;

/// <summary>A recovery plan's journal: every operation that it ever saw, with its steps.</summary>
public sealed record PlanJournalDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Plan id, 32 hex digits.</summary>
    public required string Plan { get; init; }

    /// <summary>Namespace of the RecoveryPlan.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the RecoveryPlan.</summary>
    public required string Name { get; init; }

    /// <summary>All operations seen, oldest first.</summary>
    public IReadOnlyList<PlanOperationRecord> Operations { get; init; } = [];
}

/// <summary>An operation of a plan; its id is spent from the moment that it stands here.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Steps">Its steps in their order.</param>
/// <param name="RecoveryPoint">The recovery point asked for, as the user wrote it; null where the operation has none.</param>
/// <param name="Notes">What the user wrote with it; null when nothing.</param>
/// <param name="CanceledBy">Id of the cancel that undoes it, from the moment that this was accepted; null when there is none.</param>
public sealed record PlanOperationRecord(
    OperationRecord Operation, IReadOnlyList<PlanStepRecord> Steps, string? RecoveryPoint = null, string? Notes = null, string? CanceledBy = null);

/// <summary>A step of a plan's operation.</summary>
/// <param name="Id">Stable id within the operation.</param>
/// <param name="State"><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c>, <c>Skipped</c>.</param>
/// <param name="StartedAt">When it began; null before.</param>
/// <param name="FinishedAt">When it ended; null before.</param>
/// <param name="Message">What happened, for people.</param>
/// <param name="Result">What came of it; shape by step.</param>
public sealed record PlanStepRecord(
    string Id,
    string State,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    string? Message,
    JsonElement? Result);
