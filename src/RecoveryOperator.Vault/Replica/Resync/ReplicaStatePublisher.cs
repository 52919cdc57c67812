using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica.Resync;

/// <summary>
/// Keeps <c>sums/state.json</c> saying what <c>applied.json</c> means for the host. Written only when that changes, always after <c>applied.json</c> and under a lease of
/// its own; a process remembers what it wrote, so a healthy replica costs no request.
/// </summary>
internal sealed class ReplicaStatePublisher(ProtectionVault vault)
{
    private readonly BlockBlobClient _blob = vault.Log.GetBlockBlobClient(VaultNames.ReplicaState);
    private bool _isKnown;

    /// <summary>What stands there, as far as this process knows.</summary>
    public ReplicaStateDocument? Told { get; private set; }

    /// <summary>Another applier may have written since.</summary>
    public void Forget() => _isKnown = false;

    /// <summary>Whether the host is told, as far as this process knows, what it needs to know.</summary>
    public bool IsTold(AppliedDocument applied) => _isKnown && NeedOf(applied) == Told?.NeedsResync;

    /// <summary>Reads what stands there, unless it is known.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_isKnown)
            return;

        Told = await ReadAsync(cancellationToken);
        _isKnown = true;
    }

    /// <summary>Writes what follows from how far the replica is, if it is something else than what stands there.</summary>
    public Task PublishAsync(AppliedDocument applied, LeaseSet leases, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ResyncNeed? need = NeedOf(applied);
        ResyncAnswer? answer = Told is not null && IsValid(Told, applied) ? Told.Answer : null;
        return need == Told?.NeedsResync && answer == Told?.Answer
            ? Task.CompletedTask
            : WriteAsync(applied, need, answer, leases, now, cancellationToken);
    }

    /// <summary>Writes an answer.</summary>
    public Task AnswerAsync(AppliedDocument applied, ResyncAnswer answer, LeaseSet leases, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(applied, NeedOf(applied), answer, leases, now, cancellationToken);

    /// <summary>An answer is of one position, for one sequence behind it; a rollback makes all answers void.</summary>
    private static bool IsValid(ReplicaStateDocument told, AppliedDocument applied) =>
        told.Answer is { } answer && applied is { Rollback: null, Sealed: false }
        && ReplicaPosition.Of(told) == ReplicaPosition.Of(applied) && answer.Sequence > applied.Sequence;

    private static ResyncNeed? NeedOf(AppliedDocument applied) => applied switch
    {
        { Sealed: true } => null, // There is no host to tell: its epoch has ended.
        { Damage: { } damage } => new ResyncNeed(
            ResyncNeedReason.SetDamaged, damage.Sequence, $"Set {damage.Sequence} of epoch {damage.Epoch} is damaged ({damage.Blob}): {damage.Reason}", applied.ReplicaDamage is not null),
        { ReplicaDamage: { } bad } => new ResyncNeed(
            ResyncNeedReason.ReplicaDamaged,
            bad.Point.Sequence,
            $"{bad.BadBlocks} blocks of recovery point {bad.Point.Sequence} of epoch {bad.Point.Epoch} are not what the source read, the first at {bad.OffsetBytes} of disk {bad.Disk}.",
            ComputeAnew: true),
        _ => null,
    };

    private async Task WriteAsync(
        AppliedDocument applied, ResyncNeed? need, ResyncAnswer? answer, LeaseSet leases, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ReplicaPosition position = ReplicaPosition.Of(applied);
        ReplicaStateDocument next = new()
        {
            Epoch = position.Epoch,
            Sequence = position.Sequence,
            SetSha256 = position.SetSha256,
            WrittenAt = now,
            NeedsResync = need,
            Answer = answer,
        };
        DocumentBlob<ReplicaStateDocument> document = new(_blob);
        _isKnown = false;
        await CreateAsync(document, cancellationToken);
        if (!await leases.TryAcquireAsync(_blob, cancellationToken))
            throw Held();

        string etag = await document.ETagAsync(cancellationToken) ?? throw Held();
        await document.ReplaceLeasedAsync(next, etag, leases.IdOf(_blob), cancellationToken);
        Told = next;
        _isKnown = true;
    }

    /// <summary>A lease needs a blob. One that cannot be read stands there all the same.</summary>
    private static async Task CreateAsync(DocumentBlob<ReplicaStateDocument> document, CancellationToken cancellationToken)
    {
        try
        {
            await document.CreateAsync(new ReplicaStateDocument(), cancellationToken);
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged)
        {
            return; // It is overwritten now.
        }
    }

    private async Task<ReplicaStateDocument?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await new DocumentBlob<ReplicaStateDocument>(_blob).ReadAsync(cancellationToken))?.Document.Value;
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged)
        {
            // The host can create blobs here, so this one may be its; it is overwritten when there is something to tell.
            return new ReplicaStateDocument { NeedsResync = new ResyncNeed(ResyncNeedReason.ReplicaDamaged, 0, unreadable.Message, ComputeAnew: false) };
        }
    }

    private VaultException Held() => new(
        VaultFault.Conflict,
        VaultErrors.NameOf(_blob.Uri),
        $"Another vault agent holds the lease of {VaultErrors.NameOf(_blob.Uri)}.",
        "It is tried again by itself; a lease lasts 60 s at most.");
}
