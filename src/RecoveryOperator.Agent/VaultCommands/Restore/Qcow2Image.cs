using System.Collections;
using System.Numerics;
using static System.Buffers.Binary.BinaryPrimitives;

namespace RecoveryOperator.Agent.VaultCommands.Restore;

/// <summary>
/// A qcow2 image (version 3, clusters of 64 KiB), written once: header, L1 table, refcount table, room for all L2 tables (a hole where none is needed), then the
/// clusters in the order in which they come, then the refcount blocks. The L2 tables lie one behind the other, so an entry's place follows from its cluster, and
/// no table is held in memory, whatever the disk's size.
/// </summary>
internal sealed class Qcow2Image : DiskImage
{
    private const int ClusterBits = 16;
    private const int ClusterBytes = 1 << ClusterBits;
    private const int EntryBytes = 8;
    private const int EntriesPerTable = ClusterBytes / EntryBytes;
    private const int RefcountsPerBlock = ClusterBytes / 2;
    private const ulong Copied = 1UL << 63;

    private readonly Lock _lock = new();
    private readonly long _sizeBytes;
    private readonly long _l1Cluster = 1;
    private readonly long _refcountTableCluster;
    private readonly long _refcountTableClusters;
    private readonly long _l2Cluster;
    private readonly BitArray _usedTables;
    private long _nextCluster;

    public Qcow2Image(string path, long sizeBytes)
        : base(path)
    {
        _sizeBytes = sizeBytes;
        long dataClusters = CeilingOf(sizeBytes, ClusterBytes);
        int tables = (int)CeilingOf(dataClusters, EntriesPerTable);
        long l1Clusters = CeilingOf((long)tables * EntryBytes, ClusterBytes);
        long mostBlocks = CeilingOf(dataClusters + tables + l1Clusters + EntriesPerTable, RefcountsPerBlock - 1) + 1;
        _usedTables = new BitArray(tables);
        _refcountTableCluster = _l1Cluster + l1Clusters;
        _refcountTableClusters = CeilingOf(mostBlocks * EntryBytes, ClusterBytes);
        _l2Cluster = _refcountTableCluster + _refcountTableClusters;
        _nextCluster = _l2Cluster + tables;
    }

    public override async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        long first = offsetBytes / ClusterBytes;
        int count = (int)CeilingOf(content.Length, ClusterBytes);
        long place = Allocate(first, count);
        byte[] entries = new byte[count * EntryBytes];
        for (int index = 0; index < count; index++)
            WriteUInt64BigEndian(entries.AsSpan(index * EntryBytes), ((ulong)(place + index) << ClusterBits) | Copied);

        await RandomAccess.WriteAsync(File, content, place << ClusterBits, cancellationToken);
        await RandomAccess.WriteAsync(File, entries, (_l2Cluster << ClusterBits) + (first * EntryBytes), cancellationToken);
    }

    public override void Complete()
    {
        long blocks = CeilingOf(_nextCluster, RefcountsPerBlock);
        while (blocks * RefcountsPerBlock < _nextCluster + blocks)
            blocks++;
        long end = _nextCluster + blocks;
        RandomAccess.SetLength(File, end << ClusterBits);
        WriteRefcounts(end, blocks);
        WriteTable(_l1Cluster, _usedTables.Count, table => _usedTables[table] ? ((ulong)(_l2Cluster + table) << ClusterBits) | Copied : 0);
        WriteTable(_refcountTableCluster, (int)blocks, block => (ulong)(_nextCluster + block) << ClusterBits);
        RandomAccess.FlushToDisk(File);
        RandomAccess.Write(File, Header(), 0);
        base.Complete();
    }

    private static long CeilingOf(long value, long unit) => (value + unit - 1) / unit;

    private long Allocate(long first, int count)
    {
        lock (_lock)
        {
            for (long table = first / EntriesPerTable; table <= (first + count - 1) / EntriesPerTable; table++)
                _usedTables[(int)table] = true;
            long place = _nextCluster;
            _nextCluster += count;
            return place;
        }
    }

    private void WriteRefcounts(long end, long blocks)
    {
        byte[] content = new byte[ClusterBytes];
        for (long block = 0; block < blocks; block++)
        {
            content.AsSpan().Clear();
            for (int index = 0; index < RefcountsPerBlock && (block * RefcountsPerBlock) + index < end; index++)
                WriteUInt16BigEndian(content.AsSpan(index * 2), IsUsed((block * RefcountsPerBlock) + index) ? (ushort)1 : (ushort)0);
            RandomAccess.Write(File, content, (_nextCluster + block) << ClusterBits);
        }
    }

    private bool IsUsed(long cluster) => cluster < _l2Cluster || cluster >= _l2Cluster + _usedTables.Count || _usedTables[(int)(cluster - _l2Cluster)];

    private void WriteTable(long cluster, int entries, Func<int, ulong> entryOf)
    {
        byte[] content = new byte[entries * EntryBytes];
        for (int index = 0; index < entries; index++)
            WriteUInt64BigEndian(content.AsSpan(index * EntryBytes), entryOf(index));
        RandomAccess.Write(File, content, cluster << ClusterBits);
    }

    private byte[] Header()
    {
        const int SectorBytes = 512;
        const int HeaderBytes = 104;
        byte[] header = new byte[HeaderBytes + EntryBytes]; // An empty list of extensions follows.
        "QFI"u8.CopyTo(header);
        header[3] = 0xFB;
        WriteUInt32BigEndian(header.AsSpan(4), 3);
        WriteUInt32BigEndian(header.AsSpan(20), (uint)BitOperations.Log2(ClusterBytes));
        WriteUInt64BigEndian(header.AsSpan(24), (ulong)(CeilingOf(_sizeBytes, SectorBytes) * SectorBytes));
        WriteUInt32BigEndian(header.AsSpan(36), (uint)_usedTables.Count);
        WriteUInt64BigEndian(header.AsSpan(40), (ulong)_l1Cluster << ClusterBits);
        WriteUInt64BigEndian(header.AsSpan(48), (ulong)_refcountTableCluster << ClusterBits);
        WriteUInt32BigEndian(header.AsSpan(56), (uint)_refcountTableClusters);
        WriteUInt32BigEndian(header.AsSpan(96), 4);
        WriteUInt32BigEndian(header.AsSpan(100), HeaderBytes);
        return header;
    }
}
