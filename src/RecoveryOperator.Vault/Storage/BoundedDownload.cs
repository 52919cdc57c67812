using System.Globalization;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace RecoveryOperator.Vault.Storage;

/// <summary>
/// Reads whole blobs that are meant to be small, and takes no more room than is allowed for one, whatever stands there: a host may put any blob into its log container,
/// and whoever has the account's key anywhere (docs/formats/vault-layout.md, "How large a document may be").
/// </summary>
internal static class BoundedDownload
{
    /// <summary>Largest document that is read or written.</summary>
    public const int MaxDocumentBytes = 64 * 1024 * 1024;

    private const int PieceBytes = 128 * 1024;

    /// <summary>A document.</summary>
    /// <exception cref="VaultException">Damaged: it is larger than a document may be. No more than its head was read.</exception>
    /// <exception cref="RequestFailedException">The storage refused.</exception>
    public static async Task<DownloadedBlob> DocumentAsync(BlobBaseClient blob, CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
        long lengthBytes = answer.Details.ContentLength;
        if (lengthBytes is < 0 or > MaxDocumentBytes)
            throw TooLarge(blob.Uri, lengthBytes);

        byte[] content = await ReadAsync(answer, lengthBytes, cancellationToken);
        return new DownloadedBlob(content, answer.Details.ETag, answer.Details.LastModified);
    }

    /// <summary>A document whose length is known; null when what stands there has another, or one that no document has.</summary>
    public static async Task<byte[]?> FindAsync(BlobBaseClient blob, long lengthBytes, CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
        return answer.Details.ContentLength == lengthBytes && lengthBytes <= MaxDocumentBytes ? await ReadAsync(answer, lengthBytes, cancellationToken) : null;
    }

    /// <summary>Whether the blob holds exactly this.</summary>
    public static async Task<bool> HoldsAsync(BlobBaseClient blob, byte[] content, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new(content, writable: false);
        return await HoldsAsync(blob, stream, cancellationToken);
    }

    /// <summary>Whether the blob holds exactly this, from the stream's beginning on.</summary>
    public static async Task<bool> HoldsAsync(BlobBaseClient blob, Stream content, CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
        if (answer.Details.ContentLength != content.Length)
            return false;

        content.Position = 0;
        byte[] expected = new byte[Math.Min(PieceBytes, content.Length)];
        byte[] held = new byte[expected.Length];
        for (long rest = content.Length; rest > 0; rest -= expected.Length)
        {
            int length = (int)Math.Min(expected.Length, rest);
            await content.ReadExactlyAsync(expected.AsMemory(0, length), cancellationToken);
            await answer.Content.ReadExactlyAsync(held.AsMemory(0, length), cancellationToken);
            if (!held.AsSpan(0, length).SequenceEqual(expected.AsSpan(0, length)))
                return false;
        }

        return true;
    }

    /// <summary>SHA-256 of the blob; null when it is larger than a document may be: whoever put it there shall not make anybody read it.</summary>
    public static async Task<byte[]?> HashAsync(BlobBaseClient blob, CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
        return answer.Details.ContentLength is < 0 or > MaxDocumentBytes ? null : await SHA256.HashDataAsync(answer.Content, cancellationToken);
    }

    /// <summary>Refuses to write what nobody would read.</summary>
    /// <exception cref="VaultException">Unsupported: it is larger than a document may be.</exception>
    public static void CheckDocument(Uri blob, long lengthBytes)
    {
        if (lengthBytes <= MaxDocumentBytes)
            return;

        string name = VaultErrors.NameOf(blob);
        throw new VaultException(
            VaultFault.Unsupported,
            name,
            string.Create(CultureInfo.InvariantCulture, $"{name} would have {lengthBytes} bytes; a document of the vault has at most {MaxDocumentBytes}. It was not written."),
            "Of a set: ask for a resynchronization, which lists its segments apart, or copy more often. Of another document: split what it describes (fewer machines in a plan), or remove records that are not needed.");
    }

    private static async Task<byte[]> ReadAsync(BlobDownloadStreamingResult answer, long lengthBytes, CancellationToken cancellationToken)
    {
        byte[] content = GC.AllocateUninitializedArray<byte>((int)lengthBytes);
        await answer.Content.ReadExactlyAsync(content, cancellationToken);
        return content;
    }

    private static VaultException TooLarge(Uri blob, long lengthBytes)
    {
        string name = VaultErrors.NameOf(blob);
        string size = lengthBytes < 0 ? "does not say how large it is" : string.Create(CultureInfo.InvariantCulture, $"has {lengthBytes} bytes");
        return new VaultException(
            VaultFault.Damaged,
            name,
            string.Create(CultureInfo.InvariantCulture, $"{name} {size}; a document of the vault has at most {MaxDocumentBytes}. It was not read."),
            "No program of this product wrote it: look who did. Restore the blob from a copy, or delete it if it is nothing that the vault knows.");
    }
}

/// <summary>A blob that was read whole.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="ETag">Its version.</param>
/// <param name="LastModified">When it was written, by the storage's clock.</param>
internal sealed record DownloadedBlob(ReadOnlyMemory<byte> Content, ETag ETag, DateTimeOffset LastModified);
