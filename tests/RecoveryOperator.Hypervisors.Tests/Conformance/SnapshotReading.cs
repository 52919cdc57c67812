namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>Reading snapshots the way the data path does.</summary>
public static class SnapshotReading
{
    public static async Task<List<Extent>> ListExtentsAsync(this ISnapshotDisk disk)
    {
        var extents = new List<Extent>();
        await foreach (var extent in disk.ExtentsAsync(TestContext.Current.CancellationToken))
        {
            Assert.True(extent.LengthBytes > 0, $"{extent} is empty");
            Assert.True(extent.EndBytes <= disk.SizeBytes, $"{extent} is beyond the disk's end");
            Assert.True(extents.Count == 0 || extents[^1].EndBytes <= extent.OffsetBytes, $"{extent} is out of order");
            extents.Add(extent);
        }

        return extents;
    }

    /// <summary>Copies the reported ranges over <paramref name="replica"/>, all reads in flight at once; returns what was reported.</summary>
    public static async Task<List<Extent>> CopyToAsync(this ISnapshotDisk disk, byte[] replica)
    {
        const int PieceBytes = 256 << 10;
        Assert.Equal(replica.Length, disk.SizeBytes);
        var extents = await disk.ListExtentsAsync();
        var pieces = extents.SelectMany(extent => Enumerable
            .Range(0, (int)((extent.LengthBytes + PieceBytes - 1) / PieceBytes))
            .Select(i => new Extent(
                extent.OffsetBytes + ((long)i * PieceBytes),
                Math.Min(PieceBytes, extent.LengthBytes - ((long)i * PieceBytes)))));
        await Task.WhenAll(pieces.Select(piece => disk.ReadAsync(
            piece.OffsetBytes,
            replica.AsMemory((int)piece.OffsetBytes, (int)piece.LengthBytes),
            TestContext.Current.CancellationToken).AsTask()));
        return extents;
    }

    /// <summary>The disk's content as a full copy would have it: what is not reported is zero.</summary>
    public static async Task<byte[]> ReadFullAsync(this ISnapshotDisk disk)
    {
        var content = new byte[disk.SizeBytes];
        await disk.CopyToAsync(content);
        return content;
    }

    public static long TotalBytes(this IEnumerable<Extent> extents) => extents.Sum(extent => extent.LengthBytes);

    /// <summary>Fails with the first difference, not with two long arrays.</summary>
    public static void AssertSame(byte[] expected, byte[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var same = expected.AsSpan().CommonPrefixLength(actual);
        Assert.True(same == expected.Length, $"{what} differs from byte {same} on");
    }
}
