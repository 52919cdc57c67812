using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>A machine whose disks are in memory, and its host agent: writes change, commits ship what changed. Remembers every instant.</summary>
internal sealed class SourceMachine(ProtectionId id, ILogStore store, int seed, params int[] diskSizes)
{
    private const int RecordsPerSegment = 2;

    private readonly Random _random = new(seed);
    private readonly SortedDictionary<int, byte[]> _disks = new(diskSizes.Index().ToDictionary(disk => disk.Index, disk => new byte[disk.Item]));
    private readonly Dictionary<int, SortedSet<int>> _changed = diskSizes.Index().ToDictionary(disk => disk.Index, _ => new SortedSet<int>());
    private ILogStore _store = store;
    private StoredSet? _last;
    private bool _hasBase;

    public long Epoch { get; private set; } = 1;

    public long NextSequence => (_last?.Manifest.Sequence ?? 0) + 1;

    /// <summary>Disks at each committed set.</summary>
    public Dictionary<(long Epoch, long Sequence), SortedDictionary<int, byte[]>> Instants { get; } = [];

    public string? LastSegment { get; private set; }

    /// <summary>Encrypts segments from now on.</summary>
    public DataKey? Key { get; set; }

    /// <summary>Encrypts base segments, where it is another.</summary>
    public DataKey? BaseKey { get; set; }

    /// <summary>Leaves the format version and the key's id out of manifests, as somebody who forges one would.</summary>
    public bool HidesKey { get; set; }

    /// <summary>What the host says that the time is; null: the truth.</summary>
    public DateTimeOffset? Lie { get; set; }

    public ILogStore Store => _store;

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

    /// <summary>Grows or shrinks a disk; a last block that was short, or is now, counts as changed.</summary>
    public void Resize(int disk, int size)
    {
        byte[] content = _disks[disk];
        int edge = Math.Min(content.Length, size);
        Array.Resize(ref content, size);
        _disks[disk] = content;
        _changed[disk].RemoveWhere(block => block * BlockSize.Bytes >= size);
        if (edge % BlockSize.Bytes != 0)
            _changed[disk].Add(edge / BlockSize.Bytes);
    }

    public void Attach(int disk, int size)
    {
        _disks[disk] = new byte[size];
        _changed[disk] = [];
    }

    public void Detach(int disk) => _disks.Remove(disk);

    /// <summary>The machine starts from a point, in a new epoch, with a grant of its own; every write since then is tracked.</summary>
    public void BeginEpoch(long epoch, ILogStore grant, (long Epoch, long Sequence) parent)
    {
        Epoch = epoch;
        _store = grant;
        _last = null;
        _disks.Clear();
        foreach ((int index, byte[] content) in Instants[parent])
        {
            _disks[index] = content.ToArray();
            _changed[index] = [];
        }
    }

    public Task<StoredSet> CommitAsync(CancellationToken cancellationToken, Consistency consistency = Consistency.CrashConsistent) =>
        CommitAsync(_hasBase ? Completes.None : Completes.Initial, null, consistency, cancellationToken);

    /// <summary>Asks for the replica's checksums.</summary>
    public Task<ResyncRequestDocument> AskAsync(bool computeAnew, CancellationToken cancellationToken) => _store.CreateResyncRequestAsync(
        new ResyncRequestDocument
        {
            ProtectionId = id.ToString(),
            Epoch = Epoch,
            Sequence = NextSequence,
            Request = 0,
            Attempt = Guid.NewGuid(),
            ComputeAnew = computeAnew,
            Reason = "Requested",
            AskedAt = TestDocuments.Now,
        },
        cancellationToken);

