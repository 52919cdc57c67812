using Azure.Storage;
using Azure.Storage.Blobs.Models;

namespace RecoveryOperator.Vault.Storage;

/// <summary>Upload settings that make any upload one single Put Blob, with an MD5 that the storage compares on arrival.</summary>
internal static class WholeBlob
{
    private const int LargestSinglePutBytes = 256 * 1024 * 1024;

    public static BlobUploadOptions Options(BlobRequestConditions conditions) => new()
    {
        Conditions = conditions,
        TransferOptions = new StorageTransferOptions { InitialTransferSize = LargestSinglePutBytes, MaximumTransferSize = LargestSinglePutBytes },
        TransferValidation = new UploadTransferValidationOptions { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 },
    };

    public static BlobUploadOptions JsonOptions(BlobRequestConditions conditions)
    {
        BlobUploadOptions options = Options(conditions);
        options.HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" };
        return options;
    }
}
