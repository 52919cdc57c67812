using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.Tests.VaultCommands;

/// <summary>A machine whose disks are in memory, shipped as a host agent ships it and applied by the real applier.</summary>
internal sealed class ShippedMachine(Azurite azurite, string name, int seed, params int[] diskSizes)
{
    private readonly Random _random = new(seed);
    private readonly SortedSet<int>[] _changed = [.. diskSizes.Select(_ => new SortedSet<int>())];
    private StoredSet? _last;
    private BlobLogStore _host = null!;

    public byte[][] Disks { get; } = [.. diskSizes.Select(size => new byte[size])];

    public ProtectionId Id { get; } = ProtectionIds.Derive("t", "apps", name);

    public VaultAccount Account { get; } = VaultAccount.Connect(new VaultConnectionOptions
    {
        Endpoint = azurite.Endpoint,
        AccountName = azurite.AccountName,
        AccountKey = azurite.AccountKey,
        Prefix = "t",
    });

    public ProtectionVault Vault => Account.Open(Id);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task<ShippedMachine> CreateAsync(DateTimeOffset? createdAt = null)
    {
        await Vault.CreateMachineAsync("apps", name, "t", createdAt);
        _host = new BlobLogStore(await Vault.GrantHostAsync(1, TimeProvider.System.GetUtcNow(), Token), TimeProvider.System);
        return this;
    }

    public void Write(int disk, int offset, int length)
    {
        _random.NextBytes(Disks[disk].AsSpan(offset, length));
        Touch(disk, offset, length);
    }

    public void Zero(int disk, int offset, int length)
    {
        Disks[disk].AsSpan(offset, length).Clear();
        Touch(disk, offset, length);
    }

    /// <summary>Commits what changed as a set.</summary>
    public async Task<StoredSet> CommitAsync(Consistency consistency = Consistency.CrashConsistent)
    {
        long sequence = (_last?.Manifest.Sequence ?? 0) + 1;
        Guid attempt = Guid.NewGuid();
        List<SetDisk> disks = [];
        for (int disk = 0; disk < Disks.Length; disk++)
        {
            List<SegmentRecord> segments = _changed[disk].Count > 0 ? [await ShipAsync(disk, sequence, attempt)] : [];
            disks.Add(new SetDisk(disk, $"vd{(char)('a' + disk)}", Disks[disk].Length, 0, [], segments));
            _changed[disk].Clear();
        }

        SetManifest manifest = new()
        {
            Kind = SetKind.Set,
            ProtectionId = Id.ToString(),
            Epoch = 1,
            Sequence = sequence,
            Attempt = attempt,
            PreviousSha256 = _last?.Sha256,
            Instant = TimeProvider.System.GetUtcNow(),
            Consistency = consistency,
            Machine = new MachineRecord($"uuid-of-{name}", $"{name}.example", JsonSerializer.SerializeToElement(new { hypervisor = "Libvirt", nativeDefinition = "<domain/>" })),
            Disks = disks,
        };
        return _last = (await _host.CommitAsync(manifest, Token)).Standing;
    }

    /// <summary>Applies what is committed.</summary>
    public async Task ApplyAsync()
    {
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        ReplicaApplier applier = new(Account, Vault, holder, new ReplicaApplierOptions { LeaseDuration = TimeSpan.FromSeconds(15) }, NullLogger<ReplicaApplier>.Instance);
        Assert.Equal(ApplyOutcome.UpToDate, (await applier.ApplyAsync(int.MaxValue, null, Token)).Outcome);
    }

    /// <summary>Changes one bit of the replica's disk, behind everybody's back. Points made before keep their snapshots; those made later have it.</summary>
    public async Task FlipAsync(int disk, long offset)
    {
        const int PageBytes = 512;
        PageBlobClient blob = new BlobContainerClient(
            new Uri($"{azurite.Endpoint}/{VaultNames.ReplicaContainer(Id)}"), new StorageSharedKeyCredential(azurite.AccountName, azurite.AccountKey))
            .GetPageBlobClient(VaultNames.Disk(disk));
        long page = offset / PageBytes * PageBytes;
        Azure.Storage.Blobs.Models.BlobDownloadOptions range = new() { Range = new Azure.HttpRange(page, PageBytes) };
        byte[] content = (await blob.DownloadContentAsync(range, Token)).Value.Content.ToArray();
        content[offset - page] ^= 1;
        await blob.UploadPagesAsync(new MemoryStream(content), page, cancellationToken: Token);
    }

    /// <summary>A SAS of the account that reads and lists, and nothing else.</summary>
    public static string ReadOnlySas(Azurite azurite)
    {
        AccountSasBuilder builder = new()
        {
            Services = AccountSasServices.Blobs,
            ResourceTypes = AccountSasResourceTypes.All,
            ExpiresOn = TimeProvider.System.GetUtcNow().AddHours(1),
            Protocol = SasProtocol.HttpsAndHttp,
        };
        builder.SetPermissions(AccountSasPermissions.Read | AccountSasPermissions.List);
        return builder.ToSasQueryParameters(new StorageSharedKeyCredential(azurite.AccountName, azurite.AccountKey)).ToString();
    }

    private void Touch(int disk, int offset, int length)
    {
        for (int block = offset / BlockSize.Bytes; block <= (offset + length - 1) / BlockSize.Bytes; block++)
            _changed[disk].Add(block);
    }

    private async Task<SegmentRecord> ShipAsync(int disk, long sequence, Guid attempt)
    {
        SegmentIdentity identity = new(Id, 1, sequence, attempt, disk, 0);
        using MemoryStream stream = new();
        ChangeLogWriter writer = await ChangeLogWriter.CreateAsync(stream, new SegmentHeader(identity, Disks[disk].Length), Token);
        foreach (int block in _changed[disk])
        {
            int offset = block * BlockSize.Bytes;
            ReadOnlyMemory<byte> content = Disks[disk].AsMemory(offset, Math.Min(BlockSize.Bytes, Disks[disk].Length - offset));
            byte[] checksum = new byte[BlockChecksum.LengthBytes];
            BlockChecksum.Compute(content.Span, checksum);
            if (BlockChecksum.IsZero(content.Span))
                await writer.AppendZerosAsync(new Extent(offset, content.Length), Token);
            else
                await writer.AppendDataAsync(new Extent(offset, content.Length), ChangeLogCodec.Stored, checksum, content, Token);
        }

        await writer.CompleteAsync(Token);
        byte[] segment = stream.ToArray();
        string blob = VaultNames.Segment(1, sequence, attempt, disk, 0);
        await _host.CreateSegmentAsync(blob, segment, Token);
        return new SegmentRecord(blob, segment.Length, Convert.ToHexStringLower(SHA256.HashData(segment)), 0, attempt);
    }
}
