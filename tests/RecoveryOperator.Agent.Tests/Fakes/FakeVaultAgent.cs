using System.Security.Cryptography;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>
/// The vault agent's part of docs/resync.md, in memory: applies sets in order, keeps points, ends the chain at damage, and answers requests. Each applied set is
/// compared with what the machine's disks held at its instant.
/// </summary>
public sealed class FakeVaultAgent(EngineBench bench, long epoch = 1)
{
    private readonly FakeVault _vault = bench.Vault;
    private Dictionary<int, byte[]> _disks = [];
    private HashSet<int> _present = [];
    private int _answers;

    /// <summary>Sequences that cannot be applied.</summary>
    public HashSet<long> Damaged { get; } = [];

    public long Position { get; private set; }

    public string? PositionSha256 { get; private set; }

    /// <summary>Content of each point.</summary>
    public SortedDictionary<long, Dictionary<int, byte[]>> Points { get; } = [];

    /// <summary>The replica's disks may be damaged behind everybody's back.</summary>
    public IReadOnlyDictionary<int, byte[]> Disks => _disks;

    /// <summary>The replica holds something already: the parent point of an epoch.</summary>
    public void Begin(Dictionary<int, byte[]> content)
    {
        _disks = content;
        _present = [.. content.Keys];
    }

    /// <summary>Applies what can be applied, then answers what was asked.</summary>
    public async Task RunAsync(bool answers = true)
    {
        long free = Position + 1;
        for (; Set(free) is { } set; free++)
            await ApplyAsync(set);
        ResyncRequestDocument? asked = _vault.Requests.Values
            .Where(request => request.Epoch == epoch && request.Sequence == free)
            .OrderBy(request => request.Request)
            .LastOrDefault();
        if (answers && asked is not null && _vault.State?.Answer?.Attempt != asked.Attempt)
            Answer(asked);
    }

    /// <summary>Scrub found damage.</summary>
    public void ReportDamage() => _vault.State = State() with
    {
        NeedsResync = new ResyncNeed(ResyncNeedReason.ReplicaDamaged, Position, "A block is not what the source read.", ComputeAnew: true),
    };

    private SetManifest? Set(long sequence) =>
        _vault.Sets.TryGetValue((epoch, sequence), out byte[]? content) ? Vault.VaultJson.Read<SetManifest>(content, "set.json") : null;

    private async Task ApplyAsync(SetManifest set)
    {
        bool follows = set.Completes == Completes.Resync
            ? set.ComparedWith is { } position && position.Epoch == epoch && position.Sequence == Position && position.SetSha256 == PositionSha256
            : set.Sequence == Position + 1;
        if (!follows || Damaged.Contains(set.Sequence))
        {
            if (set.Completes == Completes.Resync || set.Sequence == Position + 1)
                _vault.State = State() with { NeedsResync = new ResyncNeed(ResyncNeedReason.SetDamaged, set.Sequence, $"Set {set.Sequence} is damaged.", false) };
            return;
        }

        ReplayedReplica replica = new(blob => _vault.Blobs[blob]);
        foreach (SetDisk disk in set.Disks)
            replica.Disks[disk.Index] = Prepared(disk);
        await replica.ApplyAsync(set, TestContext.Current.CancellationToken);
        foreach ((int index, byte[] content) in replica.Disks)
            _disks[index] = content;
        bench.AssertHoldsTruth(set, _disks);
        _present = [.. set.Disks.Select(disk => disk.Index)];
        Position = set.Sequence;
        PositionSha256 = Convert.ToHexStringLower(SHA256.HashData(_vault.Sets[(epoch, set.Sequence)]));
        Points[Position] = _present.ToDictionary(index => index, index => (byte[])_disks[index].Clone());
        if (set.Completes == Completes.Resync)
            _vault.State = State();
    }

    /// <summary>A disk that the newest point does not have begins with zeros; one of another size is resized.</summary>
    private byte[] Prepared(SetDisk disk)
    {
        byte[] content = new byte[disk.SizeBytes];
        if (_present.Contains(disk.Index))
            _disks[disk.Index].AsSpan(0, (int)Math.Min(disk.SizeBytes, _disks[disk.Index].Length)).CopyTo(content);
        return content;
    }

    private void Answer(ResyncRequestDocument asked)
    {
        int number = ++_answers;
        List<AnsweredTable> tables = [];
        foreach (int index in _present)
        {
            string blob = $"sums/{(asked.ComputeAnew ? "computed/" : "")}disk-{index}.sum";
            _vault.Tables[blob] = ($"etag-{number}", TableOf(_disks[index]));
            tables.Add(new AnsweredTable(index, blob, $"etag-{number}", _disks[index].Length));
        }

        _vault.State = State() with
        {
            NeedsResync = _vault.State?.NeedsResync,
            Answer = new ResyncAnswer(asked.Sequence, asked.Request, asked.Attempt, asked.ComputeAnew, null, tables),
        };
    }

    private ReplicaStateDocument State() => new() { Epoch = epoch, Sequence = Position, SetSha256 = PositionSha256 };

    private static byte[] TableOf(byte[] disk)
    {
        byte[] table = new byte[BlockSize.Count(disk.Length) * BlockChecksum.LengthBytes];
        for (int block = 0; block * BlockSize.Bytes < disk.Length; block++)
        {
            ReadOnlySpan<byte> content = disk.AsSpan(block * BlockSize.Bytes, Math.Min(BlockSize.Bytes, disk.Length - (block * BlockSize.Bytes)));
            if (!BlockChecksum.IsZero(content))
                BlockChecksum.Compute(content, table.AsSpan(block * BlockChecksum.LengthBytes));
        }

        return table;
    }
}
