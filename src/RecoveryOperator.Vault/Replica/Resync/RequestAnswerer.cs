using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Replica.Resync;

/// <summary>Answers a host that asks for checksums: with the stored tables, or with ones computed anew (docs/resync.md).</summary>
internal sealed class RequestAnswerer(
    ProtectionVault vault, LeaseSet leases, AppliedRecord record, ReplicaStatePublisher state, TableComputer computer, IProgress<ApplyProgress>? progress)
{
    /// <summary>The newest request for a sequence that has no answer yet; null when there is none.</summary>
    public static async Task<ResyncRequestDocument?> FindAsync(
        ProtectionVault vault, ReplicaPosition position, long sequence, ReplicaStateDocument? told, CancellationToken cancellationToken)
    {
        bool isOfThis = told?.Answer is not null && ReplicaPosition.Of(told) == position && told.Answer.Sequence == sequence;
        ResyncRequestDocument? newest = null;
        for (int number = isOfThis ? told!.Answer!.Request + 1 : 0; ; number++)
        {
            if (await ResyncRequests.ReadAsync(vault.Log, position.Epoch, sequence, number, cancellationToken) is not { } next)
                return newest;

            newest = next with { Request = number };
        }
    }

    /// <summary>Answers. False when another applier holds a blob, or a set or seal arrived: that comes first.</summary>
    public async Task<bool> AnswerAsync(ResyncRequestDocument request, long sequence, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string? problem = FindProblem(request, sequence);
        List<AnsweredTable> tables = [];
        if (problem is null && !await AddTablesAsync(tables, request, sequence, cancellationToken))
            return false;

        ResyncAnswer answer = new(sequence, request.Request, request.Attempt, request.ComputeAnew && problem is null, problem, tables);
        await state.AnswerAsync(record.Value, answer, leases, now, cancellationToken);
        return true;
    }

    private string? FindProblem(ResyncRequestDocument request, long sequence) =>
        request.ProtectionId == vault.Id.ToString() && request.Epoch == ReplicaPosition.Of(record.Value).Epoch && request.Sequence == sequence
            ? null
            : $"The request says that it is for set {request.Sequence} of epoch {request.Epoch} of {request.ProtectionId}.";

    private async Task<bool> AddTablesAsync(List<AnsweredTable> tables, ResyncRequestDocument request, long sequence, CancellationToken cancellationToken)
    {
        IReadOnlyList<PointDisk> disks = record.Newest?.Disks ?? [];
        long totalBytes = disks.Sum(disk => disk.SizeBytes);
        long before = 0;
        foreach (PointDisk disk in disks)
        {
            AnsweredTable? table = request.ComputeAnew
                ? await ComputeAsync(disk, request, sequence, before, totalBytes, cancellationToken)
                : await FindStoredAsync(disk, cancellationToken);
            if (table is null)
                return false;

            tables.Add(table);
            before += disk.SizeBytes;
        }

        return true;
    }

    /// <summary>Under its lease: no request of an applier before this one can change the table any more.</summary>
    private async Task<AnsweredTable?> FindStoredAsync(PointDisk disk, CancellationToken cancellationToken)
    {
        PageBlobClient table = vault.Log.GetPageBlobClient(VaultNames.Sums(disk.Index));
        return await leases.TryAcquireAsync(table, cancellationToken) ? await TableComputer.DescribeAsync(disk, table, cancellationToken) : null;
    }

    private Task<AnsweredTable?> ComputeAsync(
        PointDisk disk, ResyncRequestDocument request, long sequence, long before, long totalBytes, CancellationToken cancellationToken)
    {
        long epoch = ReplicaPosition.Of(record.Value).Epoch;
        return computer.ComputeAsync(
            disk,
            VaultNames.ComputedSums(epoch, sequence, request.Request, disk.Index),
            token => HasArrivedAsync(epoch, sequence, token),
            done => progress?.Report(new ApplyProgress(ApplyStage.Compute, epoch, sequence, before + done, totalBytes)),
            cancellationToken);
    }

    /// <summary>A set or a seal stands at the sequence: there is something to do that does not wait.</summary>
    private Task<bool> HasArrivedAsync(long epoch, long sequence, CancellationToken cancellationToken) =>
        SetReader.IsTakenAsync(vault.Log, epoch, sequence, cancellationToken);
}
