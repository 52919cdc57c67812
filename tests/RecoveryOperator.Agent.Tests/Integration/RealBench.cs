using System.Globalization;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Metrics;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.Tests.Integration;

/// <summary>The real engine, driver, storage and applier, driven a step at a time.</summary>
internal sealed class RealBench : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("real-bench-").FullName;
    private readonly EngineSlots _slots = new(2);
    private readonly UploadGate _uploads = new(4, 2, TimeProvider.System);
    private readonly LeaseHolder _holder = LeaseHolder.CreateEphemeral();
    private readonly BlobServiceClient _service;
    private readonly VaultAccount _account;
    private readonly ReplicaApplier _applier;
    private readonly IHypervisor _hypervisor;
    private StateDatabase? _database;

    public RealBench(Azurite azurite, IHypervisor hypervisor, string machine)
    {
        _hypervisor = hypervisor;
        Id = ProtectionId.Compute("", "default", machine);
        _service = new BlobServiceClient(azurite.Endpoint, new StorageSharedKeyCredential(azurite.AccountName, azurite.AccountKey));
        _account = VaultAccount.Connect(new VaultConnectionOptions { Endpoint = azurite.Endpoint, AccountName = azurite.AccountName, AccountKey = azurite.AccountKey });
        Vault = _account.Open(Id);
        _applier = new ReplicaApplier(_account, Vault, _holder, new ReplicaApplierOptions(), NullLogger<ReplicaApplier>.Instance);
        Desired = new DesiredProtection
        {
            ProtectionId = Id.ToString(),
            DisplayName = $"default/{machine}",
            Machine = machine,
            Epoch = 1,
            CopyFrequency = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)),
            Resync = new ResyncTerms { Window = new DailyWindow() },
        };
    }

    public ProtectionId Id { get; }

    public ProtectionVault Vault { get; }

    public DesiredProtection Desired { get; }

    public ProtectionContext Context { get; private set; } = null!;

    private ReplicationCycle Cycle { get; set; } = null!;

    private BlobContainerClient Log => _service.GetBlobContainerClient(VaultNames.LogContainer(Id));

    private BlobContainerClient Replica => _service.GetBlobContainerClient(VaultNames.ReplicaContainer(Id));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        await Vault.CreateMachineAsync(name: Desired.Machine);
        Desired.LogContainerUri = (await Vault.GrantHostAsync(1, TimeProvider.System.GetUtcNow(), Token)).ToString();
        Restart();
    }

    /// <summary>A new process, perhaps on a lost state directory.</summary>
    public void Restart(bool losesState = false)
    {
        _database?.Dispose();
        if (losesState)
            Directory.Delete(Path.Combine(_folder, "state"), recursive: true);
        _database = new StateDatabase(Path.Combine(_folder, "state"));
        SqliteProtectionStore store = new(_database);
        EngineServices services = new()
        {
            Hypervisor = _hypervisor,
            Store = store,
            OpenLog = uri => new BlobLogStore(uri, TimeProvider.System),
            Spool = new SpoolArea(Path.Combine(_folder, "spool"), 0),
            Slots = _slots,
            Uploads = _uploads,
            Capture = new DiskCapture(NullLogger<DiskCapture>.Instance),
            Metrics = new AgentMetrics(Prometheus.Metrics.NewCustomRegistry()),
            Time = TimeProvider.System,
            Logger = NullLogger.Instance,
        };
        if (store.LoadAll().Count == 0)
            store.Put(Desired, TimeProvider.System.GetUtcNow(), new ProtectionProgress { Epoch = 1 });
        Context = new ProtectionContext(services, store.LoadAll().Single(), (_, _) => { });
        Cycle = new ReplicationCycle(Context);
    }

    public Task<CycleRest?> RunAsync() => Cycle.RunAsync(Token);

    public async Task ApplyAsync()
    {
        while ((await _applier.ApplyAsync(16, null, Token)).Outcome == ApplyOutcome.More)
        {
        }

        await _applier.AnswerAsync(null, Token);
    }

    /// <summary>Replicates until a set is committed and applied.</summary>
    public async Task ReplicateAsync()
    {
        Assert.Null(await RunAsync());
        await ApplyAsync();
    }

    /// <summary>Cycles, and the vault agent in between, until a set completes a resynchronization and is applied.</summary>
    public async Task<SetManifest> ResynchronizeAsync()
    {
        long before = Context.Progress.ResyncedSequence;
        List<string> faults = [];
        for (int cycle = 0; cycle < 12; cycle++)
        {
            try
            {
                await RunAsync();
            }
            catch (Exception fault) when (FaultTable.Classify(fault) is { Category: FaultCategory.ResyncRequired } or { Reason: FaultReasons.DisksChanged })
            {
                faults.Add(fault.Message);
            }

            await ApplyAsync();
            if (Context.Progress.ResyncedSequence > before)
                return (await Vault.ReadSetAsync(1, Context.Progress.ResyncedSequence, Token))!.Manifest;
        }

        throw new InvalidOperationException($"No resynchronization came to its end: {Context.Progress}; {string.Join(" ", faults)}");
    }

    /// <summary>Disk bytes that a set records, its base segments included: from the end records.</summary>
    public async Task<long> RecordedBytesAsync(SetManifest set)
    {
        long bytes = 0;
        foreach (SegmentRecord segment in set.Disks.SelectMany(disk => disk.Base.Concat(disk.Segments)))
        {
            BlobDownloadResult found = await Log.GetBlobClient(segment.Blob).DownloadContentAsync(Token);
            bytes += RecordedIn(found.Content.ToArray());
        }

        return bytes;
    }

    private static long RecordedIn(byte[] segment) => BitConverter.ToInt64(segment.AsSpan()[^64..][16..]);

    /// <summary>Turns one bit of a committed segment over, with the account's own key.</summary>
    public async Task DamageAsync(SetManifest set)
    {
        BlobClient blob = Log.GetBlobClient(set.Disks.SelectMany(disk => disk.Segments).First().Blob);
        byte[] content = (await blob.DownloadContentAsync(Token)).Value.Content.ToArray();
        content[content.Length / 2] ^= 1;
        await blob.UploadAsync(new BinaryData(content), overwrite: true, Token);
    }

    public async Task<RecoveryPointDocument> PointAsync(long sequence)
    {
        BlobDownloadResult found = await Replica.GetBlobClient(VaultNames.Point(1, sequence)).DownloadContentAsync(Token);
        return VaultJson.Read<RecoveryPointDocument>(found.Content.ToMemory(), "point");
    }

    /// <summary>A disk of a point, as a recovery reads it.</summary>
    public async Task<byte[]> ReadAsync(RecoveryPointDocument point, string target)
    {
        PointDisk disk = point.Disks.Single(candidate => candidate.Target == target);
        PageBlobClient blob = Replica.GetPageBlobClient(disk.Blob).WithSnapshot(disk.Snapshot);
        return (await blob.DownloadContentAsync(Token)).Value.Content.ToArray()[..(int)disk.SizeBytes];
    }

    public async Task AssertHoldsAsync(long sequence, IReadOnlyDictionary<string, byte[]> truth)
    {
        RecoveryPointDocument point = await PointAsync(sequence);
        Assert.Equal(truth.Keys.Order(), point.Disks.Select(disk => disk.Target).Order());
        foreach ((string target, byte[] content) in truth)
        {
            byte[] held = await ReadAsync(point, target);
            Assert.True(content.AsSpan().SequenceEqual(held), $"point {sequence.ToString(CultureInfo.InvariantCulture)}, disk {target} differs");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _database?.Dispose();
        _uploads.Dispose();
        _slots.Dispose();
        _holder.Dispose();
        await _hypervisor.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
