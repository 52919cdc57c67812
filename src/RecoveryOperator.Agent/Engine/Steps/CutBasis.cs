using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>What a cut builds on.</summary>
/// <param name="Since">Changes since this checkpoint make it; null: what is allocated.</param>
/// <param name="Disks">The disks that these changes are known of.</param>
/// <param name="Completes">What it completes.</param>
internal sealed record CutBasis(ChangeTrackingId? Since, IReadOnlyList<DiskShape> Disks, Completes Completes)
{
    /// <summary>The basis of the next cut.</summary>
    public static CutBasis Of(ProtectionContext context) => context.Progress switch
    {
        { Phase: EnginePhase.Initial, Initial: { } initial } =>
            new CutBasis(initial.Checkpoint, [.. initial.Disks!.Select(disk => disk.Shape)], Completes.Initial),
        { Phase: EnginePhase.Resynchronizing, Resync: { } resync } =>
            new CutBasis(SinceOf(context, resync), [.. resync.Disks!.Select(disk => disk.Shape)], Completes.Resync),
        { Last: { } last } => new CutBasis(last.Checkpoint, last.Disks, Completes.None),
        _ => throw new InvalidOperationException($"Protection {context.Id} has nothing to cut on."),
    };

    /// <summary>A driver that compares never made R: what it compares, it compares in this very cut.</summary>
    private static ChangeTrackingId? SinceOf(ProtectionContext context, ResyncState resync) =>
        context.Hypervisor.Capabilities.TracksChanges ? resync.Checkpoint
        : resync.OnlyTargets is null ? null
        : context.Progress.Last!.Checkpoint;
}
