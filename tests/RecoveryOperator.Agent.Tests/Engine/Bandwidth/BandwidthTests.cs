using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine.Bandwidth;

/// <summary>Limits of a protection and of the host hold in the engine (P9); the clock is the test's, so nothing here depends on speed.</summary>
public sealed class BandwidthTests : IAsyncLifetime
{
    private const long Rate = 500_000;
    private const long LargestSegmentBytes = 1_100_000;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeMachine _machine = new(1, 8 * 1024 * 1024);
    private readonly EngineBench _bench;
    private EngineServices _services = null!;
    private ProtectionEngine _engine = null!;

    public BandwidthTests() => _bench = new EngineBench(_machine) { Time = _time };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProtectionStatus Status => _engine.List().Single();

    public ValueTask InitializeAsync()
    {
        byte[] content = new byte[6 * 1024 * 1024];
        new Random(1).NextBytes(content);
        _machine.Write(0, 0, content);
        _services = _bench.Restart();
        _services.Store.Remove(EngineBench.ProtectionId);
        _engine = new ProtectionEngine(_services);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _bench.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_rate_is_kept_by_a_whole_initial_copy(bool ofTheHost)
    {
        if (ofTheHost)
            _services.Uploads.ChangeHost(BandwidthMapping.ToSchedule(Limit(Rate), ""));
        await _engine.PutAsync(Desired(ofTheHost ? null : Limit(Rate)), Token);

        DateTimeOffset start = _time.GetUtcNow();
        await Eventually.HoldsAsync(
            () =>
            {
                double seconds = (_time.GetUtcNow() - start).TotalSeconds;
                Assert.True(_bench.Vault.UploadedBytes <= (Rate * (seconds + 1)) + LargestSegmentBytes, $"{_bench.Vault.UploadedBytes} bytes in {seconds} s");
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return Status.CommittedSequence == 1;
            },
            Token);

        Assert.True(_bench.Vault.UploadedBytes > 6 * 1024 * 1024);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task Without_the_guard_the_copy_needs_no_time_at_all()
    {
        await _engine.PutAsync(Desired(null), Token);

        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);
    }

    [Fact]
    public async Task A_limit_that_is_lifted_holds_at_once_for_what_waits()
    {
        await _engine.PutAsync(Desired(Limit(1)), Token);
        await Eventually.HoldsAsync(() => _bench.Vault.UploadedBytes > 0, Token);

        await _engine.PutAsync(Desired(null), Token);

        // The clock stands still: nothing but the change can have let them go.
        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);
    }

    [Fact]
    public async Task The_last_delta_of_a_planned_failover_passes_a_copy_that_waits_for_bandwidth()
    {
        _services.Uploads.ChangeHost(BandwidthMapping.ToSchedule(Limit(1), ""));
        await _engine.PutAsync(Desired(null), Token);
        await Eventually.HoldsAsync(() => _bench.Vault.UploadedBytes > 0, Token);

        CutInfo cut = await _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: true, Token);

        Assert.True(cut.Sequence >= 1);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task The_last_delta_of_a_planned_failover_does_not_wait_behind_machines_that_are_copied()
    {
        IDisposable[] others = [await TakeCopyAsync(), await TakeCopyAsync()];
        await _engine.PutAsync(Desired(null), Token);
        await Eventually.HoldsAsync(() => Status.Stage == CycleStage.Idle && Status.MachineId.Length > 0, Token);

        CutInfo cut = await _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: true, Token);

        Assert.True(cut.Sequence >= 1);
        foreach (IDisposable other in others)
            other.Dispose();
    }

    [Fact]
    public void Settings_of_the_host_hold_after_a_restart_without_the_operator()
    {
        string folder = Directory.CreateTempSubdirectory("settings-").FullName;
        PutHostSettingsRequest wanted = new() { Bandwidth = Limit(Rate), TimeZone = "Europe/Zurich" };
        using (StateDatabase database = new(folder))
            new HostSettings(new SqliteHostSettingsStore(database), _services.Uploads, NullLogger<HostSettings>.Instance).Put(wanted);

        using (StateDatabase database = new(folder))
            Assert.Equal(wanted, new SqliteHostSettingsStore(database).Load());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Stored_settings_hold_from_the_start()
    {
        string folder = Directory.CreateTempSubdirectory("settings-").FullName;
        using (StateDatabase database = new(folder))
        {
            SqliteHostSettingsStore store = new(database);
            store.Save(new PutHostSettingsRequest { Bandwidth = Limit(1) });
            await new HostSettings(store, _services.Uploads, NullLogger<HostSettings>.Instance).StartAsync(Token);
        }

        using IDisposable first = await _services.Uploads.EnterAsync(_bench.Context.Limits.Lane, 1000, Token);
        Assert.False(_services.Uploads.EnterAsync(_bench.Context.Limits.Lane, 1, Token).IsCompleted);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Settings_that_cannot_be_used_are_refused_with_everything_that_is_wrong()
    {
        string folder = Directory.CreateTempSubdirectory("settings-").FullName;
        using StateDatabase database = new(folder);
        HostSettings settings = new(new SqliteHostSettingsStore(database), _services.Uploads, NullLogger<HostSettings>.Instance);
        PutHostSettingsRequest wrong = new() { Bandwidth = Limit(-1), TimeZone = "Europe/Atlantis" };
        wrong.Bandwidth.Slots.Add(new BandwidthSlot { Weekdays = { 7 }, BytesPerSecond = -1, Window = new DailyWindow { StartMinute = 1440 } });

        FaultException fault = Assert.Throws<FaultException>(() => settings.Put(wrong));

        Assert.Equal(FaultReasons.InvalidRequest, fault.Fault.Reason);
        foreach (string part in new[] { "default_bytes_per_second", "slots[0].bytes_per_second", "weekdays", "window", "Europe/Atlantis" })
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        Assert.Null(new SqliteHostSettingsStore(database).Load());
    }

    private static BandwidthTerms Limit(long bytesPerSecond) => new() { DefaultBytesPerSecond = bytesPerSecond };

    private Task<IDisposable> TakeCopyAsync() => _services.Slots.CopyAsync(Task.Delay(Timeout.Infinite, Token), Token);

    private DesiredProtection Desired(BandwidthTerms? bandwidth)
    {
        DesiredProtection desired = _bench.Desired.Clone();
        desired.Bandwidth = bandwidth;
        desired.UploadConcurrency = 8;
        return desired;
    }
}
