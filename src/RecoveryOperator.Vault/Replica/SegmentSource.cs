using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>Downloads segments and compares them with what their set says. A difference is looked at twice before it counts as damage.</summary>
internal sealed class SegmentSource(BlobContainerClient log)
{
    /// <summary>Fills the beginning of a buffer with the segment.</summary>
    /// <exception cref="SetDamageException">It is missing, of another length, or has another hash.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(SegmentRecord segment, byte[] buffer, CancellationToken cancellationToken)
    {
        Memory<byte> content = buffer.AsMemory(0, (int)segment.LengthBytes);
        BlobClient blob = log.GetBlobClient(segment.Blob);
        string? fault = await FindFaultAsync(blob, segment, content, cancellationToken);
        if (fault is not null)
            fault = await FindFaultAsync(blob, segment, content, cancellationToken);

        return fault is null ? content : throw new SetDamageException(segment.Blob, fault);
    }

    private static Task<string?> FindFaultAsync(BlobClient blob, SegmentRecord segment, Memory<byte> content, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            try
            {
                using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
                if (answer.Details.ContentLength != content.Length)
                    return $"it has {answer.Details.ContentLength} bytes, its set says {content.Length}";

                await answer.Content.ReadExactlyAsync(content, cancellationToken);
                string hash = Convert.ToHexStringLower(SHA256.HashData(content.Span));
                return hash == segment.Sha256 || !Guards.Hold(Guard.SegmentHash) ? null : $"its SHA-256 is {hash}, its set says {segment.Sha256}";
            }
            catch (RequestFailedException missing) when (VaultErrors.IsBlobNotFound(missing))
            {
                return "it is missing";
            }
        },
        cancellationToken);
}
