using Microsoft.Win32.SafeHandles;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Snapshots;

/// <summary>
/// All disks of a machine at one instant: clones where the file system makes them (the writer goes on at once), else the images
/// themselves under the machine's lock (the writer waits until this is disposed).
/// </summary>
internal sealed class PointInTime : IDisposable
{
    // Kernel time stamps advance in ticks of at most 10 ms: an image at rest for longer cannot change without showing it.
    private static readonly TimeSpan TimestampTick = TimeSpan.FromMilliseconds(20);
    private readonly List<SafeFileHandle> handles = [];
    private readonly string scratchPath;
    private MachineLock? heldLock;
    private bool ended;

    private PointInTime(string scratchPath, MachineLock heldLock) => (this.scratchPath, this.heldLock) = (scratchPath, heldLock);

    /// <summary>The images, by index.</summary>
    public IReadOnlyList<HeldImage> Images { get; private set; } = [];

    /// <summary>The instant by the host's clock.</summary>
    public DateTimeOffset Instant { get; private set; }

    /// <summary>True when the images were cloned, so that no writer waits.</summary>
    public bool IsCloned { get; private set; }

    /// <summary>Takes the instant. Owns the lock from here on, also when it fails.</summary>
    /// <exception cref="HypervisorException">An image is missing, or was written although the lock is held.</exception>
    public static async Task<PointInTime> TakeAsync(
        ImagesMachine machine,
        IReadOnlyCollection<string> excludedDisks,
        MachineLock heldLock,
        string scratchPath,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        var point = new PointInTime(scratchPath, heldLock);
        try
        {
            await point.TakeAsync(machine, excludedDisks, timeProvider, cancellationToken);
            return point;
        }
        catch
        {
            point.Dispose();
            throw;
        }
    }

    /// <summary>Throws when a file is not what it was at the instant.</summary>
    /// <exception cref="HypervisorException">One was written, replaced or removed, or the snapshot has ended.</exception>
    public void VerifyIntact()
    {
        if (ended)
        {
            throw new HypervisorException(HypervisorFault.Transient, "The snapshot has ended.", "Take a new one.");
        }

        foreach (var image in Images)
        {
            ImageIdentity now;
            try
            {
                now = LinuxFile.Identify(image.Path);
            }
            catch (IOException e)
            {
                throw Written(image.Path, e);
            }

            if (now != image.Expected)
            {
                throw Written(image.Path);
            }
        }
    }

    /// <summary>Lets the writer go on. Without clones this stays intact only until it writes, which <see cref="VerifyIntact"/> finds.</summary>
    public void ReleaseLock() => Interlocked.Exchange(ref heldLock, null)?.Dispose();

    /// <summary>Lets go of all files and the lock, as the death of the process does.</summary>
    public void LetGo()
    {
        ended = true;
        handles.ForEach(handle => handle.Dispose());
        ReleaseLock();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LetGo();
        if (Directory.Exists(scratchPath))
        {
            Directory.Delete(scratchPath, recursive: true);
        }
    }

    private async Task TakeAsync(
        ImagesMachine machine, IReadOnlyCollection<string> excludedDisks, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var originals = machine.File.Disks
            .Select((disk, index) => (Index: index, Disk: disk))
            .Where(entry => !excludedDisks.Contains(entry.Disk.Target))
            .Select(entry => Open(entry.Index, entry.Disk.Target, machine.ImagePath(entry.Disk)))
            .ToList();
        await SettleAsync(originals, timeProvider, cancellationToken);
        originals = [.. originals.Select(Identified)];
        Instant = timeProvider.GetUtcNow();
        Images = originals;
        if (Clone(originals) is not { } clones)
        {
            return;
        }

        // Unchanged by now means unchanged between the first clone and the last: they are of one instant.
        VerifyIntact();
        Images = clones;
        IsCloned = true;
        ReleaseLock();
    }

    private HeldImage Open(int index, string target, string path)
    {
        try
        {
            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            handles.Add(handle);
            return Identified(new HeldImage(index, target, path, handle, default, default));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HypervisorException(
                HypervisorFault.NotFound, $"Disk '{target}' has no image: '{path}' is not there.", "Restore the file or exclude the disk.", e);
        }
    }

    private static HeldImage Identified(HeldImage image)
    {
        var identity = LinuxFile.Identify(image.Handle);
        return image with { Original = identity, Expected = identity };
    }

    /// <summary>Waits, with the lock held, until any further write must show in the time stamps.</summary>
    private static async Task SettleAsync(List<HeldImage> images, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var newest = DateTimeOffset.UnixEpoch.AddTicks(images.Max(image => image.Original.NewestNanoseconds) / TimeSpan.NanosecondsPerTick);
        var age = timeProvider.GetUtcNow() - newest;
        if (age >= TimeSpan.Zero && age < TimestampTick)
        {
            await Task.Delay(TimestampTick - age, timeProvider, cancellationToken);
        }
    }

    private List<HeldImage>? Clone(List<HeldImage> originals)
    {
        Directory.CreateDirectory(scratchPath);
        var clones = new List<HeldImage>();
        foreach (var original in originals)
        {
            var path = Path.Combine(scratchPath, $"disk-{original.Index}.raw");
            var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            handles.Add(handle);
            if (!LinuxFile.TryClone(original.Handle, handle))
            {
                Directory.Delete(scratchPath, recursive: true);
                return null;
            }

            clones.Add(original with { Path = path, Handle = handle, Expected = LinuxFile.Identify(handle) });
        }

        return clones;
    }

    private static HypervisorException Written(string path, Exception? cause = null) => new(
        HypervisorFault.Transient,
        $"Image '{path}' changed while a snapshot of it was open: what was read is of no single instant and is not used.",
        "Let every writer take the machine's lock (machine.lock, flock) around its writes, or stop it while snapshots are taken.",
        cause);
}
