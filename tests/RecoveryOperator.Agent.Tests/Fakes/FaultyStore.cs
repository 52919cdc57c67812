using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>The real store, with a place to break before and after each write.</summary>
public sealed class FaultyStore(IProtectionStore inner, FaultPoints points) : IProtectionStore
{
    /// <summary>Whole cuts that were asked for.</summary>
    public int ManifestsRead { get; private set; }

    public IReadOnlyList<StoredProtection> LoadAll() => inner.LoadAll();

    public StoredProtection? Load(string protectionId)
    {
        points.OnLoad?.Invoke();
        return inner.Load(protectionId);
    }

    public void Put(DesiredProtection desired, DateTimeOffset grantedAt, ProtectionProgress first)
    {
        points.OnPut?.Invoke();
        inner.Put(desired, grantedAt, first);
    }

    public void Save(string protectionId, ProtectionProgress progress) => points.Run("Save", () => inner.Save(protectionId, progress));

    public void BeginCopy(string protectionId, ProtectionProgress progress) => points.Run("BeginCopy", () => inner.BeginCopy(protectionId, progress));

    public void AddBaseSegment(string protectionId, BaseSegment segment) => points.Run("AddBaseSegment", () => inner.AddBaseSegment(protectionId, segment));

    public IReadOnlyList<BaseSegment> LoadBaseSegments(string protectionId) => inner.LoadBaseSegments(protectionId);

    public void SaveCut(string protectionId, ProtectionProgress progress, PendingCut cut) =>
        points.Run("SaveCut", () => inner.SaveCut(protectionId, progress, cut));

    public WaitingCuts LoadQueue(string protectionId)
    {
        points.OnLoad?.Invoke();
        return inner.LoadQueue(protectionId);
    }

    public PendingCut? LoadCut(string protectionId, long sequence)
    {
        ManifestsRead++;
        points.OnLoad?.Invoke();
        return inner.LoadCut(protectionId, sequence);
    }

    public void MarkShipped(string protectionId, long sequence, int disk, int segment) =>
        points.Run("MarkShipped", () => inner.MarkShipped(protectionId, sequence, disk, segment));

    public void EndCut(string protectionId, ProtectionProgress progress, long sequence, bool forgetBase) =>
        points.Run("EndCut", () => inner.EndCut(protectionId, progress, sequence, forgetBase));

    public void DropCuts(string protectionId, ProtectionProgress progress, long fromSequence, bool forgetBase) =>
        points.Run("DropCuts", () => inner.DropCuts(protectionId, progress, fromSequence, forgetBase));

    public void Remove(string protectionId) => inner.Remove(protectionId);
}
