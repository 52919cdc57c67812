using System.Text.Json;

namespace RecoveryOperator.Vault.Documents;

/// <summary>A test failover of this machine that was not cleaned up yet. Its point is in use while it stands.</summary>
/// <param name="Plan">RecoveryPlan, in the machine's namespace, whose test it is.</param>
/// <param name="OperationId">Operation that made it.</param>
/// <param name="Site">Site that it runs on.</param>
/// <param name="Host">RecoveryHost that it is made on; nothing of the test is on any other.</param>
/// <param name="MachineName">Name of the machine there.</param>
/// <param name="Through">Newest set that was committed when the test began, applied before the point is chosen; null where the point was chosen at once.</param>
/// <param name="Point">Point that it starts from; null until chosen.</param>
/// <param name="MachineId">Its id there; null until created.</param>
/// <param name="Warning">What a person should know of how it was made; null when nothing.</param>
/// <param name="StartedAt">When it was started; null before.</param>
/// <param name="Result">What came of it; null until it was checked.</param>
public sealed record TestFailoverRecord(
    string Plan,
    string OperationId,
    string Site,
    string Host,
    string MachineName,
    SetPosition? Through = null,
    PointSummary? Point = null,
    string? MachineId = null,
    string? Warning = null,
    DateTimeOffset? StartedAt = null,
    JsonElement? Result = null);
