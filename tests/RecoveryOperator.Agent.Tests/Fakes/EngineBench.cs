using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Metrics;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>The engine on a real state directory and spool, with a machine and a vault in memory. "Processes" come and go; the directory stays.</summary>
public sealed class EngineBench : IDisposable
{
    public const string ProtectionId = "0123456789abcdef0123456789abcdef";

    private readonly string _folder = CreateFolder();
    private UploadGate? _uploads;
    private StateDatabase? _database;

    public EngineBench(FakeMachine machine, FakeVault? vault = null)
    {
        Machine = machine;
        Vault = vault ?? new FakeVault();
        Replica = new ReplayedReplica(blob => Vault.Blobs[blob]);
    }

    public FakeMachine Machine { get; }

    public FakeVault Vault { get; }

    /// <summary>Two benches that share them are two machines of one host.</summary>
    public EngineSlots Slots { get; init; } = new(2);

    public FaultPoints Points => Machine.Points;

    public ReplayedReplica Replica { get; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Asked instead, each time.</summary>
    public Func<long>? FreeSpool { get; set; }

    public long FreeSpoolBytes { get; set; } = 1L << 40;

    public string SpoolFolder => Path.Combine(_folder, "spool");

    public ProtectionContext Context { get; private set; } = null!;

    public ReplicationCycle Cycle { get; private set; } = null!;

    public ProtectionProgress Progress => Context.Progress;

    public DesiredProtection Desired { get; } = new()
    {
        ProtectionId = ProtectionId,
        DisplayName = "default/web-1",
        Machine = "web-1",
        Epoch = 1,
        CopyFrequency = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)),
        UploadConcurrency = 1,
        LogContainerUri = "http://127.0.0.1:1/log?sig=secret",
    };

    /// <summary>A new process on the same directory.</summary>
    public EngineServices Restart()
    {
        _database?.Dispose();
        _uploads?.Dispose();
        Points.Restart();
        _database = new StateDatabase(Path.Combine(_folder, "state"));
        SqliteProtectionStore store = new(_database);
        EngineServices services = new()
        {
            Hypervisor = Machine,
            Store = new FaultyStore(store, Points),
            OpenLog = _ => Vault.Open(Points),
            Spool = new SpoolArea(SpoolFolder, 0, _ => FreeBytes()),
            Slots = Slots,
            Uploads = _uploads = new UploadGate(4, 2, Time),
            Capture = new DiskCapture(NullLogger<DiskCapture>.Instance),
            SegmentTargetLengthBytes = 128 * 1024,
            Metrics = new AgentMetrics(Prometheus.Metrics.NewCustomRegistry()),
            Time = Time,
            Logger = NullLogger.Instance,
        };
        if (store.LoadAll().Count == 0)
            store.Put(Desired, Time.GetUtcNow(), new ProtectionProgress { Epoch = Desired.Epoch });
        Context = new ProtectionContext(services, store.LoadAll().Single(), (_, _) => { });
        Cycle = new ReplicationCycle(Context);
        return services;
    }

    /// <summary>The user wants something else.</summary>
    public void Want(Action<DesiredProtection> change)
    {
        DesiredProtection desired = Context.Desired.Clone();
        change(desired);
        Context.Store.Put(desired, Time.GetUtcNow(), Context.Progress);
        Context.Replace(desired, Time.GetUtcNow());
    }

    /// <summary>The state directory is lost; the spool with it.</summary>
    public void LoseState()
    {
        _database?.Dispose();
        _database = null;
        Directory.Delete(Path.Combine(_folder, "state"), recursive: true);
    }

    public Task<CycleRest?> RunAsync() => Cycle.RunAsync(TestContext.Current.CancellationToken);

    /// <summary>Applies all sets in order; each must be what the disks held at its instant.</summary>
    public async Task VerifyAllSetsAsync()
    {
        long expected = 1;
        string? previous = null;
        foreach (SetManifest set in Vault.Manifests(1).Where(set => set.Kind == SetKind.Set))
        {
            Assert.Equal(expected++, set.Sequence);
            Assert.Equal(previous, set.PreviousSha256);
            previous = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Vault.Sets[(1, set.Sequence)]));
            await Replica.ApplyAsync(set, TestContext.Current.CancellationToken);
            AssertHoldsTruth(set, Replica.Disks);
        }
    }

    /// <summary>A replica must be what the disks held at a set's instant.</summary>
    public void AssertHoldsTruth(SetManifest set, IReadOnlyDictionary<int, byte[]> replica)
    {
        Dictionary<string, byte[]> truth = Machine.ContentAt[Checkpoints.Name(set.Epoch, set.Sequence, set.Attempt!.Value).Value];
        Assert.Equal(truth.Keys.Order(), set.Disks.Select(disk => disk.Target).Order());
        foreach (SetDisk disk in set.Disks)
            Assert.True(truth[disk.Target].AsSpan().SequenceEqual(replica[disk.Index]), $"set {set.Sequence}, disk {disk.Target} differs");
    }

    public void Dispose()
    {
        _database?.Dispose();
        Slots.Dispose();
        _uploads?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>In memory where there is such a file system: hundreds of runs flush a hundred times each.</summary>
    private static string CreateFolder()
    {
        const string memory = "/dev/shm";
        return Directory.Exists(memory)
            ? Directory.CreateDirectory(Path.Combine(memory, $"engine-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("engine-").FullName;
    }

    private long FreeBytes()
    {
        Points.Hit("spool");
        return FreeSpool?.Invoke() ?? FreeSpoolBytes;
    }
}
