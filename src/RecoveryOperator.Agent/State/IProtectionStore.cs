using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.State;

/// <summary>The engine's durable state: each call is one transaction, on stable storage when it returns.</summary>
public interface IProtectionStore
{
    /// <summary>All protections.</summary>
    IReadOnlyList<StoredProtection> LoadAll();

    /// <summary>One protection; null when there is none.</summary>
    StoredProtection? Load(string protectionId);

    /// <summary>Stores what is desired; a new protection with its first progress, a known one keeps its own.</summary>
    /// <param name="desired">What is desired.</param>
    /// <param name="grantedAt">When its grant was first put.</param>
    /// <param name="first">Progress of a new protection.</param>
    /// <exception cref="MachineClaimedException">It is new, and another protection holds its machine; nothing is stored.</exception>
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

    /// <summary>Stores a finished cut, behind those that wait, together with the progress that no longer holds its intent.</summary>
    void SaveCut(string protectionId, ProtectionProgress progress, PendingCut cut);

    /// <summary>The cuts that wait to be shipped and committed, without what they hold.</summary>
    WaitingCuts LoadQueue(string protectionId);

    /// <summary>A cut that waits, whole: its manifest and all its segments, which may be 100 MiB.</summary>
    /// <returns>Null when none of this sequence waits.</returns>
    PendingCut? LoadCut(string protectionId, long sequence);

    /// <summary>Takes note that a segment of a cut is in the vault.</summary>
    void MarkShipped(string protectionId, long sequence, int disk, int segment);

    /// <summary>Removes a cut together with storing that it is committed.</summary>
    /// <param name="protectionId">The protection.</param>
    /// <param name="progress">With the set that it became.</param>
    /// <param name="sequence">The cut's sequence.</param>
    /// <param name="forgetBase">It completed a copy: base segments are not needed any more.</param>
    void EndCut(string protectionId, ProtectionProgress progress, long sequence, bool forgetBase);

    /// <summary>Removes cuts that will not be committed, together with storing what came of them.</summary>
    /// <param name="protectionId">The protection.</param>
    /// <param name="progress">With the intent that stands for them.</param>
    /// <param name="fromSequence">The oldest of them: those behind it go too.</param>
    /// <param name="forgetBase">Base segments are not needed any more.</param>
    void DropCuts(string protectionId, ProtectionProgress progress, long fromSequence, bool forgetBase);

    /// <summary>Forgets a protection.</summary>
    void Remove(string protectionId);
}

/// <summary>A machine is held by another protection.</summary>
public sealed class MachineClaimedException(string machineId, string holder)
    : Exception($"The machine '{machineId}' is protected by '{holder}' already. A machine has one protection: remove the other one first.");
