using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Metrics;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>The host agent: its real engine, state and log store. Processes come and go; the folder stays.</summary>
internal sealed class AgentProcess(World world, string folder) : IAsyncDisposable
{
    private int _moves;
    private static readonly TimeSpan LongestCut = TimeSpan.FromSeconds(60);

    private readonly EngineSlots _slots = new(2, 4);
    private StateDatabase? _database;
    private UploadGate? _uploads;
    private ProtectionEngine? _engine;

    public Effects Effects { get; } = new();

    /// <summary>Its way to the vault; a new one for each process.</summary>
    public FaultyNetwork Network { get; private set; } = null!;

    private string Folder => $"{folder}-{_moves}";

    public string SpoolFolder => Path.Combine(Folder, "spool");

    public long FreeSpoolBytes { get; set; } = 1L << 40;

    public ProtectionStatus? Status => _engine?.List().SingleOrDefault();

    /// <summary>A new process on the same folder.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        Effects.Reset();
        Network = new FaultyNetwork(world.Service, Effects, world.Late);
        HttpClient http = new(Network);
        _database = new StateDatabase(Path.Combine(Folder, "state"));
        EngineServices services = new()
        {
            Hypervisor = world.Machine,
            Store = BreakingStore.Around(new SqliteProtectionStore(_database), Effects),
            OpenLog = uri => new BlobLogStore(uri, world.Storage(http)),
            Spool = new SpoolArea(SpoolFolder, 0, _ => FreeSpoolBytes),
            Slots = _slots,
            Uploads = _uploads = new UploadGate(4, 2, world.Time),
            Capture = new DiskCapture(World.Loggers.CreateLogger<DiskCapture>()),
            SegmentTargetLengthBytes = 96 * 1024,
            Metrics = new AgentMetrics(Prometheus.Metrics.NewCustomRegistry()),
            Time = world.Time,
            Logger = World.Loggers.CreateLogger("engine"),
        };
        _engine = new ProtectionEngine(services);
        await _engine.StartAsync(World.Token);
    }

    /// <summary>The agent of another host.</summary>
    public async Task MoveAsync(Action meanwhile)
    {
        await StopAsync();
        meanwhile();
        _moves++;
        await RestartAsync();
    }

    public async Task PutAsync(bool paused, int frequencyMinutes)
    {
        DesiredProtection desired = new()
        {
            ProtectionId = world.Id.ToString(),
            DisplayName = "default/web-1",
            Machine = ModelMachine.MachineId,
            Epoch = world.Epoch,
            CopyFrequency = Duration.FromTimeSpan(TimeSpan.FromMinutes(frequencyMinutes)),
            UploadConcurrency = 2,
            LogContainerUri = world.Grant.ToString(),
            Paused = paused,
            AppConsistentInterval = world.AppConsistentInterval?.ToDuration(),
            // The whole day: a model that waits for the evening says nothing about what comes then.
            Resync = new ResyncTerms { Window = new DailyWindow { StartMinute = 0, EndMinute = 0 } },
        };
        try
        {
            await _engine!.PutAsync(desired, World.Token);
        }
        catch (BrokenEffectException broken)
        {
            world.Note($"put: {broken.Message}");
        }
    }

    /// <summary>Asks for a set.</summary>
    /// <returns>The fault, or null when the set is committed.</returns>
    public async Task<Fault?> CutAsync()
    {
        try
        {
            await _engine!.CutAsync(world.Id.ToString(), world.Epoch, bypassLimits: false, World.Token).WaitAsync(LongestCut, World.Token);
            return null;
        }
        catch (FaultException fault)
        {
            world.Note($"cut: {fault.Fault.Reason}: {fault.Message}");
            return fault.Fault;
        }
    }

    /// <summary>After a crash the supervisor starts it again.</summary>
    public async Task<bool> RestartIfDeadAsync()
    {
        if (!Effects.IsDead)
            return false;
        await RestartAsync();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _slots.Dispose();
    }

    private async Task StopAsync()
    {
        if (_engine is not null)
            await _engine.DisposeAsync();
        _engine = null;
        _database?.Dispose();
        _uploads?.Dispose();
        (_database, _uploads) = (null, null);
    }
}
