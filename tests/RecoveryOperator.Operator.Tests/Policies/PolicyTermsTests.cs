using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Operator.Policies;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Tests.Policies;

/// <summary>A server before Kubernetes 1.25 runs no CEL rules: what they say holds here too.</summary>
public class PolicyTermsTests
{
    [Fact]
    public void An_empty_policy_has_the_defaults_and_asks_for_nothing_special()
    {
        var terms = Read(new());

        Assert.Equal((TimeSpan.FromMinutes(5), new RetentionTerms(24), 4), (terms.CopyFrequency, terms.Retention, terms.UploadConcurrency));
        Assert.Null(terms.AppConsistentInterval);
        Assert.Null(terms.Bandwidth);
        Assert.Equal(new ResyncTerms { ThresholdPercent = 50 }, terms.Resync);
        Assert.Equal((NewDisks.Protect, Compression.Zstd), (terms.NewDisks, terms.Compression));
    }

    [Fact]
    public void Every_value_reaches_the_terms()
    {
        var terms = Read(new()
        {
            AppConsistentInterval = "1h",
            RetentionTiers = new() { HourlyFor = "71h30m", DailyFor = "721h", WeeklyFor = "8760h" },
            Resync = new() { Automatic = false, ThresholdPercent = 20, Window = new() { Start = "22:15", End = "04:00" } },
            Bandwidth = new()
            {
                LimitPerSecond = "1.5Mi",
                Schedule = [new() { Days = [Weekday.Saturday, Weekday.Sunday], From = "08:00", To = "18:30", LimitPerSecond = "10M" }],
            },
            NewDisks = NewDiskHandling.Ignore,
            Compression = LogCompression.None,
        });

        Assert.Equal(TimeSpan.FromHours(1), terms.AppConsistentInterval);
        Assert.Equal(new RetentionTerms(24, 72, 31, 53), terms.Retention);
        Assert.Equal(new ResyncTerms { ManualOnly = true, ThresholdPercent = 20, Window = new() { StartMinute = 1335, EndMinute = 240 } }, terms.Resync);
        Assert.Equal(
            new BandwidthTerms
            {
                DefaultBytesPerSecond = 1572864,
                Slots = { new BandwidthSlot { Weekdays = { 0, 6 }, Window = new() { StartMinute = 480, EndMinute = 1110 }, BytesPerSecond = 10_000_000 } },
            },
            terms.Bandwidth);
        Assert.Equal((NewDisks.Ignore, Compression.None), (terms.NewDisks, terms.Compression));
    }

    [Theory]
    [InlineData("5m", true)]
    [InlineData("24h", true)]
    [InlineData("4m59s", false)]
    [InlineData("24h1s", false)]
    [InlineData("often", false)]
    public void An_app_consistent_interval_lies_between_copy_frequency_and_retention(string interval, bool valid) =>
        Assert.Equal(valid, Faults(new() { AppConsistentInterval = interval }) is null);

    [Theory]
    [InlineData("25h", null, null, true)]
    [InlineData("24h", null, null, false)]
    [InlineData(null, "24h", null, false)]
    [InlineData(null, null, "24h", false)]
    [InlineData("48h", "48h", null, false)]
    [InlineData("48h", "72h", "72h", false)]
    [InlineData("48h", null, "72h", true)]
    [InlineData("8761h", null, null, false)]
    [InlineData(null, "87601h", null, false)]
    public void Each_tier_reaches_further_than_the_one_before(string? hourly, string? daily, string? weekly, bool valid) =>
        Assert.Equal(valid, Faults(new() { RetentionTiers = new() { HourlyFor = hourly, DailyFor = daily, WeeklyFor = weekly } }) is null);

    [Fact]
    public void All_that_is_wrong_is_told_at_once_with_its_field()
    {
        var faults = Faults(new()
        {
            CopyFrequency = "10s",
            UploadConcurrency = 33,
            Resync = new() { ThresholdPercent = 101, Window = new() { Start = "25:00" } },
            Bandwidth = new() { LimitPerSecond = "fast", Schedule = [new() { From = "8", To = "24:00", LimitPerSecond = "-1" }] },
        })!;

        foreach (var field in new[]
        {
            "copyFrequency", "uploadConcurrency", "resync.thresholdPercent", "resync.window.start", "bandwidth.limitPerSecond",
            "bandwidth.schedule[0].from", "bandwidth.schedule[0].to", "bandwidth.schedule[0].limitPerSecond",
        })
            Assert.Contains(field, faults, StringComparison.Ordinal);
    }

    private static PolicyTerms Read(ReplicationPolicySpec spec)
    {
        var (terms, obstacle) = PolicyTerms.Read(Policy(spec));
        Assert.Null(obstacle);
        return terms!;
    }

    private static string? Faults(ReplicationPolicySpec spec) => PolicyTerms.Read(Policy(spec)).Obstacle?.Message;

    private static ReplicationPolicy Policy(ReplicationPolicySpec spec) => new() { Metadata = new() { NamespaceProperty = "ns", Name = "policy" }, Spec = spec };
}
