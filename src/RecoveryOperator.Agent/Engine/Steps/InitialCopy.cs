using RecoveryOperator.Agent.State;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Copies all disks into base segments, through as many snapshots as it takes (docs/engine.md, I1 to I4).</summary>
internal sealed class InitialCopy(ProtectionContext context)
{
    private InitialCopyState State => context.Progress.Initial ?? throw new InvalidOperationException($"Protection {context.Id} has no initial copy.");

    /// <summary>Goes on until all disks are copied and shipped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (State.Complete)
            return;

        await using BaseShipper shipper = new(context, cancellationToken);
        while (!State.Complete)
        {
            IReadOnlyList<int> captured = await CopyFromOneSnapshotAsync(shipper, cancellationToken);
            await shipper.DrainAsync(cancellationToken);
            MarkDone(captured);
        }

        context.ShowCopy(null);
    }

    /// <returns>The disks that were captured to their end. What is left to ship needs no slot.</returns>
    private async Task<IReadOnlyList<int>> CopyFromOneSnapshotAsync(BaseShipper shipper, CancellationToken cancellationToken)
    {
        using IDisposable slot = await context.Services.Slots.CopyAsync(context.Limits.Urgent, cancellationToken);
        context.Services.Spool.EnsureRoom();
        (IMachineSnapshot opened, bool isFirst) = await OpenAsync(cancellationToken);
        await using IMachineSnapshot snapshot = opened;
        if (!TakeDisks(snapshot, isFirst))
            return [];

        context.Enter(CycleStage.Ship, 0);
        IReadOnlyList<BaseSegment> recorded = context.Store.LoadBaseSegments(context.Id);
        CopyMeter meter = await CopyMeter.MeasureAsync(context, snapshot.Disks, State.Disks!, recorded, cancellationToken);
        BaseCapture capture = new(context, shipper);
        List<int> captured = [];
        foreach ((int position, ISnapshotDisk disk) in snapshot.Disks.Index())
        {
            if (State.Disks!.Single(copy => copy.Index == disk.Index).Done)
                continue;
            BaseSegment? last = recorded.LastOrDefault(segment => segment.Disk == disk.Index);
            Action<long> show = meter.Begin(disk.Index, position + 1);
            BaseCapturePlan plan = new()
            {
                StartAtBytes = last?.CoveredThroughBytes ?? 0,
                FirstSegment = (last?.Segment ?? -1) + 1,
                Show = progress => show(progress.ReadBytes),
            };
            if (await capture.RunAsync(snapshot, disk, plan, cancellationToken) is null)
                break;
            captured.Add(disk.Index);
        }

        return captured;
    }

    private async Task<(IMachineSnapshot Snapshot, bool IsFirst)> OpenAsync(CancellationToken cancellationToken)
    {
        context.Enter(CycleStage.Cut, 0);
        IReadOnlyList<ChangeTrackingId> checkpoints = await context.Hypervisor.ListCheckpointsAsync(context.MachineId, context.Id, cancellationToken);
        bool tracked = checkpoints.Contains(State.Checkpoint);
        if (!tracked && State.Disks is not null)
        {
            context.Services.Logger.InitialCopyRestarts(context.DisplayName, context.Progress.Epoch, $"the host no longer tracks changes since checkpoint {State.Checkpoint}");
            Beginning.BeginCopy(context);
        }

        if (tracked)
            LeaveFirstSnapshot();
        SnapshotRequest request = new(context.Id, null, tracked ? null : State.Checkpoint, context.ExcludedDisks);
        return (await StableSnapshot.OpenAsync(context, request, cancellationToken), !tracked);
    }

    /// <summary>Writes how far each disk was copied from the checkpoint's own snapshot, before another one is opened.</summary>
    private void LeaveFirstSnapshot()
    {
        if (State.Disks is not { } disks)
            return;

        context.Services.Logger.InitialCopyContinues(context.DisplayName, context.Progress.Epoch, State.Checkpoint.Value);
        if (disks.All(disk => disk.FirstSnapshotThroughBytes is not null))
            return;

        IReadOnlyList<BaseSegment> recorded = context.Store.LoadBaseSegments(context.Id);
        SetDisks([.. disks.Select(disk => disk with
        {
            FirstSnapshotThroughBytes = disk.FirstSnapshotThroughBytes
                ?? (disk.Done ? disk.SizeBytes : recorded.LastOrDefault(segment => segment.Disk == disk.Index)?.CoveredThroughBytes ?? 0),
        })]);
    }

    /// <returns>False when the machine's disks are others than before: the copy begins again, nothing is committed yet.</returns>
    private bool TakeDisks(IMachineSnapshot snapshot, bool isFirst)
    {
        DiskShape[] now = DiskShapes.Of(snapshot);
        if (State.Disks is not { } disks)
        {
            SetDisks([.. now.Select(disk => new DiskCopy(disk.Index, disk.Target, disk.SizeBytes, isFirst ? null : 0, false, disk.Source))]);
            return true;
        }

        if (DiskShapes.AreSame([.. disks.Select(disk => disk.Shape)], now))
            return true;

        context.Services.Logger.InitialCopyRestarts(context.DisplayName, context.Progress.Epoch, "disks were attached, detached or resized");
        Beginning.BeginCopy(context);
        return false;
    }

    private void MarkDone(IReadOnlyList<int> captured)
    {
        if (captured.Count == 0)
            return;

        DiskCopy[] disks = [.. State.Disks!.Select(disk => captured.Contains(disk.Index) ? disk with { Done = true } : disk)];
        SetDisks(disks);
        foreach (DiskCopy disk in disks.Where(disk => captured.Contains(disk.Index)))
            context.Services.Logger.DiskCopied(context.DisplayName, context.Progress.Epoch, disk.Target);
    }

    private void SetDisks(IReadOnlyList<DiskCopy> disks) => context.Save(progress => progress with
    {
        Initial = State with { Disks = disks, Complete = disks.All(disk => disk.Done) },
    });
}
