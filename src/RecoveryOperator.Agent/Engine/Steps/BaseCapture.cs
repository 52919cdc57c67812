using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Captures one disk of an initial copy from one snapshot, behind what is recorded already, under an attempt of its own.</summary>
internal sealed class BaseCapture(ProtectionContext context, BaseShipper shipper, CopyMeter meter)
{
    /// <summary>Captures the rest of the disk.</summary>
    /// <returns>False when it was cut short at a segment's boundary because the snapshot should end soon.</returns>
    public async Task<bool> RunAsync(IMachineSnapshot snapshot, ISnapshotDisk disk, BaseSegment? last, CancellationToken cancellationToken)
    {
        Guid attempt = Guid.NewGuid();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ISegmentSpool spool = context.Services.Spool.Open(context.Id, attempt, async (file, coveredThroughBytes, token) =>
        {
            // What is recorded as copied from the checkpoint's own snapshot must be of its very instant.
            await snapshot.VerifyIntactAsync(token);
            shipper.Add(file, Record(file, attempt, coveredThroughBytes));
            if (!await shipper.WaitForRoomAsync(() => snapshot.ShouldEndSoon, token) || snapshot.ShouldEndSoon)
                await ending.CancelAsync();
        });
        CaptureRequest request = new(new SegmentIdentity(
            ProtectionId.Parse(context.Id), context.Progress.Epoch, 0, attempt, disk.Index, (last?.Segment ?? -1) + 1))
        {
            RecordZeros = false,
            StartAtBytes = last?.CoveredThroughBytes ?? 0,
            KeepFinishedSegments = true,
            SegmentTargetLengthBytes = context.Services.SegmentTargetLengthBytes,
        };
        Action<long> show = meter.Begin(disk.Index, Ordinal(snapshot, disk));
        long readBefore = disk.BytesRead;
        try
        {
            await context.Services.Capture.RunAsync(
                disk, disk.ExtentsAsync(ending.Token), request, spool, new CaptureReport(progress => show(progress.ReadBytes)), ending.Token);
            await snapshot.VerifyIntactAsync(cancellationToken);
            return true;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            ReadMeter.Count(context, disk.BytesRead - readBefore);
        }
    }

    private static int Ordinal(IMachineSnapshot snapshot, ISnapshotDisk disk) => snapshot.Disks.TakeWhile(other => other != disk).Count() + 1;

    private BaseSegment Record(SpooledSegment file, Guid attempt, long coveredThroughBytes) => new(
        file.Disk,
        file.Segment,
        attempt,
        VaultNames.BaseSegment(context.Progress.Epoch, attempt, file.Disk, file.Segment),
        file.LengthBytes,
        file.Sha256,
        coveredThroughBytes);
}
