using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Captures one disk of an initial copy or a resynchronization from one snapshot into base segments, under an attempt of its own.</summary>
internal sealed class BaseCapture(ProtectionContext context, BaseShipper shipper)
{
    /// <summary>A segment that is being written is finished after this much of the disk at the latest, so that the position can be stored.</summary>
    private const long MaxUnmarkedBytes = 1L << 30;

    /// <summary>Captures the rest of the disk.</summary>
    /// <returns>What was captured; null when it was cut short, at a segment's boundary, because the snapshot should end soon or the plan says so.</returns>
    public async Task<CapturedDisk?> RunAsync(IMachineSnapshot snapshot, ISnapshotDisk disk, BaseCapturePlan plan, CancellationToken cancellationToken)
    {
        Guid attempt = Guid.NewGuid();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bool ShouldStop() => snapshot.ShouldEndSoon || plan.ShouldStop();
        ISegmentSpool spool = context.Services.Spool.Open(context.Id, attempt, async (file, coveredThroughBytes, token) =>
        {
            // What is recorded as copied from the checkpoint's own snapshot must be of its very instant.
            await snapshot.VerifyIntactAsync(token);
            shipper.Add(file, Record(file, attempt, coveredThroughBytes));
            if (!await shipper.WaitForRoomAsync(ShouldStop, token) || ShouldStop())
                await ending.CancelAsync();
        });
        CaptureProgress latest = default;
        long markedBytes = plan.StartAtBytes;
        CaptureRequest request = RequestOf(disk, attempt, plan) with
        {
            Milestone = plan.Mark is not { } mark ? null : async (positionBytes, isCovered, token) =>
            {
                if (!isCovered)
                    return ShouldStop() || positionBytes - markedBytes >= MaxUnmarkedBytes;
                await snapshot.VerifyIntactAsync(token);
                markedBytes = positionBytes;
                long recordedBytes = latest.RecordedBytes;
                shipper.AddMark(() => mark(positionBytes, recordedBytes));
                if (ShouldStop())
                    await ending.CancelAsync();
                return false;
            },
        };
        CaptureReport report = new(progress => plan.Show(latest = progress));
        long readBefore = disk.BytesRead;
        try
        {
            CapturedDisk captured = await context.Services.Capture.RunAsync(disk, plan.Extents(disk, ending.Token), request, spool, report, ending.Token);
            await snapshot.VerifyIntactAsync(cancellationToken);
            return captured;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            ReadMeter.Count(context, disk.BytesRead - readBefore);
        }
    }

    private CaptureRequest RequestOf(ISnapshotDisk disk, Guid attempt, BaseCapturePlan plan) => new(new SegmentIdentity(
        ProtectionId.Parse(context.Id), context.Progress.Epoch, 0, attempt, disk.Index, plan.FirstSegment))
    {
        RecordZeros = plan.RecordZeros,
        StartAtBytes = plan.StartAtBytes,
        KeepFinishedSegments = true,
        SegmentTargetLengthBytes = context.Services.SegmentTargetLengthBytes,
        Known = plan.Known,
        Key = context.DataKey,
    };

    private BaseSegment Record(SpooledSegment file, Guid attempt, long coveredThroughBytes) => new(
        file.Disk,
        file.Segment,
        attempt,
        VaultNames.BaseSegment(context.Progress.Epoch, attempt, file.Disk, file.Segment),
        file.LengthBytes,
        file.Sha256,
        coveredThroughBytes);
}
