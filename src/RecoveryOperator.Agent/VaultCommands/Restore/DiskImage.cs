using Microsoft.Win32.SafeHandles;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultCommands.Restore;

/// <summary>A disk image file while it is written: <c>*.partial</c> until <see cref="Finish"/>, so that what is not whole never looks it.</summary>
internal abstract class DiskImage : IBlockSink, IDisposable
{
    private const string PartialSuffix = ".partial";

    private readonly string _partialPath;

    /// <param name="path">Where the image ends up.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    protected DiskImage(string path)
    {
        Path = path;
        _partialPath = path + PartialSuffix;
        File = System.IO.File.OpenHandle(_partialPath, FileMode.Create, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
    }

    /// <summary>Where the image ends up.</summary>
    public string Path { get; }

    /// <summary>The file being written.</summary>
    protected SafeFileHandle File { get; }

    /// <summary>Begins an image.</summary>
    /// <param name="format"><c>raw</c>, <c>vhd</c> or <c>qcow2</c>.</param>
    /// <param name="path">Where it ends up.</param>
    /// <param name="sizeBytes">Size of the disk.</param>
    public static DiskImage Create(string format, string path, long sizeBytes) => format switch
    {
        "raw" => new RawImage(path, sizeBytes),
        "vhd" => new VhdImage(path, sizeBytes),
        "qcow2" => new Qcow2Image(path, sizeBytes),
        _ => throw new ArgumentException($"There is no format '{format}'.", nameof(format)),
    };

    /// <inheritdoc/>
    public virtual ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RandomAccess.WriteAsync(File, content, offsetBytes, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask WriteFooterAsync(ReadOnlyMemory<byte> footer, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Makes the file whole and durable; it keeps its partial name.</summary>
    public virtual void Complete() => RandomAccess.FlushToDisk(File);

    /// <summary>Gives the file its name.</summary>
    public void Finish()
    {
        File.Dispose();
        System.IO.File.Move(_partialPath, Path, overwrite: true);
    }

    /// <summary>Removes what was written.</summary>
    public void Abandon()
    {
        File.Dispose();
        System.IO.File.Delete(_partialPath);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();
}

/// <summary>The bytes of the disk; holes where it is zeros.</summary>
internal sealed class RawImage : DiskImage
{
    public RawImage(string path, long sizeBytes)
        : base(path) => RandomAccess.SetLength(File, sizeBytes);
}

/// <summary>The fixed VHD as it stands in the vault: whole MiB, then the footer.</summary>
internal sealed class VhdImage(string path, long sizeBytes) : DiskImage(path)
{
    public override ValueTask WriteFooterAsync(ReadOnlyMemory<byte> footer, CancellationToken cancellationToken) =>
        RandomAccess.WriteAsync(File, footer, Vault.Vhd.FixedVhdFooter.OffsetOf(sizeBytes), cancellationToken);
}
