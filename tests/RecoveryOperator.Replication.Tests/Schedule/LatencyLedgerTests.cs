using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Schedule;

public class LatencyLedgerTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_mean_is_of_the_last_hour()
    {
        LatencyLedger ledger = new();
        Assert.Null(ledger.Mean(_start));
        ledger.Committed(_start.AddSeconds(-10), _start);
        ledger.Committed(_start.AddMinutes(30).AddSeconds(-30), _start.AddMinutes(30));

        Assert.Equal(TimeSpan.FromSeconds(20), ledger.Mean(_start.AddMinutes(60).AddTicks(-1)));
        Assert.Equal(TimeSpan.FromSeconds(30), ledger.Mean(_start.AddMinutes(60)));
        Assert.Null(ledger.Mean(_start.AddMinutes(90)));
    }

    [Fact]
    public void A_commit_before_its_instant_took_no_time()
    {
        LatencyLedger ledger = new();
        ledger.Committed(_start.AddSeconds(5), _start);

        Assert.Equal(TimeSpan.Zero, ledger.Mean(_start));
    }
}
