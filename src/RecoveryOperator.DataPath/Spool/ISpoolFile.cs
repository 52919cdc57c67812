namespace RecoveryOperator.DataPath.Spool;

/// <summary>A segment that is being written. Disposed without being sealed, it leaves nothing behind.</summary>
public interface ISpoolFile : IAsyncDisposable
{
    /// <summary>Full path that the file has once it is sealed.</summary>
    string Path { get; }

    /// <summary>Takes the segment's bytes. Owned by the file.</summary>
    Stream Content { get; }

    /// <summary>Makes the file durable and gives it its name. Returns when both would survive a power failure.</summary>
    /// <exception cref="IOException">The file could not be made durable.</exception>
    ValueTask SealAsync(CancellationToken cancellationToken);
}
