using System.Text.Json;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Cuts one set: an instant over all disks, captured into the spool (docs/engine.md, D1 to D6).</summary>
internal sealed class CutStep(ProtectionContext context)
{
    /// <summary>Cuts, and stores the finished cut.</summary>
    public async Task<PendingCut> RunAsync(CancellationToken cancellationToken)
    {
        using IDisposable slot = await context.Services.Slots.CaptureAsync(context.Limits.Urgent, cancellationToken);
        context.Services.Spool.EnsureRoom();
        CutIntent intent = Begin();
        context.Enter(CycleStage.Cut, intent.Sequence);
        try
        {
            return await CutAsync(intent, cancellationToken);
        }
        catch (ChangeTrackingLostException lost)
        {
            OnTrackingLost(lost);
            await IntentResolution.TryAsync(context, cancellationToken);
            throw;
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            await IntentResolution.TryAsync(context, cancellationToken);
            throw;
        }
    }

    private CutIntent Begin()
    {
        long sequence = (context.Progress.Last?.Sequence ?? 0) + 1;
        Guid attempt = Guid.NewGuid();
        CutIntent intent = new(sequence, attempt, Checkpoints.Name(context.Progress.Epoch, sequence, attempt));
        context.Save(progress => progress with { Intent = intent });
        return intent;
    }

    private async Task<PendingCut> CutAsync(CutIntent intent, CancellationToken cancellationToken)
    {
        ChangeTrackingId since = context.Progress.Initial?.Checkpoint ?? context.Progress.Last!.Checkpoint;
        SnapshotRequest request = new(context.Id, since, intent.Checkpoint, [.. context.Desired.ExcludedDisks]);
        await using IMachineSnapshot snapshot = await context.Hypervisor.BeginSnapshotAsync(context.MachineId, request, cancellationToken);
        CheckDisks(snapshot);
        ISegmentSpool spool = context.Services.Spool.Open(context.Id, intent.Attempt);
        List<(ISnapshotDisk Disk, CapturedDisk Captured)> disks = [];
        foreach (ISnapshotDisk disk in snapshot.Disks)
            disks.Add((disk, await CaptureAsync(intent, disk, spool, cancellationToken)));

        await snapshot.VerifyIntactAsync(cancellationToken);
        PendingCut cut = Finish(intent, snapshot, disks);
        context.Save(progress => progress with { Intent = null }, progress => context.Store.SaveCut(context.Id, progress, cut));
        context.ShowPending(cut.PendingBytes);
        return cut;
    }

    private async Task<CapturedDisk> CaptureAsync(CutIntent intent, ISnapshotDisk disk, ISegmentSpool spool, CancellationToken cancellationToken)
    {
        CaptureRequest request = new(new SegmentIdentity(
            ProtectionId.Parse(context.Id), context.Progress.Epoch, intent.Sequence, intent.Attempt, disk.Index, 0))
        {
            SegmentTargetLengthBytes = context.Services.SegmentTargetLengthBytes,
        };
        long readBefore = disk.BytesRead;
        CapturedDisk captured = await context.Services.Capture.RunAsync(disk, ExtentsOf(disk, cancellationToken), request, spool, null, cancellationToken);
        ReadMeter.Count(context, disk.BytesRead - readBefore);
        return captured;
    }

    /// <summary>
    /// A driver that compares does not see a block that changed, was copied, and changed back: what was copied in a later snapshot than the
    /// checkpoint's own is captured again, whole.
    /// </summary>
    private IAsyncEnumerable<Extent> ExtentsOf(ISnapshotDisk disk, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<Extent> changed = disk.ExtentsAsync(cancellationToken);
        long? copiedAgainFrom = context.Hypervisor.Capabilities.TracksChanges
            ? null
            : context.Progress.Initial?.Disks?.Single(copy => copy.Index == disk.Index).FirstSnapshotThroughBytes;
        return copiedAgainFrom is { } from && BlockSize.AlignDown(from) < disk.SizeBytes
            ? ConstantExtents.WithTailAsync(changed, BlockSize.AlignDown(from), disk.SizeBytes, cancellationToken)
            : changed;
    }

