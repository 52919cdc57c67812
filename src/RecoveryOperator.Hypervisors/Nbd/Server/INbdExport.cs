namespace RecoveryOperator.Hypervisors.Nbd.Server;

/// <summary>What a server gives to read. Safe for concurrent use.</summary>
internal interface INbdExport
{
    /// <summary>Its size in bytes.</summary>
    long SizeBytes { get; }

    /// <summary>Fails, within a limit of its own, when nothing could be read now. Its error goes to the client: no secrets.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>The content of a range within the size, in pieces that follow each other; they are not changed afterwards. It ends within a limit of its own, and reports
    /// its failures itself.</summary>
    /// <exception cref="HypervisorException">It cannot be read now: an I/O error to the client. Anything else ends the connection.</exception>
    Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken);
}
