using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Replication.Bandwidth;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Agent.Tests.Engine.Bandwidth;

public sealed class UploadGateTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly UploadGate _gate;

    public UploadGateTests() => _gate = new UploadGate(4, 2, _time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _gate.Dispose();

    [Fact]
    public async Task An_upload_waits_for_bandwidth_and_not_longer()
    {
        UploadLane lane = _gate.Open(Limit(1000), 4);
        (await _gate.EnterAsync(lane, 5000, Token)).Dispose();
        Task<IDisposable> second = _gate.EnterAsync(lane, 1000, Token);

        _time.Advance(TimeSpan.FromSeconds(4.999));
        Assert.False(second.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await second).Dispose();
    }

    [Fact]
    public async Task A_raised_limit_holds_for_an_upload_that_waits_already()
    {
        UploadLane lane = _gate.Open(Limit(1), 4);
        (await _gate.EnterAsync(lane, 5000, Token)).Dispose();
        Task<IDisposable> second = _gate.EnterAsync(lane, 5000, Token);
        Assert.False(second.IsCompleted);

        _gate.Change(lane, Limit(100_000), 4);
        _time.Advance(TimeSpan.FromSeconds(1));

        (await second).Dispose();
    }

    [Fact]
    public async Task A_limit_of_the_host_that_is_lifted_lets_all_go()
    {
        _gate.ChangeHost(Limit(1));
        UploadLane lane = _gate.Open(BandwidthSchedule.Unlimited, 4);
        (await _gate.EnterAsync(lane, 5000, Token)).Dispose();
        Task<IDisposable> second = _gate.EnterAsync(lane, 5000, Token);
        Assert.False(second.IsCompleted);

        _gate.ChangeHost(BandwidthSchedule.Unlimited);

        (await second).Dispose();
    }

    [Fact]
    public async Task The_schedules_next_slot_lets_an_upload_go_that_waits()
    {
        UploadLane lane = _gate.Open(new BandwidthSchedule(1, [new(new DailyWindow((12 * 60) + 30, 13 * 60), [], 0)], TimeZoneInfo.Utc), 4);
        (await _gate.EnterAsync(lane, 1_000_000, Token)).Dispose();
        Task<IDisposable> second = _gate.EnterAsync(lane, 1, Token);

        _time.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromMilliseconds(1));
        Assert.False(second.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await second).Dispose();
    }

    [Fact]
    public async Task An_upload_that_is_given_up_makes_room_for_the_next()
    {
        UploadLane lane = _gate.Open(BandwidthSchedule.Unlimited, 1);
        IDisposable first = await _gate.EnterAsync(lane, 1, Token);
        using CancellationTokenSource cancellation = new();
        Task<IDisposable> second = _gate.EnterAsync(lane, 1, cancellation.Token);
        Task<IDisposable> third = _gate.EnterAsync(lane, 1, Token);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(third.IsCompleted);
        first.Dispose();
        first.Dispose();

        (await third).Dispose();
    }

    [Fact]
    public async Task A_machine_that_a_failover_waits_for_passes_all_others()
    {
        _gate.ChangeHost(Limit(1));
        UploadLane busy = _gate.Open(BandwidthSchedule.Unlimited, 32);
        (await _gate.EnterAsync(busy, 1_000_000, Token)).Dispose();
        Task<IDisposable> waiting = _gate.EnterAsync(busy, 1, Token);
        UploadLane urgent = _gate.Open(Limit(1), 4);
        Task<IDisposable> last = _gate.EnterAsync(urgent, 1_000_000, Token);
        Assert.False(last.IsCompleted);

        _gate.SetBypass(urgent, true);

        (await last).Dispose();
        Assert.False(waiting.IsCompleted);
    }

    private static BandwidthSchedule Limit(long bytesPerSecond) => new(bytesPerSecond, [], TimeZoneInfo.Utc);
}
