using System.Collections.Concurrent;
using System.Security.Cryptography;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>A log container in memory with the storage's rules: create if absent, equal content is success, whoever is first is right.</summary>
public sealed class FakeVault
{
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<(long Epoch, long Sequence), byte[]> Sets { get; } = new();

    /// <summary>Requests for checksums, in the order of their numbers for each sequence.</summary>
    public ConcurrentDictionary<(long Epoch, long Sequence, int Request), ResyncRequestDocument> Requests { get; } = new();

    /// <summary>What the vault agent tells; a test plays the vault agent by setting it.</summary>
    public ReplicaStateDocument? State { get; set; }

    /// <summary>Checksum tables by blob name: their ETag and content.</summary>
    public ConcurrentDictionary<string, (string Etag, byte[] Checksums)> Tables { get; } = new(StringComparer.Ordinal);

    /// <summary>Thrown by every request while set.</summary>
    public VaultException? Outage { get; set; }

    /// <summary>Called before a request is refused because of the outage.</summary>
    public Action? OnRefused { get; set; }

    public long UploadedBytes { get; private set; }

    public ILogStore Open(FaultPoints points) => new Log(this, points);

    public IEnumerable<SetManifest> Manifests(long epoch) => Sets.Keys
        .Where(key => key.Epoch == epoch)
        .OrderBy(key => key.Sequence)
        .Select(key => VaultJson.Read<SetManifest>(Sets[key], "set.json"));

    public void Seal(string protectionId, long epoch, long sequence) => Sets.TryAdd((epoch, sequence), VaultJson.Write(new SetManifest
    {
        Kind = SetKind.Seal,
        ProtectionId = protectionId,
        Epoch = epoch,
        Sequence = sequence,
        Instant = DateTimeOffset.UtcNow,
        SealedBy = "failover-1",
    }));

    private sealed class Log(FakeVault vault, FaultPoints points) : ILogStore
    {
        public TimeSpan? ClockOffset { get; private set; }

        public Task CreateSegmentAsync(string blob, Stream segment, CancellationToken cancellationToken) =>
            points.RunAsync($"CreateSegment {blob}", () =>
            {
                Answer();
                byte[] content = new byte[segment.Length];
                segment.Position = 0;
                segment.ReadExactly(content);
                byte[] standing = vault.Blobs.GetOrAdd(blob, content);
                vault.UploadedBytes += content.Length;
                return standing.AsSpan().SequenceEqual(content)
                    ? Task.CompletedTask
                    : throw new VaultException(VaultFault.Conflict, blob, $"{blob} has other content.", "Cut again.");
            });

        public Task<CommitResult> CommitAsync(SetManifest manifest, CancellationToken cancellationToken) => points.RunAsync("Commit", () =>
        {
            Answer();
            byte[] content = VaultJson.Write(manifest);
            foreach (SegmentRecord segment in manifest.Disks.SelectMany(disk => disk.Base.Concat(disk.Segments)))
                Assert.True(vault.Blobs.ContainsKey(segment.Blob), $"committed without {segment.Blob}");
            byte[] standing = vault.Sets.GetOrAdd((manifest.Epoch, manifest.Sequence), content);
            StoredSet set = Stored(standing);
            CommitOutcome outcome = standing.AsSpan().SequenceEqual(content) ? CommitOutcome.Committed
                : set.Manifest.Kind == SetKind.Seal ? CommitOutcome.Fenced : CommitOutcome.Conflict;
            return Task.FromResult(new CommitResult(outcome, set));
        });

        public Task<StoredSet?> ReadSetAsync(long epoch, long sequence, CancellationToken cancellationToken)
        {
            Answer();
            return Task.FromResult(vault.Sets.TryGetValue((epoch, sequence), out byte[]? content) ? Stored(content) : null);
        }

        public Task<ResyncRequestDocument> CreateResyncRequestAsync(ResyncRequestDocument request, CancellationToken cancellationToken) =>
            points.RunAsync("CreateResyncRequest", () =>
            {
                Answer();
                for (ResyncRequestDocument numbered = request; ; numbered = numbered with { Request = numbered.Request + 1 })
                {
                    if (vault.Requests.GetOrAdd((numbered.Epoch, numbered.Sequence, numbered.Request), numbered) == numbered)
                        return Task.FromResult(numbered);
                }
            });

        public Task<ReplicaStateDocument?> ReadReplicaStateAsync(CancellationToken cancellationToken)
        {
            Answer();
            return Task.FromResult(vault.State);
        }

        public IChecksumTableReader OpenChecksumTable(AnsweredTable table) => new TableReader(vault, table);

        private static StoredSet Stored(byte[] content) =>
            new(VaultJson.Read<SetManifest>(content, "set.json"), Convert.ToHexStringLower(SHA256.HashData(content)), DateTimeOffset.UtcNow);

        private void Answer()
        {
            if (vault.Outage is { } outage)
            {
                vault.OnRefused?.Invoke();
                throw outage;
            }

            ClockOffset = TimeSpan.FromMilliseconds(250);
        }
    }

    private sealed class TableReader(FakeVault vault, AnsweredTable table) : IChecksumTableReader
    {
        public long BlockCount { get; } = BlockSize.Count(table.SizeBytes);

        public Task ReadAsync(long firstBlock, Memory<byte> checksums, CancellationToken cancellationToken)
        {
            if (vault.Outage is { } outage)
                throw outage;
            if (!vault.Tables.TryGetValue(table.Blob, out (string Etag, byte[] Checksums) stored) || stored.Etag != table.Etag)
                throw new VaultException(VaultFault.Changed, table.Blob, $"{table.Blob} is another.", "Ask again.");

            int from = (int)Math.Min(firstBlock * BlockChecksum.LengthBytes, stored.Checksums.Length);
            int length = Math.Min(checksums.Length, stored.Checksums.Length - from);
            checksums.Span.Clear();
            stored.Checksums.AsMemory(from, length).CopyTo(checksums);
            return Task.CompletedTask;
        }
    }
}
