using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Control;

/// <summary>
/// One protection's part of the vault, with full rights. Every call is safe to repeat. Errors come out as <see cref="VaultException"/>.
/// </summary>
public sealed class ProtectionVault
{
    private readonly DocumentBlob<VmDocument> _vm;
    private readonly DocumentBlob<JournalDocument> _journal;
    private readonly DocumentBlob<AppliedDocument> _applied;
    private readonly DocumentBlob<KeysDocument> _keys;
    private readonly StoredPolicies _logPolicies;
    private readonly StoredPolicies _replicaPolicies;

    internal ProtectionVault(VaultAccount account, ProtectionId id)
    {
        Id = id;
        Log = account.Service.GetBlobContainerClient(VaultNames.LogContainer(id));
        Replica = account.Service.GetBlobContainerClient(VaultNames.ReplicaContainer(id));
        _vm = new DocumentBlob<VmDocument>(Replica.GetBlockBlobClient(VaultNames.Vm));
        _journal = new DocumentBlob<JournalDocument>(Replica.GetBlockBlobClient(VaultNames.Journal));
        _applied = new DocumentBlob<AppliedDocument>(Replica.GetBlockBlobClient(VaultNames.Applied));
        _keys = new DocumentBlob<KeysDocument>(Replica.GetBlockBlobClient(VaultNames.Keys));
        _logPolicies = new StoredPolicies(Log);
        _replicaPolicies = new StoredPolicies(Replica);
    }

    /// <summary>The protection.</summary>
    public ProtectionId Id { get; }

    internal BlobContainerClient Log { get; }

    internal BlobContainerClient Replica { get; }

    /// <summary>
    /// Claims the place: creates containers, <c>vm.json</c> and <c>journal.json</c> where they are not there yet. An existing place of the
    /// same cluster and machine is adopted as it is; any other is left untouched.
    /// </summary>
    public async Task<VaultClaim> EnsureCreatedAsync(VmDocument vm, JournalDocument journal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(vm);
        await Containers.CreateAsync(Log, cancellationToken);
        await Containers.CreateAsync(Replica, cancellationToken);
        Versioned<VmDocument> standing = await CreateOrReadAsync(_vm, vm, cancellationToken);
        if (standing.Value.Cluster != vm.Cluster)
            return new VaultClaim(VaultClaimOutcome.OwnedByOther, standing, null);
        if (standing.Value.MachineId != vm.MachineId)
            return new VaultClaim(VaultClaimOutcome.OtherMachine, standing, null);

        Versioned<JournalDocument>? created = await _journal.CreateAsync(journal, cancellationToken);
        return created is not null
            ? new VaultClaim(VaultClaimOutcome.Created, standing, created)
            : new VaultClaim(VaultClaimOutcome.Adopted, standing, await CreateOrReadAsync(_journal, journal, cancellationToken));
    }

    /// <summary><c>vm.json</c>, or null when the place is free.</summary>
    public Task<Versioned<VmDocument>?> ReadVmAsync(CancellationToken cancellationToken) => ReadAsync(_vm, cancellationToken);

    /// <summary>Rewrites <c>vm.json</c>: the explicit adoption of another owner's or machine's replica. Null when somebody else wrote.</summary>
    public Task<Versioned<VmDocument>?> WriteVmAsync(VmDocument vm, string etag, CancellationToken cancellationToken) =>
        _vm.ReplaceAsync(vm, etag, cancellationToken);

    /// <summary><c>journal.json</c>, or null when there is none.</summary>
    public Task<Versioned<JournalDocument>?> ReadJournalAsync(CancellationToken cancellationToken) => ReadAsync(_journal, cancellationToken);

    /// <summary>Writes the journal if it is still as it was read. Null when somebody else wrote.</summary>
    public Task<Versioned<JournalDocument>?> WriteJournalAsync(JournalDocument journal, string etag, CancellationToken cancellationToken) =>
        _journal.ReplaceAsync(journal, etag, cancellationToken);

