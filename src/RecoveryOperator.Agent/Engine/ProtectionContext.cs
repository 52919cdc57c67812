using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Metrics;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Resync;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// One protection as its steps see it: what is desired, durable progress, and what is shown of it. Progress is written by the protection's own
/// loop only; what is desired may be replaced at any time.
/// </summary>
public sealed class ProtectionContext
{
    private readonly Lock _lock = new();
    private readonly Lock _queue = new();
    private readonly CycleStages _stages = new();
    private readonly Action<ProtectionContext, bool> _changed;
    private DesiredProtection _desired;
    private ProtectionProgress _progress;
    private volatile OpenedLog? _log;
    private bool _uncertain;

    /// <param name="services">What all protections share.</param>
    /// <param name="stored">The protection as stored.</param>
    /// <param name="changed">Told of each change; true: of state, not only of figures.</param>
    public ProtectionContext(EngineServices services, StoredProtection stored, Action<ProtectionContext, bool> changed)
    {
        Services = services;
        _desired = stored.Desired;
        _progress = stored.Progress;
        _changed = changed;
        GrantedAt = stored.GrantedAt;
        Metrics = services.Metrics.For(stored.Desired.DisplayName);
        Limits = new UploadLimits(services.Uploads, stored.Desired);
    }

    /// <summary>What all protections share.</summary>
    public EngineServices Services { get; }

    /// <summary>The host.</summary>
    public IHypervisor Hypervisor => Services.Hypervisor;

    /// <summary>Durable state.</summary>
    public IProtectionStore Store => Services.Store;

    /// <summary>The protection, 32 hex digits.</summary>
    public string Id => _desired.ProtectionId;

    /// <summary>Its name for people.</summary>
    public string DisplayName => _desired.DisplayName;

    /// <summary>What is desired now.</summary>
    public DesiredProtection Desired
    {
        get
        {
            lock (_lock)
                return _desired;
        }
    }

    /// <summary>When this grant was first put.</summary>
    public DateTimeOffset GrantedAt { get; private set; }

    /// <summary>Durable progress.</summary>
    public ProtectionProgress Progress
    {
        get
        {
            lock (_lock)
                return _progress;
        }
    }

    /// <summary>The claimed machine's id.</summary>
    public string MachineId => Progress.MachineId ?? throw new InvalidOperationException($"Protection {Id} has no machine yet.");

    /// <summary>The disks of a cut that this process looked at last, so that the next one need not read its manifest.</summary>
    internal (Guid Attempt, IReadOnlyList<DiskShape> Disks) DisksOfCut { get; set; } = (Guid.Empty, []);

    /// <summary>Targets that are left out.</summary>
    public IReadOnlyCollection<string> ExcludedDisks =>
        Desired.NewDisks == NewDisks.Ignore ? [.. Desired.ExcludedDisks.Union(Progress.IgnoredDisks)] : [.. Desired.ExcludedDisks];

    /// <summary>What the cycle does now.</summary>
    public CycleStage Stage => _stages.Shown;

    /// <summary>Progress of the initial copy.</summary>
    public CopyProgress? Copy { get; private set; }

    /// <summary>What a resynchronization does now.</summary>
    public ResyncFigures Resync { get; private set; } = new(ResyncStage.Unspecified);

    /// <summary>Bytes cut and not yet committed.</summary>
    public long PendingBytes { get; private set; }

    /// <summary>Cuts that wait to be committed.</summary>
    public int CutsWaiting { get; private set; }

    /// <summary>Bytes of the cuts that wait over those at which cutting stops.</summary>
    public double LogUtilization { get; private set; }

    /// <summary>
    /// Held by whoever makes, commits or abandons checkpoints, and opens snapshots: cutting and shipping run side by side.
    /// </summary>
    public Turn Machine { get; } = new();

    /// <summary>Oldest cut that cannot be shipped as it is in the spool; null: none. It and those behind it become one intent.</summary>
    public CutIntent? Damaged { get; set; }

    /// <summary>Told when cuts may have left the queue, and their files the spool: whoever waits for room looks again.</summary>
    public Action? QueueShrank { get; set; }

    /// <summary>Told of each set that is committed, when that is stored.</summary>
    public Action? Committed { get; set; }

    /// <summary>The newest set's checkpoint is kept, and older ones are still there.</summary>
    public bool ReleaseDue { get; set; }

    /// <summary>The protection's figures.</summary>
    public ProtectionMetrics Metrics { get; }

    /// <summary>Bandwidth and concurrency of its uploads.</summary>
    internal UploadLimits Limits { get; }

    /// <summary>Encrypts the payloads of segments from now on; null: they travel in the clear.</summary>
    public DataKey? DataKey => PayloadKeys.Read(Desired.PayloadKey);

    /// <summary>The log container behind the present grant.</summary>
    public ILogStore Log
    {
        get
        {
            string uri = Desired.LogContainerUri;
            if (_log is not { } opened || opened.Uri != uri)
                _log = opened = new OpenedLog(uri, Services.OpenLog(new Uri(uri)));
            return opened.Store;
        }
    }

