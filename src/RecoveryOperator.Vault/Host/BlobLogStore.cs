using System.Runtime.ExceptionServices;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Host;

/// <summary>
/// The log container behind a grant (a container URI with its SAS). One request takes at most 20 s with its retries; what fails
/// after that is the caller's to try again later.
/// </summary>
public sealed class BlobLogStore : ILogStore
{
    private readonly BlobContainerClient _container;
    private readonly StorageClock _clock;

    /// <summary>Opens the container; no request is made.</summary>
    /// <param name="containerWithGrant">Container URI with SAS. A secret: it never appears in messages.</param>
    /// <param name="timeProvider">This machine's clock.</param>
    public BlobLogStore(Uri containerWithGrant, TimeProvider timeProvider)
        : this(containerWithGrant, new StorageClientOptions { TimeProvider = timeProvider })
    {
    }

    internal BlobLogStore(Uri containerWithGrant, StorageClientOptions options)
    {
        _clock = new StorageClock(options.TimeProvider);
        _container = new BlobContainerClient(containerWithGrant, (options with { PerTry = [.. options.PerTry, _clock] }).Build());
    }

    /// <summary>Base segments of a disk that a manifest holds itself; more go into lists of this size.</summary>
    internal int SegmentsPerBaseList { get; init; } = BaseListWriter.SegmentsPerList;

    /// <inheritdoc/>
    public TimeSpan? ClockOffset => _clock.Offset;

    /// <inheritdoc/>
    public async Task CreateSegmentAsync(string blob, Stream content, CancellationToken cancellationToken)
    {
        using CancellationTokenSource sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using SourceStream source = new(content, sending);
        try
        {
            await StorageCall.RunAsync(_container.Uri, () => CreateAsync(_container.GetBlockBlobClient(blob), source, sending.Token), cancellationToken);
        }
        catch (Exception) when (source.Failure is not null && !cancellationToken.IsCancellationRequested)
        {
            // However it came through the storage's client: the storage has no part in it.
            ExceptionDispatchInfo.Throw(source.Failure);
        }
    }

    /// <inheritdoc/>
    public async Task<CommitResult> CommitAsync(SetManifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        SetManifest listed = await BaseListWriter.WriteAsync(manifest, SegmentsPerBaseList, (blob, content) => this.CreateSegmentAsync(blob, content, cancellationToken));
        return await SetWriter.CreateAsync(_container, listed, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StoredSet?> ReadSetAsync(long epoch, long sequence, CancellationToken cancellationToken) =>
        SetReader.ReadAsync(_container, epoch, sequence, cancellationToken);

    /// <inheritdoc/>
    public Task<ResyncRequestDocument> CreateResyncRequestAsync(ResyncRequestDocument request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ResyncRequests.CreateAsync(_container, request, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ReplicaStateDocument?> ReadReplicaStateAsync(CancellationToken cancellationToken) =>
        (await new DocumentBlob<ReplicaStateDocument>(_container.GetBlockBlobClient(VaultNames.ReplicaState)).ReadAsync(cancellationToken))?.Document.Value;

    /// <inheritdoc/>
    public IChecksumTableReader OpenChecksumTable(AnsweredTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new BlobChecksumTableReader(_container, table);
    }

    private static async Task<bool> CreateAsync(BlockBlobClient client, Stream content, CancellationToken cancellationToken) =>
        await CreateOnly.PutAsync(client, content, WholeBlob.Options(CreateOnly.Condition()), cancellationToken) is not null
            || await BoundedDownload.HoldsAsync(client, content, cancellationToken)
            ? true
            : throw Conflict(client.Uri, "A blob of other content stands there.");

    private static VaultException Conflict(Uri blob, string finding) => new(
        VaultFault.Conflict,
        VaultErrors.NameOf(blob),
        $"{VaultErrors.NameOf(blob)} cannot be created: {finding}",
        "Cut the set again: a new cut has a new attempt and therefore new names.");
}
