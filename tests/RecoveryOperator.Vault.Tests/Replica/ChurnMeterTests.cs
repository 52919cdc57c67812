using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

public sealed class ChurnMeterTests
{
    private const long MiB = 1024 * 1024;

    private static readonly DateTimeOffset _start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(59, 10, false)]
    [InlineData(61, 10, true)]
    [InlineData(1, 499, false)]
    [InlineData(1, 501, true)]
    public void A_disk_above_a_limit_for_a_whole_window_is_told_with_its_figures(int mebibytesPerSecond, int requestsPerSecond, bool isTold)
    {
        ChurnMeter meter = new(new ChurnLimits());
        ChurnRecord? told = null;
        for (int minute = 0; minute <= 20; minute += 5)
        {
            meter.Add(0, At(minute), 1, 1);
            meter.Add(3, At(minute), mebibytesPerSecond * MiB * 300, requestsPerSecond * 300L);
            told = meter.Judge(At(minute), told);
            Assert.True(minute >= 15 || told is null, "A window is not over.");
        }

        Assert.Equal(isTold, told is not null);
        if (told is not null)
            Assert.Equal((3, mebibytesPerSecond * MiB, requestsPerSecond), (told.Disk, (long)told.BytesPerSecond, (int)told.RequestsPerSecond));
    }

    [Fact]
    public void A_burst_is_no_sustained_churn_and_what_was_told_ends_with_a_window_below()
    {
        ChurnMeter meter = new(new ChurnLimits());
        ChurnRecord? told = new(0, 1e9, 1, _start, _start);
        for (int minute = 0; minute <= 60; minute += 5)
        {
            meter.Add(0, At(minute), minute == 30 ? 200 * MiB * 60 : MiB, 100);
            told = meter.Judge(At(minute), told);
            Assert.Equal(minute < 15, told is not null);
        }
    }

    [Fact]
    public void While_a_disk_stays_above_its_record_changes_once_in_a_window()
    {
        ChurnMeter meter = new(new ChurnLimits());
        ChurnRecord? told = null;
        HashSet<ChurnRecord> records = [];
        for (int minute = 0; minute <= 75; minute++)
        {
            meter.Add(0, At(minute), 100 * MiB * 60, 10);
            told = meter.Judge(At(minute), told);
            if (told is not null)
                records.Add(told);
        }

        Assert.Equal(5, records.Count);
    }

    [Fact]
    public void A_set_that_is_applied_again_after_a_failure_counts_once()
    {
        ChurnMeter meter = new(new ChurnLimits());
        ChurnRecord? told = meter.Judge(At(0), null);
        foreach (int minute in new[] { 5, 5, 10, 15, 15, 20 })
        {
            meter.Add(0, At(minute), 40 * MiB * 300, 10);
            told = meter.Judge(At(minute), told);
        }

        Assert.Null(told);
    }

    private static DateTimeOffset At(int minute) => _start.AddMinutes(minute);
}
