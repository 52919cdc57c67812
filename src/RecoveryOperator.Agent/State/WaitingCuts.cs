using RecoveryOperator.Agent.Engine;

namespace RecoveryOperator.Agent.State;

/// <summary>What waits to be shipped and committed, without manifests and segments: cheap to ask for, however much the cuts hold.</summary>
/// <param name="Cuts">What each was begun as, oldest first.</param>
/// <param name="LengthBytes">Stored bytes of all of them.</param>
/// <param name="PendingBytes">Stored bytes that are not shipped yet.</param>
public sealed record WaitingCuts(IReadOnlyList<CutIntent> Cuts, long LengthBytes, long PendingBytes)
{
    /// <summary>How many wait.</summary>
    public int Count => Cuts.Count;

    /// <summary>The one that is shipped next; null when none waits.</summary>
    public CutIntent? Oldest => Cuts.Count == 0 ? null : Cuts[0];

    /// <summary>The one that was cut last; null when none waits.</summary>
    public CutIntent? Newest => Cuts.Count == 0 ? null : Cuts[^1];
}
