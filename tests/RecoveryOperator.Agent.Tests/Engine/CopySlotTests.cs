using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A copy goes on for days, at the speed of the line: neither the deltas nor the copies of other machines of the host wait for its uploads.</summary>
public sealed class CopySlotTests : IDisposable
{
    private const int SizeBytes = 4 * 1024 * 1024;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private readonly EngineSlots _slots = new(1);
    private readonly FakeMachine _copied = new(1, SizeBytes);
    private readonly FakeMachine _other = new(1, SizeBytes);
    private readonly EngineBench _copying;
    private readonly EngineBench _due;
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(Token);

    public CopySlotTests()
    {
        _copying = new EngineBench(_copied) { Time = _time, Slots = _slots };
        _due = new EngineBench(_other) { Time = _time, Slots = _slots };
        Fill(_copied, SizeBytes);
        Fill(_other, 65536);
        _copying.Restart().Uploads.ChangeHost(BandwidthMapping.ToSchedule(new BandwidthTerms { DefaultBytesPerSecond = 1 }, ""));
        _due.Restart();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _copying.Dispose();
        _due.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task P9_A_machine_that_is_due_is_cut_while_another_is_copied_and_its_uploads_wait()
    {
        await _due.RunAsync();
        Task copy = await BeginCopyAsync();
        Fill(_other, 4096);

        await Within(_due.RunAsync());

        Assert.True(_copied.HasOpenSnapshot);
        Assert.Equal(2, _due.Progress.Last!.Sequence);
        await EndAsync(copy);
    }

    [Fact]
    public async Task A_copy_whose_snapshot_has_ended_keeps_no_other_copy_waiting_while_its_uploads_wait()
    {
        _copied.EndAfterReads = 1;
        Task copy = await BeginCopyAsync();
        await Eventually.HoldsAsync(() => !_copied.HasOpenSnapshot, Token);

        await Within(_due.RunAsync());

        Assert.Equal(1, _due.Progress.Last!.Sequence);
        await EndAsync(copy);
    }

    [Fact]
    public async Task P9_No_more_machines_are_copied_at_once_than_there_are_slots()
    {
        Task never = Task.Delay(Timeout.Infinite, _end.Token);
        Task copy = await BeginCopyAsync();

        Task<IDisposable> second = _slots.CopyAsync(never, Token);

        Assert.False(second.IsCompleted);
        await EndAsync(copy);
        (await second).Dispose();
    }

    private static void Fill(FakeMachine machine, int lengthBytes)
    {
        byte[] content = new byte[lengthBytes];
        new Random(lengthBytes).NextBytes(content);
        machine.Write(0, 0, content);
    }

    private static async Task Within(Task task) => await task.WaitAsync(TimeSpan.FromSeconds(20), Token);

    private async Task<Task> BeginCopyAsync()
    {
        Task copy = _copying.Cycle.RunAsync(_end.Token);
        await Eventually.HoldsAsync(() => _copying.Vault.UploadedBytes > 0, Token);
        return copy;
    }

    private async Task EndAsync(Task copy)
    {
        Assert.False(copy.IsCompleted);
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy);
    }
}
