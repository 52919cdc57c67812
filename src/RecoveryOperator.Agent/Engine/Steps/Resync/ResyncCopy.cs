using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine.Steps.Resync;

/// <summary>Begins tracking, and ships what differs as base segments, through as many snapshots as it takes (docs/resync.md, R2, R4 and R5).</summary>
internal sealed class ResyncCopy(ProtectionContext context, ResyncAnswers answers)
{
    private ResyncState State => context.Progress.Resync!;

    /// <summary>R2: makes R, and ships the changes of disks that need no comparison.</summary>
    public async Task TrackAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ChangeTrackingId> checkpoints = await context.Hypervisor.ListCheckpointsAsync(context.MachineId, context.Id, cancellationToken);
        bool tracked = checkpoints.Contains(State.Checkpoint);
        if (!tracked && State.Disks is not null)
            await ResyncBeginning.AgainAsync(context, $"the host no longer tracks changes since checkpoint {State.Checkpoint}", keepsLast: true, cancellationToken);
        if (!tracked && State.KeepsLast)
            await ResyncBeginning.AbandonFormerAsync(context, cancellationToken);
        if (!tracked && !State.KeepsLast)
            await context.Hypervisor.ReleaseAsync(context.MachineId, context.Id, cancellationToken);

        while (State.Disks is null || State.Disks.Any(disk => !disk.Compare && !disk.Done))
        {
            ChangeTrackingId? since = State.OnlyTargets is null ? null : context.Progress.Last!.Checkpoint;
            ChangeTrackingId wanted = State.Checkpoint;
            await CopyAsync(compare: false, since, tracked ? null : wanted, cancellationToken);
            tracked = State.Checkpoint == wanted;
        }
    }

    /// <summary>R4: how much will have to be shipped.</summary>
    public async Task EstimateAsync(CancellationToken cancellationToken)
    {
        using IDisposable slot = await context.Services.Slots.CopyAsync(context.Limits.Urgent, cancellationToken);
        await using IMachineSnapshot snapshot = await OpenAsync(null, null, cancellationToken);
        if (!TakeDisks(snapshot))
        {
            await BeginAgainAsync(snapshot, cancellationToken);
            return;
        }

        long bytes = 0;
        foreach (ISnapshotDisk disk in snapshot.Disks.Where(disk => State.Compares(disk.Target)))
        {
            long readBefore = disk.BytesRead;
            bytes += await ResyncEstimate.OfDiskAsync(disk, answers.KnownOf(disk.Index), cancellationToken);
            ReadMeter.Count(context, disk.BytesRead - readBefore);
        }

        // With a driver that compares there is nothing to copy before the set itself.
        bool done = !context.Hypervisor.Capabilities.TracksChanges;
        SetDisks([.. State.Disks!.Select(disk => disk with { Done = disk.Done || done })]);
        context.Save(progress => progress with { Resync = progress.Resync! with { EstimatedBytes = bytes } });
        context.Services.Logger.ResyncEstimated(context.DisplayName, context.Progress.Epoch, bytes, State.MachineBytes);
    }

    /// <summary>R5: compares and ships from one snapshot.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => CopyAsync(compare: true, null, null, cancellationToken);

    private Task BeginAgainAsync(IMachineSnapshot snapshot, CancellationToken cancellationToken) => ResyncBeginning.AgainAsync(
        context, "disks were attached, detached or resized", keepsLast: true, cancellationToken, UnknownOf(DiskShapes.Of(snapshot)));

    /// <summary>Disks that would not be compared, although their changes since the newest set are not known: attached or grown since the comparison was decided on.</summary>
    private IReadOnlyList<string> UnknownOf(DiskShape[] now) =>
        State.OnlyTargets is { } only && context.Progress.Last is { } last ? [.. DiskShapes.UnknownOf(last.Disks, now).Except(only)] : [];

    private async Task CopyAsync(bool compare, ChangeTrackingId? since, ChangeTrackingId? made, CancellationToken cancellationToken)
    {
        context.Services.Spool.EnsureRoom();
        await using BaseShipper shipper = new(context, cancellationToken);
        List<(int Disk, long RecordedBytes)> captured = [];
        using (await context.Services.Slots.CopyAsync(context.Limits.Urgent, cancellationToken))
        await using (IMachineSnapshot snapshot = await OpenAsync(since, made, cancellationToken))
        {
            if (!TakeDisks(snapshot))
            {
                await BeginAgainAsync(snapshot, cancellationToken);
                return;
            }

            context.Enter(CycleStage.Ship, 0);
            await CaptureAsync(snapshot, shipper, compare, captured, cancellationToken);
        }

        await shipper.DrainAsync(cancellationToken);
        MarkDone(captured);
    }

    private async Task CaptureAsync(
        IMachineSnapshot snapshot, BaseShipper shipper, bool compare, List<(int Disk, long RecordedBytes)> captured, CancellationToken cancellationToken)
    {
        IReadOnlyList<BaseSegment> recorded = context.Store.LoadBaseSegments(context.Id);
        BaseCapture capture = new(context, shipper);
        foreach (ISnapshotDisk disk in snapshot.Disks)
        {
            DiskComparison state = State.Disks!.Single(known => known.Index == disk.Index);
            if (state.Done || state.Compare != compare)
                continue;
            BaseSegment? last = recorded.LastOrDefault(segment => segment.Disk == disk.Index);
            CapturedDisk? done = await capture.RunAsync(snapshot, disk, PlanOf(state, last), cancellationToken);
            if (done is null)
                return;
            captured.Add((disk.Index, done.RecordedBytes));
        }
    }

    private BaseCapturePlan PlanOf(DiskComparison disk, BaseSegment? last)
    {
        long start = Math.Max(disk.ComparedThroughBytes, last?.CoveredThroughBytes ?? 0);
        IKnownChecksums? known = disk.Compare ? answers.KnownOf(disk.Index) : null;
        return new BaseCapturePlan
        {
            StartAtBytes = start,
            FirstSegment = (last?.Segment ?? -1) + 1,
            RecordZeros = true,
            Known = known,
            Extents = (source, token) => known is null
                ? source.ExtentsAsync(token)
                : ComparedExtents.UnionAsync(source.ExtentsAsync(token), known, source.SizeBytes, start, token),
            ShouldStop = () => disk.Compare && !ResyncWishes.MayRun(context).Open,
            Mark = (positionBytes, recordedBytes) => Change(disk.Index, found => found with
            {
                ComparedThroughBytes = positionBytes,
                DifferentBytes = disk.DifferentBytes + recordedBytes,
            }),
            Show = progress => Show(disk, progress),
        };
    }

    private void Show(DiskComparison disk, CaptureProgress progress)
    {
        IEnumerable<DiskComparison> others = State.Disks!.Where(other => other.Compare && other.Index != disk.Index);
        context.ShowResync(context.Resync with
        {
            ComparedBytes = disk.Compare ? others.Sum(other => other.ComparedThroughBytes) + progress.PositionBytes : others.Sum(other => other.ComparedThroughBytes),
            DifferentBytes = others.Sum(other => other.DifferentBytes) + disk.DifferentBytes + progress.RecordedBytes,
        });
    }

    private async Task<IMachineSnapshot> OpenAsync(ChangeTrackingId? since, ChangeTrackingId? made, CancellationToken cancellationToken)
    {
        context.Enter(CycleStage.Cut, 0);
        SnapshotRequest request = new(context.Id, since, made, context.ExcludedDisks)
        {
            WholeDisks = since is null ? [] : [.. State.OnlyTargets ?? []],
        };
        return await StableSnapshot.OpenAsync(context, request, cancellationToken);
    }

    /// <returns>False when the machine's disks are others than before.</returns>
    private bool TakeDisks(IMachineSnapshot snapshot)
    {
        DiskShape[] now = DiskShapes.Of(snapshot);
        if (State.Disks is { } disks)
            return DiskShapes.AreSame([.. disks.Select(disk => disk.Shape)], now);

        if (UnknownOf(now).Count > 0)
            return false;
        SetDisks([.. now.Select(disk => new DiskComparison(disk.Index, disk.Target, disk.SizeBytes, disk.Source, State.Compares(disk.Target), 0, 0, false))]);
        return true;
    }

    private void MarkDone(IReadOnlyList<(int Disk, long RecordedBytes)> captured)
    {
        foreach ((int index, long recordedBytes) in captured)
            Change(index, disk => disk with { Done = true, ComparedThroughBytes = disk.SizeBytes, DifferentBytes = disk.DifferentBytes + recordedBytes });
    }

    private void Change(int index, Func<DiskComparison, DiskComparison> change) => context.Save(progress => progress with
    {
        Resync = progress.Resync! with { Disks = [.. progress.Resync.Disks!.Select(disk => disk.Index == index ? change(disk) : disk)] },
    });

    private void SetDisks(IReadOnlyList<DiskComparison> disks) => context.Save(progress => progress with { Resync = progress.Resync! with { Disks = disks } });
}
