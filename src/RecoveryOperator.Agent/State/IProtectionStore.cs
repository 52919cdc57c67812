using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.State;

/// <summary>The engine's durable state: each call is one transaction, on stable storage when it returns.</summary>
public interface IProtectionStore
{
    /// <summary>All protections.</summary>
    IReadOnlyList<StoredProtection> LoadAll();

    /// <summary>Stores what is desired; a new protection with its first progress, a known one keeps its own.</summary>
    /// <param name="desired">What is desired.</param>
    /// <param name="grantedAt">When its grant was first put.</param>
    /// <param name="first">Progress of a new protection.</param>
    void Put(DesiredProtection desired, DateTimeOffset grantedAt, ProtectionProgress first);

    /// <summary>Stores progress.</summary>
    /// <exception cref="MachineClaimedException">Another protection holds the machine.</exception>
    void Save(string protectionId, ProtectionProgress progress);

    /// <summary>Stores progress and forgets all base segments: a copy begins at zero.</summary>
    void BeginCopy(string protectionId, ProtectionProgress progress);

    /// <summary>Takes note of a base segment that is in the vault.</summary>
    void AddBaseSegment(string protectionId, BaseSegment segment);

    /// <summary>The base segments, by disk and segment.</summary>
    IReadOnlyList<BaseSegment> LoadBaseSegments(string protectionId);

    /// <summary>Stores a finished cut together with the progress that no longer holds its intent.</summary>
    void SaveCut(string protectionId, ProtectionProgress progress, PendingCut cut);

    /// <summary>The cut that waits, or null.</summary>
    PendingCut? LoadCut(string protectionId);

    /// <summary>Takes note that a segment of the cut is in the vault.</summary>
    void MarkShipped(string protectionId, int disk, int segment);

    /// <summary>Removes the cut together with storing what came of it: committed, or dropped back to an intent.</summary>
    /// <param name="protectionId">The protection.</param>
    /// <param name="progress">What came of it.</param>
    /// <param name="forgetBase">It completed the initial copy: its base segments are not needed any more.</param>
    void EndCut(string protectionId, ProtectionProgress progress, bool forgetBase);

    /// <summary>Forgets a protection.</summary>
    void Remove(string protectionId);
}

/// <summary>A machine is held by another protection.</summary>
public sealed class MachineClaimedException(string machineId, string holder)
    : Exception($"The machine '{machineId}' is protected by '{holder}' already. A machine has one protection: remove the other one first.");
