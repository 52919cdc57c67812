namespace RecoveryOperator.DataPath.Spool;

/// <summary>
/// A folder that holds the segments of one cut: a new attempt gets a new folder. Files are written as <c>*.partial</c>, flushed, renamed, and
/// the folder is flushed, so a file with its final name is whole.
/// </summary>
/// <param name="folder">The folder; created, with its parents, by the first segment.</param>
/// <param name="completed">Called for each finished segment, in order (see <see cref="ISegmentSpool.CompleteAsync"/>); null for nothing.</param>
/// <param name="durable">
/// Whether a finished segment would survive a power failure (default). One that is only on its way to the vault, and captured again when it is lost, need not.
/// </param>
public sealed class FileSegmentSpool(string folder, Func<SpooledSegment, long, CancellationToken, ValueTask>? completed = null, bool durable = true) : ISegmentSpool
{
    /// <summary>Full path of the folder.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <inheritdoc/>
    public ValueTask<ISpoolFile> CreateAsync(string fileName, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        DurableFolder.Create(Folder);
        string path = Path.Combine(Folder, fileName);
        if (File.Exists(path))
            throw new IOException($"The spool has a segment '{path}' already. Every cut needs a folder of its own: use a new attempt.");

        return new(new PartialSpoolFile(path, durable));
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(SpooledSegment segment, long coveredThroughBytes, CancellationToken cancellationToken) =>
        completed is null ? default : completed(segment, coveredThroughBytes, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DiscardAsync(SpooledSegment segment, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Delete(segment);
        DeleteIfEmpty(Folder);
        return default;
    }

    /// <summary>Removes a segment that is no longer needed. A file that is not there is no error.</summary>
    public static void Delete(SpooledSegment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        if (File.Exists(segment.Path))
            File.Delete(segment.Path);
    }

    /// <summary>
    /// Finds the files in folders of <paramref name="root"/> that belong to no finished cut: unfinished ones, and finished ones whose cut was never
    /// recorded. They are safe to delete, because the change tracking still holds what they carry. A recorded cut is finished, so its folder holds nothing
    /// else, and is not looked into: that would cost more the more waits.
    /// </summary>
    /// <param name="root">The spool's folder; it need not exist.</param>
    /// <param name="recordedFolders">Full paths of the folders of recorded cuts.</param>
    public static IReadOnlyList<string> FindLeftovers(string root, IReadOnlySet<string> recordedFolders) =>
    [
        .. LostFolders(root, recordedFolders)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(path => path.EndsWith(SegmentFileName.PartialSuffix, StringComparison.Ordinal) || path.EndsWith(SegmentFileName.Suffix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>
    /// Deletes what <see cref="FindLeftovers"/> finds, and those of these folders that are empty then. For an agent's start:
    /// no capture may be writing there.
    /// </summary>
    /// <returns>The deleted files.</returns>
    public static IReadOnlyList<string> DeleteLeftovers(string root, IReadOnlySet<string> recordedFolders)
    {
        IReadOnlyList<string> leftovers = FindLeftovers(root, recordedFolders);
        foreach (string path in leftovers)
            File.Delete(path);

        foreach (string folder in LostFolders(root, recordedFolders))
            DeleteIfEmpty(folder);
        return leftovers;
    }

    private static string[] LostFolders(string root, IReadOnlySet<string> recordedFolders) =>
        Directory.Exists(root) ? [.. Directory.EnumerateDirectories(Path.GetFullPath(root)).Where(folder => !recordedFolders.Contains(folder))] : [];

    private static void DeleteIfEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
