using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>A whole engine with one protection whose first set is committed; its clock stands still unless a test moves it.</summary>
public abstract class EngineScene : IAsyncLifetime
{
    protected const int SizeBytes = 2 * 1024 * 1024;

    protected static readonly VaultException Away = new(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");

    private int _written;

    protected EngineScene() => Bench = new EngineBench(Machine) { Time = Time };

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected WatchedClock Time { get; } = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));

    protected FakeMachine Machine { get; } = new(1, SizeBytes);

    protected EngineBench Bench { get; }

    protected ProtectionEngine Engine { get; set; } = null!;

    protected ProtectionStatus Status => Engine.List().Single();

    protected IProtectionStore Store => Bench.Context.Store;

    public virtual async ValueTask InitializeAsync()
    {
        BeginEngine();
        Bench.Desired.Resync = new ResyncTerms { ThresholdPercent = 10 };
        await Engine.PutAsync(Bench.Desired, Token);
        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        Bench.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>An engine without a protection.</summary>
    protected void BeginEngine()
    {
        EngineServices services = Bench.Restart();
        services.Store.Remove(EngineBench.ProtectionId);
        Engine = new ProtectionEngine(services);
    }

    /// <summary>Puts the protection with something else wanted of it.</summary>
    protected Task PutAsync(Action<DesiredProtection> change)
    {
        DesiredProtection desired = Bench.Desired.Clone();
        change(desired);
        return Engine.PutAsync(desired, Token);
    }

    protected Task<CutInfo> CutNowAsync() => Engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: false, Token);

    /// <summary>The vault goes away, and one set is cut that waits for it. No time passes, so it is one.</summary>
    protected async Task CutInOutageAsync()
    {
        Bench.Vault.Outage = Away;
        Write();
        await Assert.ThrowsAsync<FaultException>(CutNowAsync);
        Assert.Equal(1, Status.CutsWaiting);
    }

    /// <summary>The vault goes away, and sets are cut until no more may wait.</summary>
    protected async Task FillQueueAsync()
    {
        Bench.Vault.Outage = Away;
        for (int cuts = 1; Status.LogUtilization < 1; cuts++)
        {
            Write();
            await PassTimeUntilAsync(() => Status.CutsWaiting >= cuts);
        }

        Assert.InRange(Status.CutsWaiting, 2, 10);
        int opened = Machine.SnapshotsOpened;
        for (int minute = 0; minute < 10; minute++)
            Time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(() => Status.RetryAt is not null, Token);
        Assert.Equal(opened, Machine.SnapshotsOpened);
    }

    /// <summary>The guest changes one block.</summary>
    protected void Write()
    {
        byte[] content = new byte[65536];
        new Random(++_written).NextBytes(content);
        Machine.Write(0, _written % 30 * 65536, content);
    }

    protected Task PassTimeUntilAsync(Func<bool> condition) => Eventually.HoldsAsync(
        () =>
        {
            Time.Advance(TimeSpan.FromSeconds(30));
            return condition();
        },
        Token);
}
