using RecoveryOperator.Replication.Cycle;

namespace RecoveryOperator.Replication.Tests.Cycle;

public class CyclePlannerTests
{
    private static readonly DateTimeOffset _now = DateTimeOffset.Parse("2026-01-01T00:00:00Z", null);
    private static readonly CycleFacts _facts = new() { Now = _now, NextDue = _now + TimeSpan.FromMinutes(1) };

    [Fact]
    public void A_cycle_waits_for_its_due_time() => Assert.Equal(new CycleDecision(false, _facts.NextDue), CyclePlanner.Decide(_facts));

    [Fact]
    public void A_due_cycle_runs() => Assert.True(CyclePlanner.Decide(_facts with { NextDue = _now }).RunNow);

    [Fact]
    public void An_unfinished_initial_copy_does_not_wait() => Assert.True(CyclePlanner.Decide(_facts with { InitialIncomplete = true }).RunNow);

    [Fact]
    public void Paused_nothing_runs_but_what_is_asked_for()
    {
        Assert.Equal(CycleDecision.Rest, CyclePlanner.Decide(_facts with { NextDue = _now, Paused = true }));
        Assert.True(CyclePlanner.Decide(_facts with { Paused = true, Requested = true }).RunNow);
    }

    [Fact]
    public void A_failed_cycle_waits_for_its_retry_even_when_due()
    {
        DateTimeOffset retry = _now + TimeSpan.FromMinutes(10);
        Assert.Equal(new CycleDecision(false, retry), CyclePlanner.Decide(_facts with { NextDue = _now, Failed = true, RetryAt = retry }));
        Assert.True(CyclePlanner.Decide(_facts with { Now = retry, Failed = true, RetryAt = retry }).RunNow);
    }

    [Fact]
    public void What_retrying_cannot_help_waits_for_a_person()
    {
        Assert.Equal(CycleDecision.Rest, CyclePlanner.Decide(_facts with { NextDue = _now, Failed = true }));
        Assert.True(CyclePlanner.Decide(_facts with { Failed = true, Requested = true }).RunNow);
    }

    [Fact]
    public void An_ended_protection_never_runs() =>
        Assert.Equal(CycleDecision.Rest, CyclePlanner.Decide(_facts with { NextDue = _now, Ended = true, Requested = true }));
}
