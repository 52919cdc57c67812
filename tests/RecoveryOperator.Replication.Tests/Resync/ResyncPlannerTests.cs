using RecoveryOperator.Replication.Resync;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Resync;

public sealed class ResyncPlannerTests
{
    private static readonly ResyncFacts Healthy = new();

    private static readonly ResyncFacts Needed = new() { Needed = true };

    public static TheoryData<string, ResyncFacts, ResyncDecision> Cases => new()
    {
        { "nothing is asked for and nothing needed", Healthy, ResyncDecision.None },
        { "needed", Needed, ResyncDecision.Begin },
        { "needed, never by itself", Needed with { ManualOnly = true }, ResyncDecision.Hold },
        { "needed, never by itself, a new token", Needed with { ManualOnly = true, Token = "a" }, ResyncDecision.BeginAsRequested },
        { "needed, canceled", Needed with { Canceled = true }, ResyncDecision.Hold },
        { "needed, canceled, the old token", Needed with { Canceled = true, Token = "a", TakenToken = "a" }, ResyncDecision.Hold },
        { "needed, canceled, a new token", Needed with { Canceled = true, Token = "b", TakenToken = "a" }, ResyncDecision.BeginAsRequested },
        { "needed, paused", Needed with { Wish = ResyncWish.Pause }, ResyncDecision.Hold },
        { "needed, canceled now, a new token", Needed with { Wish = ResyncWish.Cancel, Token = "b" }, ResyncDecision.Hold },
        { "a new token on a healthy protection", Healthy with { Token = "a" }, ResyncDecision.BeginAsRequested },
        { "an old token on a healthy protection", Healthy with { Token = "a", TakenToken = "a" }, ResyncDecision.None },
        { "a new token that is paused", Healthy with { Token = "a", Wish = ResyncWish.Pause }, ResyncDecision.None },
        { "a token that was taken away", Healthy with { TakenToken = "a" }, ResyncDecision.None },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_begins_when_it_is_needed_or_asked_for(string because, ResyncFacts facts, ResyncDecision expected) =>
        Assert.True(expected == ResyncPlanner.Decide(facts), because);

    [Theory]
    [InlineData(false, 9, 100, true)]
    [InlineData(false, 10, 100, false)]
    [InlineData(true, 100, 100, true)]
    [InlineData(false, long.MaxValue / 11, long.MaxValue, true)]
    [InlineData(false, 0, 0, false)]
    public void A_small_one_and_one_that_was_asked_for_wait_for_no_window(bool requested, long estimated, long machine, bool atOnce) =>
        Assert.Equal(atOnce, ResyncPlanner.IsAtOnce(requested, estimated, machine));

    [Fact]
    public void A_large_one_runs_in_its_window_only_and_a_paused_one_never()
    {
        WindowSchedule night = new(DailyWindow.Night, TimeZoneInfo.Utc);
        DateTimeOffset noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
        DateTimeOffset midnight = new(2026, 5, 5, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal(new WindowState(false, noon.AddHours(6.5)), ResyncPlanner.MayRun(false, ResyncWish.Run, night, noon));
        Assert.Equal(new WindowState(true, midnight.AddHours(6)), ResyncPlanner.MayRun(false, ResyncWish.Run, night, midnight));
        Assert.Equal(new WindowState(true, null), ResyncPlanner.MayRun(true, ResyncWish.Run, night, noon));
        Assert.Equal(new WindowState(false, null), ResyncPlanner.MayRun(true, ResyncWish.Pause, night, noon));
    }
}
