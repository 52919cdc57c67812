using System.Text.Json;
using RecoveryOperator.Agent.Engine.Steps.Resync;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Cuts one set: an instant over all disks, captured into the spool (docs/engine.md, D1 to D6).</summary>
internal sealed class CutStep(ProtectionContext context)
{
    /// <summary>Cuts, and stores the finished cut.</summary>
    public async Task<PendingCut> RunAsync(CancellationToken cancellationToken)
    {
        using IDisposable slot = await TakeSlotAsync(cancellationToken);
        context.Services.Spool.EnsureRoom();
        CutBasis basis = CutBasis.Of(context);
        CutIntent intent = Begin(basis.Sequence);
        context.Enter(CycleStage.Cut, intent.Sequence);
        try
        {
            return await CutAsync(basis, intent, cancellationToken);
        }
        catch (ChangeTrackingLostException lost)
        {
            await IntentResolution.TryAsync(context, cancellationToken);
            await OnTrackingLostAsync(basis, lost, cancellationToken);
            throw;
        }
        catch (VaultException another) when (another.Fault == VaultFault.Changed && basis.Completes == Completes.Resync)
        {
            // The tables are not those of the answer any more, and never will be again.
            await IntentResolution.TryAsync(context, cancellationToken);
            await ResyncBeginning.AgainAsync(context, another.Message, keepsLast: true, cancellationToken);
            throw;
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            await IntentResolution.TryAsync(context, cancellationToken);
            throw;
        }
    }

    /// <summary>A resynchronization of a driver that compares reads whole disks here: deltas of other machines do not wait for that either.</summary>
    private Task<IDisposable> TakeSlotAsync(CancellationToken cancellationToken) => ComparesNow && context.Progress.Phase == EnginePhase.Resynchronizing
        ? context.Services.Slots.CopyAsync(context.Limits.Urgent, cancellationToken)
        : context.Services.Slots.CaptureAsync(context.Limits.Urgent, cancellationToken);

    private CutIntent Begin(long sequence)
    {
        Guid attempt = Guid.NewGuid();
        CutIntent intent = new(sequence, attempt, Checkpoints.Name(context.Progress.Epoch, sequence, attempt));
        context.Save(progress => progress.Phase == EnginePhase.Fenced
            ? throw new FaultException(Ending.ToFault(progress.Phase, progress.End!))
            : progress with { Intent = intent });
        return intent;
    }

    private async Task<PendingCut> CutAsync(CutBasis basis, CutIntent intent, CancellationToken cancellationToken)
    {
        bool quiesce = Quiescing.IsDue(context.Desired.AppConsistentInterval?.ToTimeSpan(), context.Progress.AppConsistency, context.Services.Time.GetUtcNow());
        SnapshotRequest request = new(context.Id, basis.Since, intent.Checkpoint, context.ExcludedDisks, quiesce ? Quiescing.Limit : null)
        {
            ReadsChangesOnly = !ComparesNow && Guards.Hold(Guard.ChangesOnly),
            WholeDisks = basis is { Completes: Completes.Resync, Since: not null } && ComparesNow ? [.. context.Progress.Resync!.OnlyTargets ?? []] : [],
        };
        await using IMachineSnapshot snapshot = await StableSnapshot.OpenAsync(context, request, cancellationToken);
        await new DiskChanges(context).CheckAsync(basis, snapshot, cancellationToken);
        ISegmentSpool spool = context.Services.Spool.Open(context.Id, intent.Attempt);
        List<(ISnapshotDisk Disk, CapturedDisk Captured)> disks = [];
        foreach (ISnapshotDisk disk in snapshot.Disks)
            disks.Add((disk, await CaptureAsync(intent, disk, spool, cancellationToken)));

        if (Guards.Hold(Guard.OneInstant))
            await snapshot.VerifyIntactAsync(cancellationToken);
        PendingCut cut = Finish(basis, intent, snapshot, disks);
        AppConsistency? consistency = Quiescing.After(context.Progress.AppConsistency, quiesce, snapshot);
        // Fenced while it was made: nothing of this source counts any more.
        context.Save(progress => progress.Phase == EnginePhase.Fenced
            ? throw new FaultException(Ending.ToFault(progress.Phase, progress.End!))
            : progress with { Intent = null, AppConsistency = consistency }, progress => context.Store.SaveCut(context.Id, progress, cut));
        context.ShowQueue();
        return cut;
    }

    /// <summary>With a driver that compares, a resynchronization compares in the set that completes it.</summary>
    private bool ComparesNow => !context.Hypervisor.Capabilities.TracksChanges;

    private async Task<CapturedDisk> CaptureAsync(CutIntent intent, ISnapshotDisk disk, ISegmentSpool spool, CancellationToken cancellationToken)
    {
        IKnownChecksums? known = ComparesNow && context.Progress.Resync?.Compares(disk.Target) == true
            ? new ResyncAnswers(context).KnownOf(disk.Index)
            : null;
        CaptureRequest request = new(new SegmentIdentity(
            ProtectionId.Parse(context.Id), context.Progress.Epoch, intent.Sequence, intent.Attempt, disk.Index, 0))
        {
            SegmentTargetLengthBytes = context.Services.SegmentTargetLengthBytes,
            Known = known,
            Key = context.DataKey,
        };
        long readBefore = disk.BytesRead;
        CapturedDisk captured = await context.Services.Capture.RunAsync(disk, ExtentsOf(disk, known, cancellationToken), request, spool, null, cancellationToken);
        ReadMeter.Count(context, disk.BytesRead - readBefore);
        return captured;
    }