    /// <summary>Compares with an answer, ships what differs and nothing else, and commits.</summary>
    public async Task<StoredSet> CommitResyncAsync(ReplicaStateDocument told, CancellationToken cancellationToken)
    {
        ResyncAnswer answer = told.Answer!;
        foreach ((int disk, byte[] content) in _disks)
        {
            AnsweredTable? table = answer.Tables.FirstOrDefault(candidate => candidate.Index == disk);
            _changed[disk] = [.. await DifferingAsync(content, table, cancellationToken)];
        }

        ComparedPosition compared = new(told.Epoch, told.Sequence, told.SetSha256, answer.Request, answer.Computed);
        return await CommitAsync(Completes.Resync, compared, Consistency.CrashConsistent, cancellationToken);
    }

    /// <summary>Blocks that the next set ships.</summary>
    public int ChangedBlocks(int disk) => _changed[disk].Count;

    private async Task<StoredSet> CommitAsync(Completes completes, ComparedPosition? compared, Consistency consistency, CancellationToken cancellationToken)
    {
        long sequence = NextSequence;
        Guid attempt = Guid.NewGuid();
        bool isBase = completes != Completes.None;
        List<SetDisk> disks = [];
        foreach ((int disk, byte[] content) in _disks)
        {
            List<SegmentRecord> segments = await ShipAsync(disk, isBase ? 0 : sequence, attempt, cancellationToken);
            disks.Add(new SetDisk(disk, $"vd{(char)('a' + disk)}", content.Length, 0, isBase ? segments : [], isBase ? [] : segments));
        }

        SetManifest manifest = TestDocuments.Set(id, sequence, _last?.Sha256, disks) with
        {
            Epoch = Epoch,
            Instant = Lie ?? TestDocuments.Now,
            Attempt = attempt,
            Consistency = consistency,
            Completes = completes,
            ComparedWith = compared,
            FormatVersion = Key is null || HidesKey ? 1 : SetManifest.EncryptedFormatVersion,
            DataKeys = Key is null || HidesKey ? null : isBase ? [] : [Key.Id.ToString()],
        };
        CommitResult result = await _store.CommitAsync(manifest, cancellationToken);
        Assert.Equal(CommitOutcome.Committed, result.Outcome);
        foreach (SortedSet<int> changed in _changed.Values)
            changed.Clear();
        _last = result.Standing;
        _hasBase = true;
        Instants[(Epoch, sequence)] = new(_disks.ToDictionary(disk => disk.Key, disk => disk.Value.ToArray()));
        return _last;
    }

    private async Task<List<int>> DifferingAsync(byte[] content, AnsweredTable? table, CancellationToken cancellationToken)
    {
        int blocks = (int)BlockSize.Count(content.Length);
        byte[] known = new byte[blocks * BlockChecksum.LengthBytes];
        if (table is not null)
            await _store.OpenChecksumTable(table).ReadAsync(0, known, cancellationToken);
        byte[] actual = ReplicaScene.SumsOf(content);
        int shortBlock = table is not null && table.SizeBytes != content.Length ? (int)(Math.Min(table.SizeBytes, content.Length) / BlockSize.Bytes) : -1;
        return [.. Enumerable.Range(0, blocks).Where(block => block == shortBlock
            || !actual.AsSpan(block * 16, 16).SequenceEqual(known.AsSpan(block * 16, 16)))];
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
            SegmentIdentity identity = new(id, Epoch, sequence, attempt, disk, segments.Count);
            byte[] content = await EncodeAsync(disk, blocks, identity, cancellationToken);
            string blob = sequence == 0 ? VaultNames.BaseSegment(Epoch, attempt, disk, segments.Count) : VaultNames.Segment(Epoch, sequence, attempt, disk, segments.Count);
            await _store.CreateSegmentAsync(blob, content, cancellationToken);
            segments.Add(new SegmentRecord(blob, content.Length, SetReader.Hash(content), segments.Count, attempt));
            LastSegment = blob;
        }

        return segments;
    }

    private async Task<byte[]> EncodeAsync(int disk, int[] blocks, SegmentIdentity identity, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new();
        DataKey? key = identity.Sequence == 0 ? BaseKey ?? Key : Key;
        using ChangeLogWriter writer = await ChangeLogWriter.CreateAsync(stream, new SegmentHeader(identity, _disks[disk].Length), key, null, cancellationToken);
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