    private PendingCut Finish(CutIntent intent, IMachineSnapshot snapshot, IReadOnlyList<(ISnapshotDisk Disk, CapturedDisk Captured)> disks)
    {
        CutSegment[] segments = [.. disks.SelectMany(disk => disk.Captured.Segments).Select(file => new CutSegment(
            file.Disk,
            file.Segment,
            file.Path,
            VaultNames.Segment(context.Progress.Epoch, intent.Sequence, intent.Attempt, file.Disk, file.Segment),
            file.LengthBytes,
            file.Sha256,
            Shipped: false))];
        IReadOnlyList<BaseSegment> copied = context.Progress.Initial is null ? [] : context.Store.LoadBaseSegments(context.Id);
        SetManifest manifest = ManifestOf(intent, snapshot, [.. disks.Select(disk => new SetDisk(
            disk.Disk.Index,
            disk.Disk.Target,
            disk.Disk.SizeBytes,
            disk.Captured.ChangedBytes,
            [.. copied.Where(segment => segment.Disk == disk.Disk.Index)
                .Select(segment => new SegmentRecord(segment.Blob, segment.LengthBytes, segment.Sha256, segment.Segment, segment.Attempt))],
            [.. segments.Where(segment => segment.Disk == disk.Disk.Index)
                .Select(segment => new SegmentRecord(segment.Blob, segment.LengthBytes, segment.Sha256, segment.Segment, intent.Attempt))]))]);
        return new PendingCut(intent, VaultJson.Write(manifest), disks.Sum(disk => disk.Captured.ChangedBytes), segments);
    }

    private SetManifest ManifestOf(CutIntent intent, IMachineSnapshot snapshot, IReadOnlyList<SetDisk> disks)
    {
        TimeSpan offset = context.Log.ClockOffset ?? TimeSpan.Zero;
        return new SetManifest
        {
            Kind = SetKind.Set,
            ProtectionId = context.Id,
            Epoch = context.Progress.Epoch,
            Sequence = intent.Sequence,
            Attempt = intent.Attempt,
            PreviousSha256 = context.Progress.Last?.Sha256,
            Instant = snapshot.Instant.ToUniversalTime() + offset,
            ClockOffsetMilliseconds = (long)offset.TotalMilliseconds,
            Completes = context.Progress.Initial is null ? Completes.None : Completes.Initial,
            Machine = new MachineRecord(
                snapshot.Machine.Id, snapshot.Machine.Name, JsonSerializer.SerializeToElement(snapshot.Machine.Definition, VaultJson.Options)),
            Disks = disks,
        };
    }

    private void CheckDisks(IMachineSnapshot snapshot)
    {
        IReadOnlyList<DiskShape> expected = context.Progress.Initial?.Disks?.Select(disk => disk.Shape).ToList() ?? context.Progress.Last!.Disks;
        DiskShape[] now = DiskShapes.Of(snapshot);
        if (DiskShapes.AreSame(expected, now))
            return;

        string message = $"The disks of the machine changed: {Describe(expected)} before, {Describe(now)} now. A set of changes over other disks would be wrong.";
        throw Ending.WriteAndMakeFault(context, EnginePhase.ResyncRequired, Ending.Resync(context, FaultReasons.DisksChanged, message));
    }

    private static string Describe(IEnumerable<DiskShape> disks) => string.Join(", ", disks.Select(disk => $"{disk.Target} ({disk.SizeBytes} bytes{(disk.Source is null ? "" : $", {disk.Source}")})"));

    /// <summary>During the initial copy nothing is committed yet, so it begins again; later only a resynchronization helps.</summary>
    private void OnTrackingLost(ChangeTrackingLostException lost)
    {
        if (context.Progress.Initial is not null)
        {
            context.Services.Logger.InitialCopyRestarts(context.DisplayName, context.Progress.Epoch, lost.Message);
            Beginning.BeginCopy(context);
            return;
        }

        Ending.Write(context, EnginePhase.ResyncRequired, Ending.Resync(context, FaultReasons.ChangeTrackingLost, lost.Message));
    }
}
