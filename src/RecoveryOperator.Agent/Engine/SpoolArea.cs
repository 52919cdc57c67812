using RecoveryOperator.Agent.Faults;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Agent.Engine;

/// <summary>The spool of a host: <c>&lt;directory&gt;/&lt;protection&gt;/&lt;attempt&gt;/</c>. Leaves the reserved room free for others.</summary>
/// <param name="directory">Its folder.</param>
/// <param name="reservedFreeBytes">Free bytes that it never uses.</param>
/// <param name="freeBytes">Free bytes where a folder lies; the operating system's answer when null.</param>
public sealed class SpoolArea(string directory, long reservedFreeBytes, Func<string, long>? freeBytes = null)
{
    /// <summary>Cutting looks for leftovers while shipping deletes what is committed.</summary>
    private readonly Lock _deleting = new();

    /// <summary>Its folder.</summary>
    public string Directory { get; } = Path.GetFullPath(directory);

    /// <summary>Free bytes for cuts.</summary>
    public long FreeBytes => Math.Max(0, (freeBytes ?? AskSystem)(Directory) - reservedFreeBytes);

    /// <summary>The folder of a cut.</summary>
    public string AttemptFolder(string protectionId, Guid attempt) => Path.Combine(Directory, protectionId, attempt.ToString("D"));

    /// <summary>A spool for one attempt.</summary>
    /// <param name="protectionId">The protection.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="completed">Called for each finished segment, to ship it: what is not shipped in a power failure is captured again. Null: a cut's, which must survive one.</param>
    public ISegmentSpool Open(string protectionId, Guid attempt, Func<SpooledSegment, long, CancellationToken, ValueTask>? completed = null) =>
        new BoundedSpool(new FileSegmentSpool(AttemptFolder(protectionId, attempt), completed, durable: completed is null), EnsureRoom);

    /// <summary>Throws when not even one more segment fits.</summary>
    /// <exception cref="FaultException">No room (reason NoSpoolSpace).</exception>
    public void EnsureRoom()
    {
        long free = FreeBytes;
        if (free < ChangeLogConstants.MaxSegmentLengthBytes && Guards.Hold(Guard.SpoolBound))
        {
            throw new FaultException(
                FaultCategory.Recoverable,
                FaultReasons.NoSpoolSpace,
                $"spool {Directory}",
                $"The spool '{Directory}' has {free} bytes free beyond the reserved {reservedFreeBytes}: no cut is made.",
                "Free space there or move the spool (Spool:Directory). Nothing is lost: changes go on being tracked, and it is tried again by itself.");
        }
    }

    /// <summary>Deletes an attempt's files.</summary>
    public void DeleteAttempt(string protectionId, Guid attempt) => Delete(AttemptFolder(protectionId, attempt));

    /// <summary>Deletes all files of a protection.</summary>
    public void DeleteAll(string protectionId) => Delete(Path.Combine(Directory, protectionId));

    /// <summary>Deletes files of a protection that are of no finished cut.</summary>
    /// <param name="protectionId">The protection.</param>
    /// <param name="attempts">Attempts of the finished cuts that wait.</param>
    /// <returns>How many files it were.</returns>
    public int DeleteLeftovers(string protectionId, IEnumerable<Guid> attempts)
    {
        HashSet<string> recorded = attempts.Select(attempt => AttemptFolder(protectionId, attempt)).ToHashSet(StringComparer.Ordinal);
        lock (_deleting)
            return FileSegmentSpool.DeleteLeftovers(Path.Combine(Directory, protectionId), recorded).Count;
    }

    private void Delete(string folder)
    {
        lock (_deleting)
        {
            if (System.IO.Directory.Exists(folder))
                System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    private static long AskSystem(string folder)
    {
        System.IO.Directory.CreateDirectory(folder);
        return new DriveInfo(folder).AvailableFreeSpace;
    }

    private sealed class BoundedSpool(FileSegmentSpool inner, Action ensureRoom) : ISegmentSpool
    {
        public ValueTask<ISpoolFile> CreateAsync(string fileName, CancellationToken cancellationToken)
        {
            ensureRoom();
            return inner.CreateAsync(fileName, cancellationToken);
        }

        public ValueTask CompleteAsync(SpooledSegment segment, long coveredThroughBytes, CancellationToken cancellationToken) =>
            inner.CompleteAsync(segment, coveredThroughBytes, cancellationToken);

        public ValueTask DiscardAsync(SpooledSegment segment, CancellationToken cancellationToken) => inner.DiscardAsync(segment, cancellationToken);
    }
}