    /// <summary><c>keys.json</c>, or null when there is none.</summary>
    public Task<Versioned<KeysDocument>?> ReadKeysAsync(CancellationToken cancellationToken) => ReadAsync(_keys, cancellationToken);

    /// <summary>Writes <c>keys.json</c> if it is still as it was read. Null when somebody else wrote.</summary>
    /// <param name="keys">What to write.</param>
    /// <param name="etag">Version that was read; null: it must not exist yet.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<Versioned<KeysDocument>?> WriteKeysAsync(KeysDocument keys, string? etag, CancellationToken cancellationToken) =>
        etag is null ? _keys.CreateAsync(keys, cancellationToken) : _keys.ReplaceAsync(keys, etag, cancellationToken);

    /// <summary>How far the replica is, or null before the first set.</summary>
    public async Task<AppliedDocument?> ReadAppliedAsync(CancellationToken cancellationToken) => (await ReadAsync(_applied, cancellationToken))?.Value;

    /// <summary>Where the scrub is, or null before the first.</summary>
    public async Task<ScrubDocument?> ReadScrubAsync(CancellationToken cancellationToken) =>
        (await ReadAsync(new DocumentBlob<ScrubDocument>(Replica.GetBlockBlobClient(VaultNames.Scrub)), cancellationToken))?.Value;

    /// <summary>The points that somebody pinned.</summary>
    public PinStore Pins => new(this);

    /// <summary>One point, or null when there is no such.</summary>
    public Task<RecoveryPointDocument?> ReadPointAsync(long epoch, long sequence, CancellationToken cancellationToken) =>
        RecoveryPoints.ReadAsync(Replica, VaultNames.Point(epoch, sequence), cancellationToken);

    /// <summary>Reads the record of a point and a little of each of its snapshots: that it is there whole, not that every byte is right.</summary>
    /// <returns>The point, or null when there is no such.</returns>
    /// <exception cref="VaultException">NotFound or Damaged, when a part of it is missing or is not what it should be.</exception>
    public async Task<RecoveryPointDocument?> ConfirmPointAsync(long epoch, long sequence, CancellationToken cancellationToken)
    {
        RecoveryPointDocument? point = await ReadPointAsync(epoch, sequence, cancellationToken);
        if (point is not null)
            await PointProbe.ConfirmAsync(Replica, Log, point, cancellationToken);
        return point;
    }

    /// <summary>All points, oldest first.</summary>
    public Task<IReadOnlyList<RecoveryPointDocument>> ListPointsAsync(CancellationToken cancellationToken) =>
        RecoveryPoints.ListAsync(Replica, cancellationToken);

    /// <summary>One set or seal, or null when the sequence is free.</summary>
    public Task<StoredSet?> ReadSetAsync(long epoch, long sequence, CancellationToken cancellationToken) =>
        SetReader.ReadAsync(Log, epoch, sequence, cancellationToken);

    /// <summary>
    /// The newest set of the epoch, found by asking for one sequence after the other from <paramref name="fromSequence"/> (at least 1) on; a seal ends
    /// the search. Null when that first one is not there, or is the seal.
    /// </summary>
    public async Task<StoredSet?> NewestCommittedAsync(long epoch, long fromSequence, CancellationToken cancellationToken)
    {
        StoredSet? newest = null;
        for (long sequence = fromSequence; ; sequence++)
        {
            StoredSet? next = await ReadSetAsync(epoch, sequence, cancellationToken);
            if (next is null || next.Manifest.Kind == SetKind.Seal)
                return newest;

            newest = next;
        }
    }

    /// <summary>
    /// Lets the host of an epoch create and read in the log container for seven days, and renews that when less than six are left. The URI stays the
    /// same over renewals; it is a secret. Another epoch gets another grant, so a host that was shut out is not let in again.
    /// </summary>
    public async Task<Uri> GrantHostAsync(long epoch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string policy = StoredPolicies.HostPolicy(epoch);
        await _logPolicies.EnsureAsync(policy, "rc", now, cancellationToken);
        return _logPolicies.SignContainer(policy);
    }

