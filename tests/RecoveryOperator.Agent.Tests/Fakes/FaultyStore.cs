using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>The real store, with a place to break before and after each write.</summary>
public sealed class FaultyStore(IProtectionStore inner, FaultPoints points) : IProtectionStore
{
    public IReadOnlyList<StoredProtection> LoadAll() => inner.LoadAll();

    public void Put(DesiredProtection desired, DateTimeOffset grantedAt, ProtectionProgress first) => inner.Put(desired, grantedAt, first);

    public void Save(string protectionId, ProtectionProgress progress) => points.Run("Save", () => inner.Save(protectionId, progress));

    public void BeginCopy(string protectionId, ProtectionProgress progress) => points.Run("BeginCopy", () => inner.BeginCopy(protectionId, progress));

    public void AddBaseSegment(string protectionId, BaseSegment segment) => points.Run("AddBaseSegment", () => inner.AddBaseSegment(protectionId, segment));

    public IReadOnlyList<BaseSegment> LoadBaseSegments(string protectionId) => inner.LoadBaseSegments(protectionId);

    public void SaveCut(string protectionId, ProtectionProgress progress, PendingCut cut) =>
        points.Run("SaveCut", () => inner.SaveCut(protectionId, progress, cut));

    public PendingCut? LoadCut(string protectionId) => inner.LoadCut(protectionId);

    public void MarkShipped(string protectionId, int disk, int segment) =>
        points.Run("MarkShipped", () => inner.MarkShipped(protectionId, disk, segment));

    public void EndCut(string protectionId, ProtectionProgress progress, bool forgetBase) =>
        points.Run("EndCut", () => inner.EndCut(protectionId, progress, forgetBase));

    public void Remove(string protectionId) => inner.Remove(protectionId);
}
