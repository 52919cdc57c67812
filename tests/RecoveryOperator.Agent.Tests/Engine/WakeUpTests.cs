using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;

namespace RecoveryOperator.Agent.Tests.Engine;

public sealed class WakeUpTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_time_that_no_timer_takes_is_waited_for_in_parts()
    {
        FakeTimeProvider time = new();
        WakeUp wake = new(time);

        Task waiting = wake.WaitAsync(TimeSpan.FromDays(400), Token);
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromDays(1));

        await waiting;
    }

    [Fact]
    public async Task A_call_ends_the_waiting_and_calls_that_came_before_it_count_as_one()
    {
        WakeUp wake = new(new FakeTimeProvider());
        wake.Call();
        wake.Call();

        await wake.WaitAsync(Timeout.InfiniteTimeSpan, Token);
        Task next = wake.WaitAsync(Timeout.InfiniteTimeSpan, Token);
        Assert.False(next.IsCompleted);
        wake.Call();

        await next;
    }
}