    /// <summary>Renews the grant of an epoch's host when less than six days are left of it. A grant that was revoked stays so.</summary>
    /// <returns>Whether there is a grant.</returns>
    public Task<bool> RenewHostGrantAsync(long epoch, DateTimeOffset now, CancellationToken cancellationToken) =>
        _logPolicies.RenewAsync(StoredPolicies.HostPolicy(epoch), now, cancellationToken);

    /// <summary>Shuts out the hosts of all epochs. Takes up to 30 s to hold on Azure.</summary>
    public Task RevokeHostGrantAsync(CancellationToken cancellationToken) =>
        _logPolicies.RemoveAsync(id => id.StartsWith(StoredPolicies.HostPrefix, StringComparison.Ordinal), cancellationToken);

    /// <summary>
    /// Ends an epoch: creates the seal at its next free sequence. A seal that stands already is success, whoever made it. After this no set of the epoch is
    /// ever committed again.
    /// </summary>
    public async Task<SealResult> SealAsync(long epoch, string operationId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await new EpochSealer(this).SealAsync(epoch, operationId, now, cancellationToken);

    /// <summary>
    /// Lets a recovered machine read the snapshots of this replica's disks, and of their checksum tables, for seven days, and renews that when less than six are left.
    /// </summary>
    /// <param name="grantName">Name of the grant, the same at each renewal; a container has room for five.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<ReplicaReadGrant> GrantReplicaReadAsync(string grantName, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string policy = StoredPolicies.RecoverPolicy(grantName);
        await _replicaPolicies.EnsureAsync(policy, "r", now, cancellationToken);
        await _logPolicies.EnsureAsync(policy, "r", now, cancellationToken);
        return new ReplicaReadGrant(_replicaPolicies, _logPolicies, policy);
    }

    /// <summary>Renews a read grant when less than six days are left of it. One that was revoked stays so; that of an earlier version has no part for the tables.</summary>
    /// <returns>Whether there is a grant.</returns>
    public async Task<bool> RenewReplicaReadAsync(string grantName, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string policy = StoredPolicies.RecoverPolicy(grantName);
        await _logPolicies.RenewAsync(policy, now, cancellationToken);
        return await _replicaPolicies.RenewAsync(policy, now, cancellationToken);
    }

    /// <summary>Ends a read grant. Takes up to 30 s to hold on Azure.</summary>
    public async Task RevokeReplicaReadAsync(string grantName, CancellationToken cancellationToken)
    {
        string policy = StoredPolicies.RecoverPolicy(grantName);
        await _replicaPolicies.RemoveAsync(id => id == policy, cancellationToken);
        await _logPolicies.RemoveAsync(id => id == policy, cancellationToken);
    }

    /// <summary>Deletes logs, replica and all recovery points. The replica goes last: while it is listed, the deletion can be repeated.</summary>
    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        await Containers.DeleteAsync(Log, cancellationToken);
        await Containers.DeleteAsync(Replica, cancellationToken);
    }

    private static async Task<Versioned<T>?> ReadAsync<T>(DocumentBlob<T> blob, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return (await blob.ReadAsync(cancellationToken))?.Document;
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.NotFound)
        {
            return null; // No container: nothing was created here yet.
        }
    }

    private static async Task<Versioned<T>> CreateOrReadAsync<T>(DocumentBlob<T> blob, T document, CancellationToken cancellationToken)
        where T : class =>
        await blob.CreateAsync(document, cancellationToken)
        ?? (await blob.ReadAsync(cancellationToken))?.Document
        ?? throw new VaultException(
            VaultFault.Unavailable, typeof(T).Name, "A blob was deleted while it was being claimed.", "It is tried again by itself.");
}
