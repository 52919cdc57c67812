namespace RecoveryOperator.Hypervisors.Nbd.Server;

/// <summary>What a server gives to read. Safe for concurrent use.</summary>
internal interface INbdExport
{
    /// <summary>Its size in bytes.</summary>
    long SizeBytes { get; }

    /// <summary>Fails when nothing could be read now. Its error goes to the client: no secrets.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>The content of a range within the size, in pieces that follow each other; they are not changed afterwards.</summary>
    Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken);
}
