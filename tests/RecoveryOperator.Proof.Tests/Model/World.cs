using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.DataPath;
using RecoveryOperator.Testing.Storage.Memory;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>One machine, its host agent, the vault and vault agents, and the memory of what the disks held at every instant.</summary>
internal sealed class World : IAsyncDisposable
{
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"proof-{Guid.NewGuid():N}")).FullName;
    private readonly Queue<string> _notes = new();
    private readonly Dictionary<(long Epoch, long Sequence), StoredSet> _sets = [];

    private World(bool tracks, int[] sizes)
    {
        Service = new MemoryBlobService(Time);
        Late = new LateRequests(Service);
        Agent = new AgentProcess(this, Path.Combine(_folder, "agent"));
        Machine = new ModelMachine(tracks, Time, Agent.Effects, sizes);
        Vault = Connect(new HttpClient(Service, disposeHandler: false)).Open(Id);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));

    public MemoryBlobService Service { get; }

    /// <summary>Requests that are still on their way to it.</summary>
    public LateRequests Late { get; }

    public ProtectionId Id { get; } = ProtectionId.Compute("model", "tests", "web-1");

    public ModelMachine Machine { get; }

    public AgentProcess Agent { get; }

    /// <summary>The vault without faults: for looking at it.</summary>
    public ProtectionVault Vault { get; }

    public static ILoggerFactory Loggers => NullLoggerFactory.Instance;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public long Epoch { get; private set; } = 1;

    public Uri Grant { get; private set; } = null!;

    public bool Paused { get; set; }

    /// <summary>Time between two app-consistent sets; null: none.</summary>
    public TimeSpan? AppConsistentInterval { get; set; }

    /// <summary>Tracking was lost, or disks changed, since the last set: a resynchronization is due.</summary>
    public bool NeedsResync { get; set; }

    /// <summary>A committed set was damaged: the chain may end before it, until a resynchronization has gone through.</summary>
    public bool IsChainDamaged { get; set; }

    /// <summary>A bit of the replica was flipped: points may differ from what the source read, but never without being found by whoever reads them.</summary>
    public bool IsReplicaDamaged { get; set; }

    public string ApplierState => Path.Combine(_folder, "applier");

    /// <summary>What happened last, for the report of a failure.</summary>
    public string Notes => string.Join(Environment.NewLine, _notes);

    /// <summary>Sets that were committed so far.</summary>
    public IReadOnlyDictionary<(long Epoch, long Sequence), StoredSet> Sets => _sets;

    public static async Task<World> CreateAsync(bool tracks, params int[] sizes)
    {
        World world = new(tracks, sizes);
        await world.Vault.EnsureCreatedAsync(
            new VmDocument
            {
                ProtectionId = world.Id.ToString(),
                Cluster = "model",
                Namespace = "tests",
                Name = "web-1",
                Prefix = "model",
                MachineId = ModelMachine.MachineId,
                MachineName = "web-1",
                SourceSite = "site-a",
                CreatedAt = world.Time.GetUtcNow(),
            },
            new JournalDocument { ActiveSite = "site-a", Epoch = 1, RetentionHours = 2, Epochs = [new EpochRecord(1, null, null)] },
            World.Token);
        world.Grant = await world.Vault.GrantHostAsync(1, world.Time.GetUtcNow(), World.Token);
        await world.Agent.RestartAsync();
        await world.Agent.PutAsync(paused: false, frequencyMinutes: 600);
        return world;
    }

    public StorageClientOptions Storage(HttpClient http) => new() { Http = http, RetryDelay = TimeSpan.FromMilliseconds(1), TimeProvider = Time };

    public VaultAccount Connect(HttpClient http) => VaultAccount.Connect(
        new VaultConnectionOptions
        {
            Endpoint = MemoryBlobService.Endpoint,
            AccountName = "devstoreaccount1",
            AccountKey = Convert.ToBase64String(new byte[32]),
            Prefix = "model",
            TimeProvider = Time,
        },
        Storage(http));

    public void Note(string text)
    {
        lock (_notes)
        {
            _notes.Enqueue($"{Time.GetUtcNow():HH:mm:ss} {text}");
            if (_notes.Count > 60)
                _notes.Dequeue();
        }
    }

    /// <summary>The machine goes on under a new epoch, with this content; on another host its agent knows nothing.</summary>
    public async Task BeginEpochAsync(long epoch, byte[][] content, bool otherHost)
    {
        Epoch = epoch;
        Grant = await Vault.GrantHostAsync(epoch, Time.GetUtcNow(), Token);
        Paused = false;
        if (otherHost)
            await Agent.MoveAsync(() => Machine.Recover(content));
        else
            Machine.Recover(content);
        await Agent.PutAsync(paused: false, frequencyMinutes: 600);
        await Agent.RestartIfDeadAsync();
    }

    /// <summary>Takes note of sets that were committed.</summary>
    public async Task LookForSetsAsync()
    {
        for (long sequence = _sets.Keys.Where(key => key.Epoch == Epoch).Select(key => key.Sequence).DefaultIfEmpty(0).Max() + 1; ; sequence++)
        {
            if (await Vault.ReadSetAsync(Epoch, sequence, Token) is not { Manifest.Kind: SetKind.Set } set)
                return;
            _sets[(Epoch, sequence)] = set;
        }
    }

    /// <summary>What the disks held at the instant of a set.</summary>
    public byte[][] TruthOf(long epoch, long sequence)
    {
        Guid attempt = _sets[(epoch, sequence)].Manifest.Attempt!.Value;
        return Machine.ContentAt[Checkpoints.Name(epoch, sequence, attempt).Value];
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