    /// <summary>
    /// A driver that compares does not see a block that changed, was copied, and changed back: what was copied in a later snapshot than the
    /// checkpoint's own is captured again, whole.
    /// </summary>
    private IAsyncEnumerable<Extent> ExtentsOf(ISnapshotDisk disk, IKnownChecksums? known, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<Extent> changed = disk.ExtentsAsync(cancellationToken);
        if (known is not null)
            return ComparedExtents.UnionAsync(changed, known, disk.SizeBytes, 0, cancellationToken);

        long? copiedAgainFrom = !Guards.Hold(Guard.ChangesOnly) ? 0 : context.Hypervisor.Capabilities.TracksChanges
            ? null
            : context.Progress.Initial?.Disks?.Single(copy => copy.Index == disk.Index).FirstSnapshotThroughBytes;
        return copiedAgainFrom is { } from && BlockSize.AlignDown(from) < disk.SizeBytes
            ? ConstantExtents.WithTailAsync(changed, BlockSize.AlignDown(from), disk.SizeBytes, cancellationToken)
            : changed;
    }

    private PendingCut Finish(CutBasis basis, CutIntent intent, IMachineSnapshot snapshot, IReadOnlyList<(ISnapshotDisk Disk, CapturedDisk Captured)> disks)
    {
        CutSegment[] segments = [.. disks.SelectMany(disk => disk.Captured.Segments).Select(file => new CutSegment(
            file.Disk,
            file.Segment,
            file.Path,
            VaultNames.Segment(context.Progress.Epoch, intent.Sequence, intent.Attempt, file.Disk, file.Segment),
            file.LengthBytes,
            file.Sha256,
            Shipped: false))];
        IReadOnlyList<BaseSegment> copied = basis.Completes == Completes.None ? [] : context.Store.LoadBaseSegments(context.Id);
        SetManifest manifest = ManifestOf(basis, intent, snapshot, [.. disks.Select(disk => new SetDisk(
            disk.Disk.Index,
            disk.Disk.Target,
            disk.Disk.SizeBytes,
            disk.Captured.ChangedBytes,
            [.. copied.Where(segment => segment.Disk == disk.Disk.Index)
                .Select(segment => new SegmentRecord(segment.Blob, segment.LengthBytes, segment.Sha256, segment.Segment, segment.Attempt))],
            [.. segments.Where(segment => segment.Disk == disk.Disk.Index)
                .Select(segment => new SegmentRecord(segment.Blob, segment.LengthBytes, segment.Sha256, segment.Segment, intent.Attempt))]))]);
        context.DisksOfCut = (intent.Attempt, DiskShapes.Of(manifest));
        return new PendingCut(intent, VaultJson.Write(manifest), disks.Sum(disk => disk.Captured.ChangedBytes), segments);
    }

    private SetManifest ManifestOf(CutBasis basis, CutIntent intent, IMachineSnapshot snapshot, IReadOnlyList<SetDisk> disks)
    {
        TimeSpan offset = context.Log.ClockOffset ?? TimeSpan.Zero;
        string? dataKey = context.Desired.PayloadKey?.Id;
        return new SetManifest
        {
            FormatVersion = dataKey is null ? VaultJson.FormatVersion : SetManifest.EncryptedFormatVersion,
            Kind = SetKind.Set,
            ProtectionId = context.Id,
            Epoch = context.Progress.Epoch,
            Sequence = intent.Sequence,
            Attempt = intent.Attempt,
            PreviousSha256 = basis.PreviousSha256,
            Instant = snapshot.Instant.ToUniversalTime() + offset,
            ClockOffsetMilliseconds = (long)offset.TotalMilliseconds,
            Consistency = Quiescing.ConsistencyOf(snapshot.Consistency),
            ConsistencyReason = Quiescing.ReasonOf(snapshot.Consistency),
            Completes = basis.Completes,
            ComparedWith = basis.Completes == Completes.Resync ? context.Progress.Resync!.Answer!.Position : null,
            Machine = new MachineRecord(
                snapshot.Machine.Id, snapshot.Machine.Name, JsonSerializer.SerializeToElement(snapshot.Machine.Definition, VaultJson.Options)),
            DataKeys = dataKey is null ? null : disks.Any(disk => disk.Segments.Count > 0) ? [dataKey] : [],
            Disks = disks,
        };
    }

    /// <summary>During the initial copy nothing is committed yet, so it begins again; later only a resynchronization helps.</summary>
    private async Task OnTrackingLostAsync(CutBasis basis, ChangeTrackingLostException lost, CancellationToken cancellationToken)
    {
        if (basis.Completes == Completes.Initial)
        {
            context.Services.Logger.InitialCopyRestarts(context.DisplayName, context.Progress.Epoch, lost.Message);
            Beginning.BeginCopy(context);
            return;
        }

        if (await new DiskChanges(context).ExplainAsync(basis, cancellationToken))
            return;
        if (basis.Completes == Completes.Resync)
            await ResyncBeginning.AgainAsync(context, lost.Message, keepsLast: false, cancellationToken);
        else
            Ending.Write(context, EnginePhase.ResyncRequired, Ending.Resync(context, FaultReasons.ChangeTrackingLost, lost.Message));
    }
}
