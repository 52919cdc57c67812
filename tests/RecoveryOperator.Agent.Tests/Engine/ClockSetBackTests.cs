using RecoveryOperator.Agent.Tests.Fakes;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A host's clock is set back by hours: what waits for a time does not wait for hours.</summary>
public sealed class ClockSetBackTests : EngineScene
{
    private static readonly TimeSpan Back = TimeSpan.FromHours(6);

    [Fact]
    public async Task Cycles_go_on()
    {
        await PassTimeUntilAsync(() => Status.CommittedSequence >= 2);
        long committed = Status.CommittedSequence;
        DateTimeOffset before = SetBack();

        await PassTimeUntilAsync(() => Status.CommittedSequence >= committed + 2);

        AssertSoonAfter(before);
        Assert.True(Status.LastCycleDuration.ToTimeSpan() >= TimeSpan.Zero);
    }

    [Fact]
    public async Task A_failed_cycle_is_tried_again()
    {
        Bench.FreeSpoolBytes = 1000;
        Write();
        await PassTimeUntilAsync(() => Status is { Fault: not null, RetryAt: not null });
        Bench.FreeSpoolBytes = 1L << 40;
        DateTimeOffset before = SetBack();

        await PassTimeUntilAsync(() => Status is { Fault: null, CommittedSequence: >= 2 });

        AssertSoonAfter(before);
    }

    [Fact]
    public async Task What_waits_is_shipped()
    {
        Bench.Vault.Outage = Away;
        Write();
        await PassTimeUntilAsync(() => Status is { CutsWaiting: >= 1, RetryAt: not null });
        Bench.Vault.Outage = null;
        DateTimeOffset before = SetBack();

        await PassTimeUntilAsync(() => Status is { CutsWaiting: 0, CommittedSequence: >= 2 });

        AssertSoonAfter(before);
    }

    /// <summary>A try may take minutes. With a full queue nothing but its retry wakes anybody.</summary>
    [Fact]
    public async Task While_a_try_is_under_way()
    {
        await FillQueueAsync();
        DateTimeOffset before = default;
        Bench.Vault.OnRefused = () =>
        {
            Bench.Vault.OnRefused = null;
            before = SetBack();
        };
        await PassTimeUntilAsync(() => before != default);
        Bench.Vault.Outage = null;

        await PassTimeUntilAsync(() => Status is { CutsWaiting: 0, Fault: null });

        AssertSoonAfter(before);
    }

    /// <summary>Between any two looks at the clock: what is decided by one and done by another must not be hours apart.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task At_whichever_moment_it_happens(bool vaultAway)
    {
        for (int reading = 1; reading <= 30; reading++)
        {
            Bench.Vault.Outage = vaultAway ? Away : null;
            DateTimeOffset before = default;
            Time.BeforeReading(reading, () => before = SetBack());
            await PassTimeUntilAsync(() => before != default && (!vaultAway || Status.RetryAt is not null));
            Bench.Vault.Outage = null;
            long committed = Status.CommittedSequence;

            await PassTimeUntilAsync(() => Status is { CutsWaiting: 0, Fault: null } && Status.CommittedSequence > committed);

            TestContext.Current.TestOutputHelper?.WriteLine($"reading {reading}: {Time.GetUtcNow() - before}");
            Assert.True(Time.GetUtcNow() - before < Back / 2, $"reading {reading}: it took {Time.GetUtcNow() - before}");
        }
    }

    private DateTimeOffset SetBack()
    {
        Time.AdjustTime(Time.GetUtcNow() - Back);
        return Time.GetUtcNow();
    }

    private void AssertSoonAfter(DateTimeOffset before) => Assert.InRange(Time.GetUtcNow() - before, TimeSpan.Zero, Back / 2);
}