    /// <summary>Replaces what is desired.</summary>
    public void Replace(DesiredProtection desired, DateTimeOffset grantedAt)
    {
        lock (_lock)
        {
            _desired = desired;
            GrantedAt = grantedAt;
        }

        Limits.Change(desired);
        _changed(this, true);
    }

    /// <summary>Changes figures that are stored with the next step.</summary>
    public void Count(Func<ProtectionProgress, ProtectionProgress> change)
    {
        lock (_lock)
            _progress = change(_progress);
        _changed(this, false);
    }

    /// <summary>Changes progress and stores it.</summary>
    public void Save(Func<ProtectionProgress, ProtectionProgress> change) => Save(change, progress => Store.Save(Id, progress));

    /// <summary>Changes progress and stores it in the way of <paramref name="write"/>. After a write of which it is not known whether it was stored, what is stored counts.</summary>
    /// <exception cref="FaultException">The epoch was fenced meanwhile: nothing takes that back.</exception>
    public void Save(Func<ProtectionProgress, ProtectionProgress> change, Action<ProtectionProgress> write)
    {
        // One at a time, figures included: what is shipped meanwhile counts too.
        lock (_lock)
        {
            ReloadHeld();
            ProtectionProgress next = change(_progress);
            if (_progress is { Phase: EnginePhase.Fenced, End: { } end } && next.Phase != EnginePhase.Fenced && next.Epoch == _progress.Epoch)
                throw new FaultException(Steps.Ending.ToFault(EnginePhase.Fenced, end));
            try
            {
                write(next);
            }
            catch
            {
                // Whether it was stored is not known: whoever saves next, of either loop, must not put back what was before.
                _uncertain = true;
                throw;
            }

            _progress = next;
        }

        _changed(this, true);
    }

    /// <summary>Looks at what is stored while no loop writes: progress and queue are of one moment, also after a write of which it is not known whether it was stored.</summary>
    public T Read<T>(Func<ProtectionProgress, WaitingCuts, T> look)
    {
        lock (_lock)
        {
            ReloadHeld();
            return look(_progress, Store.LoadQueue(Id));
        }
    }

    /// <summary>After a write that failed: takes what is really stored.</summary>
    public void ReloadWhenUncertain()
    {
        bool reloaded;
        lock (_lock)
            reloaded = ReloadHeld();
        if (!reloaded)
            return;
        ShowQueue();
        _changed(this, true);
    }

    private bool ReloadHeld()
    {
        if (!_uncertain)
            return false;
        _progress = (Store.Load(Id) ?? throw new InvalidOperationException($"The state database has no protection '{Id}' any more: it was removed while it ran.")).Progress;
        _uncertain = false;
        return true;
    }

    /// <summary>Shows what a loop does.</summary>
    /// <param name="stage">What.</param>
    /// <param name="sequence">With which set; 0: none.</param>
    /// <param name="shipsBeside">It is the loop that ships while the other one may cut.</param>
    public void Enter(CycleStage stage, long sequence, bool shipsBeside = false)
    {
        if (!_stages.Enter(stage, shipsBeside))
            return;
        Services.Logger.StageEntered(DisplayName, Progress.Epoch, sequence, stage);
        _changed(this, true);
    }

    /// <summary>Shows how far the initial copy is.</summary>
    public void ShowCopy(CopyProgress? copy)
    {
        bool state = (copy is null) != (Copy is null) || copy?.Disk != Copy?.Disk;
        Copy = copy;
        _changed(this, state);
    }

    /// <summary>Shows what a resynchronization does.</summary>
    public void ShowResync(ResyncFigures figures)
    {
        bool state = figures.Stage != Resync.Stage || figures.StartsAt != Resync.StartsAt;
        Resync = figures;
        _changed(this, state);
    }

    /// <summary>No cycle can help until something changes: fenced, or a resynchronization waits for the user.</summary>
    public bool IsEnded => Progress.Phase switch
    {
        EnginePhase.Fenced => true,
        EnginePhase.ResyncRequired => ResyncWishes.Decide(this) == ResyncDecision.Hold,
        _ => false,
    };

    /// <summary>Shows how much waits.</summary>
    public void ShowPending(long pendingBytes)
    {
        PendingBytes = pendingBytes;
        Metrics.Pending(pendingBytes);
        _changed(this, false);
    }

    /// <summary>Shows the cuts that wait.</summary>
    public void ShowQueue()
    {
        bool state;
        lock (_queue) // Either loop shows it: what was read first must not be shown last.
        {
            WaitingCuts queue = Store.LoadQueue(Id);
            state = queue.Count != CutsWaiting;
            CutsWaiting = queue.Count;
            LogUtilization = QueueLimits.UtilizationOf(this, queue);
            Metrics.LogUtilization(LogUtilization);
            PendingBytes = queue.PendingBytes;
            Metrics.Pending(PendingBytes);
        }

        _changed(this, state);
    }

    /// <summary>Tells the watchers that something else about the protection changed.</summary>
    public void Touch() => _changed(this, true);

    /// <summary>One reference, because parallel uploads read it while a new grant replaces it.</summary>
    private sealed record OpenedLog(string Uri, ILogStore Store);
}
