using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Verifies one replica: its scrub, and points on demand. Both read beside the applier; only the result is written in its turn.</summary>
internal sealed partial class ReplicaVerifications(
    ReplicaWork work, ProtectionVault vault, VerificationRecorder recorder, ReplicaScrubber? scrubber, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    /// <summary>When its next scrub is due; null when none is.</summary>
    public async Task<DateTimeOffset?> DueAsync(CancellationToken cancellationToken) => scrubber is null ? null : await scrubber.DueAsync(cancellationToken);

    /// <summary>Scrubs it now, or goes on with a scrub that was cut off.</summary>
    /// <exception cref="VaultException">The storage refused; the position is kept.</exception>
    public async Task ScrubAsync(CancellationToken cancellationToken)
    {
        if (scrubber is null)
            return;
        LogScrubbing(logger, work.Id);
        ScrubResult result = await scrubber.RunAsync(RecordAsync, new Meter(work), cancellationToken);
        long badBlocks = result.Verification?.BadBlocks ?? 0;
        LogScrubbed(logger, work.Id, result.Outcome, badBlocks);
    }

    /// <summary>Verifies one point, and records the result.</summary>
    /// <exception cref="FaultException">The point is not what the source read.</exception>
    /// <exception cref="VaultException">NotFound: there is no such point.</exception>
    public async Task<OperationResult> VerifyAsync(long epoch, long sequence, OperationContext context, CancellationToken cancellationToken)
    {
        RecoveryPointDocument point = await vault.ReadPointAsync(epoch, sequence, cancellationToken) ?? throw new VaultException(
            VaultFault.NotFound, $"{vault.Id}", $"The replica {vault.Id} has no point {epoch}-{sequence}.", "Choose one of the points that it has.");
        context.Step($"Verifying point {epoch}-{sequence}");
        PointVerification verification = await new PointVerifier(vault, new VerifyOptions()).RunAsync(point, null, new Reporter(context, new Meter(work)), cancellationToken);
        context.Step("Recording the result");
        RecordOutcome outcome = await RecordAsync(verification, cancellationToken);
        return verification.IsWhole ? Result(verification, outcome) : throw new FaultException(VaultFaults.Of(verification));
    }

    private static OperationResult Result(PointVerification verification, RecordOutcome outcome) => new()
    {
        Verified = new VerifyInfo
        {
            Epoch = verification.Point.Epoch,
            Sequence = verification.Point.Sequence,
            ReadBytes = verification.Disks.Sum(disk => disk.ReadBytes),
            Recorded = outcome == RecordOutcome.Recorded,
        },
    };

    private async Task<RecordOutcome> RecordAsync(PointVerification verification, CancellationToken cancellationToken)
    {
        if (!verification.IsWhole)
        {
            work.Display.Metrics?.Verification.Found(verification.BadBlocks);
            LogDamaged(logger, work.Id, verification.Point.Epoch, verification.Point.Sequence, verification.BadBlocks);
        }

        while (true)
        {
            RecordOutcome outcome = await work.WithTurnAsync(() => recorder.RecordAsync(verification, cancellationToken), cancellationToken) ?? RecordOutcome.PointGone;
            if (outcome != RecordOutcome.LeaseHeld)
                return outcome;

            await Task.Delay(_pause, time, cancellationToken); // Another agent applies; it lets go after each batch of sets.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The scrub of {ProtectedVm} begins")]
    private static partial void LogScrubbing(ILogger logger, ProtectionId protectedVm);

    [LoggerMessage(Level = LogLevel.Information, Message = "The scrub of {ProtectedVm} ended: {Outcome}, {Blocks} bad blocks")]
    private static partial void LogScrubbed(ILogger logger, ProtectionId protectedVm, ScrubOutcome outcome, long blocks);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Blocks} blocks of point {Sequence} of epoch {Epoch} of {ProtectedVm} are not what the source read: recover from another point")]
    private static partial void LogDamaged(ILogger logger, ProtectionId protectedVm, long epoch, long sequence, long blocks);

    /// <summary>Counts what is read.</summary>
    private sealed class Meter(ReplicaWork work) : IProgress<VerifyProgress>
    {
        private long _counted;

        public void Report(VerifyProgress value)
        {
            work.Display.Metrics?.Verification.Read(value.DoneBytes - _counted);
            _counted = value.DoneBytes;
        }
    }

    private sealed class Reporter(OperationContext context, Meter meter) : IProgress<VerifyProgress>
    {
        public void Report(VerifyProgress value)
        {
            meter.Report(value);
            context.Progress(value.DoneBytes, value.TotalBytes);
        }
    }
}
