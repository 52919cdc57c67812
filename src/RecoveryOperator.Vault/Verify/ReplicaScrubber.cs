using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Verify;

/// <summary>Why a scrub returned.</summary>
public enum ScrubOutcome
{
    /// <summary>It read all of the point; the result is recorded.</summary>
    Completed,

    /// <summary>There is no point to read.</summary>
    NoPoint,

    /// <summary>The point that it read is gone; it begins anew with the newest one.</summary>
    PointGone,

    /// <summary>Another agent scrubs this replica.</summary>
    HeldByOther,
}

/// <summary>What a scrub found.</summary>
/// <param name="Outcome">Why it returned.</param>
/// <param name="Verification">What it found; null unless it completed.</param>
public sealed record ScrubResult(ScrubOutcome Outcome, PointVerification? Verification);

/// <summary>Scrubs one replica: verifies its newest point, and goes on where it was cut off (docs/formats/vault-layout.md, "Scrub").</summary>
public sealed class ReplicaScrubber(VaultAccount account, ProtectionVault vault, LeaseHolder holder, ScrubOptions options, ILogger logger)
{
    private readonly BlockBlobClient _blob = vault.Replica.GetBlockBlobClient(VaultNames.Scrub);

    /// <summary>When the next scrub is due, by the storage's clock; null when there is nothing to scrub yet. Three requests.</summary>
    public async Task<DateTimeOffset?> DueAsync(CancellationToken cancellationToken)
    {
        AppliedDocument? applied = await vault.ReadAppliedAsync(cancellationToken);
        ScrubDocument? scrub = await vault.ReadScrubAsync(cancellationToken);
        Versioned<VmDocument>? vm = await vault.ReadVmAsync(cancellationToken);
        return vm is null ? null : ScrubSchedule.Due(vault.Id, scrub, applied, vm.Value.CreatedAt, options);
    }

    /// <summary>Scrubs, or goes on with a scrub that was cut off.</summary>
    /// <param name="record">Writes the result into the vault; called once all is read.</param>
    /// <param name="progress">Told as it goes.</param>
    /// <param name="cancellationToken">Cancels; the position is kept.</param>
    /// <exception cref="VaultException">The storage refused; call again later.</exception>
    public async Task<ScrubResult> RunAsync(
        Func<PointVerification, CancellationToken, Task> record, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        if ((await vault.ReadAppliedAsync(cancellationToken))?.LatestPoint is not { } latest)
            return new ScrubResult(ScrubOutcome.NoPoint, null);

        await new DocumentBlob<ScrubDocument>(_blob).CreateAsync(new ScrubDocument(), cancellationToken);
        await using LeaseSet leases = new(holder, options.LeaseDuration, account.TimeProvider, logger);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leases.Lost);
        try
        {
            return await leases.TryAcquireAsync(_blob, linked.Token)
                ? await RunAsync(leases, latest, record, progress, linked.Token)
                : new ScrubResult(ScrubOutcome.HeldByOther, null);
        }
        catch (OperationCanceledException) when (leases.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new ScrubResult(ScrubOutcome.HeldByOther, null); // LeaseSet has logged the loss.
        }
    }

    private async Task<ScrubResult> RunAsync(
        LeaseSet leases, PointSummary latest, Func<PointVerification, CancellationToken, Task> record, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        ScrubDocument document = await vault.ReadScrubAsync(cancellationToken) ?? new ScrubDocument();
        RunningScrub running = document.Running ?? new RunningScrub(latest, account.StorageNow(), 0, 0, []);
        document = document with { Running = running };
        await WriteAsync(leases, document, cancellationToken); // From here on retention leaves the point alone.
        if (await vault.ReadPointAsync(running.Point.Epoch, running.Point.Sequence, cancellationToken) is not { } point)
            return await BeginAnewAsync(leases, document, cancellationToken);

        PointVerification verification;
        try
        {
            verification = await VerifyAsync(leases, document, point, progress, cancellationToken);
        }
        catch (VaultException gone) when (gone.Fault == VaultFault.NotFound)
        {
            // The reader's caller sees the outcome; a vault that is gone altogether fails at the next write.
            return await BeginAnewAsync(leases, document, cancellationToken);
        }

        await record(verification, cancellationToken);
        CompletedScrub completed = new(running.Point, account.StorageNow(), verification.BadBlocks);
        await WriteAsync(leases, document with { Running = null, Completed = completed }, cancellationToken);
        return new ScrubResult(ScrubOutcome.Completed, verification);
    }

    private async Task<ScrubResult> BeginAnewAsync(LeaseSet leases, ScrubDocument document, CancellationToken cancellationToken)
    {
        await WriteAsync(leases, document with { Running = null }, cancellationToken);
        return new ScrubResult(ScrubOutcome.PointGone, null);
    }

    private Task<PointVerification> VerifyAsync(
        LeaseSet leases, ScrubDocument document, RecoveryPointDocument point, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        RunningScrub running = document.Running!;
        ResumedVerification? resumed = running is { Disk: 0, OffsetBytes: 0 }
            ? null
            : new ResumedVerification(new VerifyPosition(running.Disk, running.OffsetBytes), [.. running.Disks.Select(Resume)]);
        long savedAt = account.TimeProvider.GetTimestamp();
        return new PointVerifier(vault, options.Verify).RunAsync(point, resumed, null, progress, ReachedAsync, cancellationToken);

        async Task ReachedAsync(VerifyPosition position, IReadOnlyList<DiskVerification> soFar)
        {
            if (account.TimeProvider.GetElapsedTime(savedAt) < options.SaveInterval)
                return;
            RunningScrub now = running with { Disk = position.Disk, OffsetBytes = position.OffsetBytes, Disks = [.. soFar.Select(Note)] };
            await WriteAsync(leases, document with { Running = now }, cancellationToken);
            savedAt = account.TimeProvider.GetTimestamp();
        }
    }

    private static ScrubbedDisk Note(DiskVerification disk) =>
        new(disk.Index, disk.Target, disk.ReadBytes, disk.BadBlocks, disk.BadRanges is [var first, ..] ? first.OffsetBytes : null, disk.Fault);

    private static DiskVerification Resume(ScrubbedDisk disk) =>
        new(disk.Index, disk.Target, disk.ReadBytes, disk.BadBlocks, disk.FirstOffsetBytes is { } first ? [new Extent(first, BlockSize.Bytes)] : [], disk.Fault);

    private Task<Versioned<ScrubDocument>> WriteAsync(LeaseSet leases, ScrubDocument document, CancellationToken cancellationToken) =>
        new DocumentBlob<ScrubDocument>(_blob).OverwriteAsync(document, leases.IdOf(_blob), cancellationToken);
}
