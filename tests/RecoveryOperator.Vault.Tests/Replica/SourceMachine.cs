using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>A machine whose disks are in memory, and its host agent: writes change, commits ship what changed. Remembers every instant.</summary>
internal sealed class SourceMachine(ProtectionId id, ILogStore store, int seed, params int[] diskSizes)
{
    private const int RecordsPerSegment = 2;

    private readonly Random _random = new(seed);
    private readonly byte[][] _disks = [.. diskSizes.Select(size => new byte[size])];
    private readonly SortedSet<int>[] _changed = [.. diskSizes.Select(_ => new SortedSet<int>())];
    private StoredSet? _last;

    /// <summary>Disks at each committed sequence.</summary>
    public Dictionary<long, byte[][]> Instants { get; } = [];

    public string? LastSegment { get; private set; }

    public void Write(int disk, int offset, int length)
    {
        _random.NextBytes(_disks[disk].AsSpan(offset, length));
        Touch(disk, offset, length);
    }

    public void Zero(int disk, int offset, int length)
    {
        _disks[disk].AsSpan(offset, length).Clear();
        Touch(disk, offset, length);
    }

    public void Grow(int disk, int size) => Array.Resize(ref _disks[disk], size);

    public async Task<StoredSet> CommitAsync(CancellationToken cancellationToken, Consistency consistency = Consistency.CrashConsistent)
    {
        long sequence = (_last?.Manifest.Sequence ?? 0) + 1;
        Guid attempt = Guid.NewGuid();
        bool isInitial = sequence == 1;
        List<SetDisk> disks = [];
        for (int disk = 0; disk < _disks.Length; disk++)
        {
            List<SegmentRecord> segments = await ShipAsync(disk, isInitial ? 0 : sequence, attempt, cancellationToken);
            disks.Add(new SetDisk(disk, $"vd{(char)('a' + disk)}", _disks[disk].Length, 0, isInitial ? segments : [], isInitial ? [] : segments));
            _changed[disk].Clear();
        }

        SetManifest manifest = TestDocuments.Set(id, sequence, _last?.Sha256, disks) with
        {
            Attempt = attempt,
            Consistency = consistency,
            Completes = isInitial ? Completes.Initial : Completes.None,
        };
        CommitResult result = await store.CommitAsync(manifest, cancellationToken);
        Assert.Equal(CommitOutcome.Committed, result.Outcome);
        _last = result.Standing;
        Instants[sequence] = [.. _disks.Select(content => content.ToArray())];
        return _last;
    }

    private void Touch(int disk, int offset, int length)
    {
        for (int block = offset / BlockSize.Bytes; block <= (offset + length - 1) / BlockSize.Bytes; block++)
            _changed[disk].Add(block);
    }

    private async Task<List<SegmentRecord>> ShipAsync(int disk, long sequence, Guid attempt, CancellationToken cancellationToken)
    {
        List<SegmentRecord> segments = [];
        foreach (int[] blocks in _changed[disk].Chunk(RecordsPerSegment))
        {
            SegmentIdentity identity = new(id, 1, sequence, attempt, disk, segments.Count);
            byte[] content = await EncodeAsync(disk, blocks, identity, cancellationToken);
            string blob = sequence == 0 ? VaultNames.BaseSegment(1, attempt, disk, segments.Count) : VaultNames.Segment(1, sequence, attempt, disk, segments.Count);
            await store.CreateSegmentAsync(blob, content, cancellationToken);
            segments.Add(new SegmentRecord(blob, content.Length, SetReader.Hash(content), segments.Count, attempt));
            LastSegment = blob;
        }

        return segments;
    }

    private async Task<byte[]> EncodeAsync(int disk, int[] blocks, SegmentIdentity identity, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new();
        ChangeLogWriter writer = await ChangeLogWriter.CreateAsync(stream, new SegmentHeader(identity, _disks[disk].Length), cancellationToken);
        foreach (int block in blocks)
        {
            int offset = block * BlockSize.Bytes;
            ReadOnlyMemory<byte> content = _disks[disk].AsMemory(offset, Math.Min(BlockSize.Bytes, _disks[disk].Length - offset));
            Extent range = new(offset, content.Length);
            byte[] checksum = new byte[BlockChecksum.LengthBytes];
            BlockChecksum.Compute(content.Span, checksum);
            if (BlockChecksum.IsZero(content.Span))
                await writer.AppendZerosAsync(range, cancellationToken);
            else
                await writer.AppendDataAsync(range, ChangeLogCodec.Stored, checksum, content, cancellationToken);
        }

        await writer.CompleteAsync(cancellationToken);
        return stream.ToArray();
    }
}
