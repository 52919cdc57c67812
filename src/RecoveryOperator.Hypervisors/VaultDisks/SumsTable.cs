using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// A disk's checksum table in the vault, read when it is needed, by ranges that the cache keeps: 16 bytes for each block of 64 KiB, so 8 TiB of disk have 2 GiB of it.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="source">Its table.</param>
/// <param name="way">How it is read.</param>
internal sealed class SumsTable(ReplicaDisk disk, VaultSource source, VaultWay way)
{
    /// <summary>What one request asks for: the checksums of 64 MiB of disk.</summary>
    public const int RangeBytes = 16 << 10;

    private readonly string _key = $"{disk.SizeBytes} {source.Uri.AbsoluteUri}";

    /// <summary>The checksums of the blocks from one's start on, within one range of the table.</summary>
    /// <exception cref="HypervisorException">The vault does not give them; NotFound: there is no table.</exception>
    public async Task<ReadOnlyMemory<byte>> OfAsync(long diskOffsetBytes, int lengthBytes, CancellationToken cancellationToken)
    {
        var at = Position(diskOffsetBytes);
        var range = await way.Tables.GetAsync(_key, at / RangeBytes, () => FetchAsync(at / RangeBytes)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return range.AsMemory((int)(at % RangeBytes), (int)BlockSize.Count(lengthBytes) * BlockChecksum.LengthBytes);
    }

    /// <summary>The checksum of one block, as the vault gives it over another connection.</summary>
    /// <exception cref="HypervisorException">The vault does not give it.</exception>
    public async Task<byte[]> AnewAsync(long diskOffsetBytes, CancellationToken cancellationToken)
    {
        var checksum = new byte[BlockChecksum.LengthBytes];
        await way.Anew.ReadAsync(source, Position(diskOffsetBytes), checksum, way.Patience, way.Turns, cancellationToken).ConfigureAwait(false);
        return checksum;
    }

    private static long Position(long diskOffsetBytes) => diskOffsetBytes / BlockSize.Bytes * BlockChecksum.LengthBytes;

    /// <summary>For all who wait for it, so it ends with none of them.</summary>
    private async Task<byte[]> FetchAsync(long range)
    {
        var start = range * RangeBytes;
        var content = new byte[(int)Math.Min(RangeBytes, (BlockSize.Count(disk.SizeBytes) * BlockChecksum.LengthBytes) - start)];
        await way.LimitedAsync(token => way.Reader.ReadAsync(source, start, content, way.Patience, way.Turns, token), source, VaultWay.FetchLimit, way.Closing).ConfigureAwait(false);
        return content;
    }
}
