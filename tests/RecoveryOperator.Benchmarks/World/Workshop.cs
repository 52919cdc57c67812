using RecoveryOperator.Benchmarks.Content;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>The folder of a run, with what all rows share: images and certificates. Goes away at the end.</summary>
internal sealed class Workshop : IDisposable
{
    public const int Seed = 20;

    private int _folders;

    private Workshop(string folder, Certificates certificates)
    {
        Folder = folder;
        Certificates = certificates;
    }

    public string Folder { get; }

    public Certificates Certificates { get; }

    /// <param name="parent">Where the folder is made: needs room for about five times the image.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<Workshop> OpenAsync(string parent, CancellationToken cancellationToken)
    {
        string folder = Path.Combine(parent, $"recovery-benchmark-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        return new Workshop(folder, await Certificates.MakeAsync(Path.Combine(folder, "certs"), cancellationToken));
    }

    /// <summary>The image of a size; made at the first call.</summary>
    public string Image(int sizeMiB)
    {
        string path = Path.Combine(Folder, $"image-{sizeMiB}.raw");
        if (!File.Exists(path))
            BenchmarkImage.Create(path, sizeMiB * 1048576L, Seed);
        return path;
    }

    /// <summary>An image of the same content that the caller may write to, and deletes.</summary>
    public string OwnImage(int sizeMiB)
    {
        string path = Path.Combine(Folder, $"image-{sizeMiB}-{Guid.NewGuid():N}.raw");
        BenchmarkImage.Create(path, sizeMiB * 1048576L, Seed);
        return path;
    }

    /// <summary>A new folder; its path is short, since sockets of hypervisors lie in some.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(Folder, $"{name}-{++_folders}")).FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
