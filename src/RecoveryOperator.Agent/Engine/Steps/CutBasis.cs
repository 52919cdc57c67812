using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>What a cut builds on.</summary>
/// <param name="Sequence">Its own.</param>
/// <param name="PreviousSha256">Of the set before it; null as long as that is not committed: filled in when it is.</param>
/// <param name="Since">Changes since this checkpoint make it; null: what is allocated.</param>
/// <param name="Disks">The disks that these changes are known of.</param>
/// <param name="Completes">What it completes.</param>
internal sealed record CutBasis(long Sequence, string? PreviousSha256, ChangeTrackingId? Since, IReadOnlyList<DiskShape> Disks, Completes Completes)
{
    /// <summary>The basis of the next cut. What the other loop commits meanwhile is either wholly in it or not at all: two sets of one sequence would end the epoch.</summary>
    public static CutBasis Of(ProtectionContext context) => context.Read((progress, queue) => queue.Newest is { } newest
        ? new CutBasis(newest.Sequence + 1, null, newest.Checkpoint, DisksOf(context, newest), Completes.None)
        : OnProgress(context, progress, (progress.Last?.Sequence ?? 0) + 1, progress.Last?.Sha256));

    /// <summary>From the manifest only when a former process made the cut: it is read once.</summary>
    private static IReadOnlyList<DiskShape> DisksOf(ProtectionContext context, CutIntent newest)
    {
        if (context.DisksOfCut.Attempt != newest.Attempt)
        {
            byte[] manifest = context.Store.LoadCut(context.Id, newest.Sequence)!.Manifest;
            context.DisksOfCut = (newest.Attempt, DiskShapes.Of(VaultJson.Read<SetManifest>(manifest, "the cut in the agent's state")));
        }

        return context.DisksOfCut.Disks;
    }

    private static CutBasis OnProgress(ProtectionContext context, ProtectionProgress progress, long sequence, string? previous) => progress switch
    {
        { Phase: EnginePhase.Initial, Initial: { } initial } =>
            new CutBasis(sequence, previous, initial.Checkpoint, [.. initial.Disks!.Select(disk => disk.Shape)], Completes.Initial),
        { Phase: EnginePhase.Resynchronizing, Resync: { } resync } =>
            new CutBasis(sequence, previous, SinceOf(context, resync), [.. resync.Disks!.Select(disk => disk.Shape)], Completes.Resync),
        { Last: { } last } => new CutBasis(sequence, previous, last.Checkpoint, last.Disks, Completes.None),
        _ => throw new InvalidOperationException($"Protection {context.Id} has nothing to cut on."),
    };

    /// <summary>A driver that compares never made R: what it compares, it compares in this very cut.</summary>
    private static ChangeTrackingId? SinceOf(ProtectionContext context, ResyncState resync) =>
        context.Hypervisor.Capabilities.TracksChanges ? resync.Checkpoint
        : resync.OnlyTargets is null ? null
        : context.Progress.Last!.Checkpoint;
}
