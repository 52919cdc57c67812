using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Host;

/// <summary>Reads ranges of a checksum table, each with the ETag that the answer named.</summary>
internal sealed class BlobChecksumTableReader(BlobContainerClient log, AnsweredTable table) : IChecksumTableReader
{
    private readonly BlobClient _blob = log.GetBlobClient(table.Blob);

    public long BlockCount { get; } = BlockSize.Count(table.SizeBytes);

    public Task ReadAsync(long firstBlock, Memory<byte> checksums, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstBlock);
        if (checksums.Length % BlockChecksum.LengthBytes != 0 || checksums.Length > IChecksumTableReader.MaxBlocksPerRead * BlockChecksum.LengthBytes)
            throw new ArgumentException($"{checksums.Length} bytes are not whole checksums, or more than {IChecksumTableReader.MaxBlocksPerRead} of them.", nameof(checksums));

        long left = Math.Max(0, BlockCount - firstBlock) * BlockChecksum.LengthBytes;
        int length = (int)Math.Min(left, checksums.Length);
        checksums.Span[length..].Clear();
        return length == 0 ? Task.CompletedTask : FetchAsync(firstBlock * BlockChecksum.LengthBytes, checksums[..length], cancellationToken);
    }

    private Task<bool> FetchAsync(long offsetBytes, Memory<byte> content, CancellationToken cancellationToken) => StorageCall.RunAsync(
        _blob.Uri,
        async () =>
        {
            BlobDownloadOptions options = new()
            {
                Range = new HttpRange(offsetBytes, content.Length),
                Conditions = new BlobRequestConditions { IfMatch = new ETag(table.Etag) },
            };
            try
            {
                using BlobDownloadStreamingResult answer = await _blob.DownloadStreamingAsync(options, cancellationToken);
                await answer.Content.ReadExactlyAsync(content, cancellationToken);
                return true;
            }
            catch (RequestFailedException fault) when (fault.Status == 412 || VaultErrors.IsBlobNotFound(fault))
            {
                throw Changed(fault);
            }
        },
        cancellationToken);

    private VaultException Changed(RequestFailedException fault) => new(
        VaultFault.Changed,
        VaultErrors.NameOf(_blob.Uri),
        $"The checksum table {VaultErrors.NameOf(_blob.Uri)} is not the one any more that the vault agent had answered with.",
        "The replica's checksums are asked for again by itself.",
        fault);
}
