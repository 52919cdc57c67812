using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using RecoveryOperator.Benchmarks.World;

namespace RecoveryOperator.Benchmarks.Tools;

/// <summary>The tools, each with a target of its own: a folder, or a container of a blob service.</summary>
internal static class Contenders
{
    public const string AzCopyName = "azcopy";
    public const string RsyncName = "rsync";
    public const string ResticName = "restic";
    public const string BorgName = "borg";
    public const string QemuImgName = "qemu-img";

    private static readonly Dictionary<string, string> _nothing = [];

    /// <summary>Those that copy into a folder, each into one of its own.</summary>
    public static IReadOnlyList<Contender> Local(string image, Workshop workshop) => [Rsync(image, workshop), Restic(image, workshop), Borg(image, workshop), QemuImg(image, workshop)];

    public static Contender Rsync(string image, Workshop workshop)
    {
        string folder = workshop.NewFolder(RsyncName);
        return new Contender(RsyncName, folder, null, ["rsync", "--inplace", "--no-whole-file", image, Path.Combine(folder, "copy.raw")], _nothing);
    }

    private static Contender QemuImg(string image, Workshop workshop)
    {
        string folder = workshop.NewFolder(QemuImgName);
        return new Contender(
            QemuImgName, folder, null, ["qemu-img", "convert", "-f", "raw", "-O", "raw", image, Path.Combine(folder, "copy.raw")], _nothing);
    }

    private static Contender Restic(string image, Workshop workshop)
    {
        string folder = workshop.NewFolder(ResticName);
        Dictionary<string, string> environment = new()
        {
            ["RESTIC_REPOSITORY"] = Path.Combine(folder, "repository"),
            ["RESTIC_PASSWORD"] = "benchmark",
            ["RESTIC_CACHE_DIR"] = Path.Combine(folder, "cache"),
        };
        return new Contender(ResticName, folder, ["restic", "init"], ["restic", "backup", "--force", image], environment);
    }

    private static Contender Borg(string image, Workshop workshop)
    {
        string folder = workshop.NewFolder(BorgName);
        string repository = Path.Combine(folder, "repository");
        return new Contender(
            BorgName,
            folder,
            ["borg", "init", "--encryption", "none", repository],
            ["borg", "create", "--compression", "zstd,1", $"{repository}::{{now:%H%M%S%f}}", image],
            new Dictionary<string, string> { ["BORG_BASE_DIR"] = folder });
    }

    /// <summary>Into a page blob of a new container.</summary>
    public static async Task<Contender> AzCopyAsync(string image, string folder, BlobService blobs, CancellationToken cancellationToken)
    {
        StorageSharedKeyCredential key = new(blobs.AccountName, blobs.AccountKey);
        BlobContainerClient container = new(new Uri($"{blobs.Endpoint.ToString().TrimEnd('/')}/azcopy"), key);
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        Uri target = container.GetBlobClient("disk.vhd").GenerateSasUri(BlobSasPermissions.All, DateTimeOffset.UtcNow.AddDays(1));
        return new Contender(
            AzCopyName,
            folder,
            null,
            [Programs.AzCopy, "copy", image, target.ToString(), "--blob-type", "PageBlob", "--from-to", "LocalBlob", "--overwrite", "true", "--output-level", "essential"],
            new Dictionary<string, string>
            {
                ["AZCOPY_LOG_LOCATION"] = Path.Combine(folder, "log"),
                ["AZCOPY_JOB_PLAN_LOCATION"] = Path.Combine(folder, "plan"),
                ["AZCOPY_DISABLE_SYSLOG"] = "true",
            });
    }
}
