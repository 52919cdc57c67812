using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Policies;

/// <summary>Reads a policy's values and takes note of all that is wrong.</summary>
internal sealed class PolicyReader(ReplicationPolicySpec spec)
{
    private const int HoursPerDay = 24;
    private const int HoursPerWeek = 7 * HoursPerDay;
    private static readonly TimeSpan LongestHourly = TimeSpan.FromHours(8760);
    private static readonly TimeSpan LongestTier = TimeSpan.FromHours(87600);

    /// <summary>What is wrong, each with its field and what is allowed.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The values; of use only without faults.</summary>
    public PolicyTerms Read()
    {
        var frequency = Duration("copyFrequency", spec.CopyFrequency, TimeSpan.FromSeconds(30), TimeSpan.FromHours(24), "30s to 24h");
        var retention = Duration("recoveryPointRetention", spec.RecoveryPointRetention, TimeSpan.FromHours(1), TimeSpan.FromHours(8760), "1h to 8760h");
        if (frequency > retention && retention > TimeSpan.Zero)
            Faults.Add("copyFrequency must not be longer than recoveryPointRetention");
        if (spec.UploadConcurrency is < 1 or > 32)
            Faults.Add($"uploadConcurrency {spec.UploadConcurrency} must be 1 to 32");
        return new()
        {
            CopyFrequency = frequency,
            Retention = Tiers(retention),
            InitialReplicationStart = Start(),
            UploadConcurrency = spec.UploadConcurrency,
            AppConsistentInterval = AppConsistent(frequency, retention),
            Resync = Resync(),
            Bandwidth = BandwidthReading.Read(spec.Bandwidth, Faults),
            NewDisks = spec.NewDisks == NewDiskHandling.Ignore ? NewDisks.Ignore : NewDisks.Protect,
            Compression = spec.Compression == LogCompression.None ? Compression.None : Compression.Zstd,
        };
    }

    private TimeOnly? Start()
    {
        if (spec.InitialReplicationStart is not { } text)
            return null;
        if (TimeOfDay.TryParse(text, out var start))
            return start;
        Faults.Add($"initialReplicationStart '{text}' must be HH:MM");
        return null;
    }

    private TimeSpan? AppConsistent(TimeSpan frequency, TimeSpan retention)
    {
        if (spec.AppConsistentInterval is not { } text)
            return null;
        var interval = Duration("appConsistentInterval", text, TimeSpan.Zero, TimeSpan.MaxValue, "a duration such as 1h");
        if (interval > TimeSpan.Zero && interval < frequency)
            Faults.Add("appConsistentInterval must not be shorter than copyFrequency: raise it, or copy more often");
        if (interval > retention && retention > TimeSpan.Zero)
            Faults.Add("appConsistentInterval must not be longer than recoveryPointRetention: lower it, or keep points longer");
        return interval;
    }

    private ResyncTerms Resync()
    {
        var resync = spec.Resync ?? new ResyncPolicySpec();
        if (resync.ThresholdPercent is < 1 or > 100)
            Faults.Add($"resync.thresholdPercent {resync.ThresholdPercent} must be 1 to 100");
        return new()
        {
            ManualOnly = !resync.Automatic,
            ThresholdPercent = resync.ThresholdPercent,
            Window = resync.Window is { } window ? BandwidthReading.Window("resync.window.start", window.Start, "resync.window.end", window.End, Faults) : null,
        };
    }

    private RetentionTerms Tiers(TimeSpan retention)
    {
        var tiers = spec.RetentionTiers;
        var hourly = Tier("hourlyFor", tiers?.HourlyFor, LongestHourly, "8760h");
        var daily = Tier("dailyFor", tiers?.DailyFor, LongestTier, "87600h");
        var weekly = Tier("weeklyFor", tiers?.WeeklyFor, LongestTier, "87600h");
        (string Name, TimeSpan For)[] given = [.. new[] { ("recoveryPointRetention", retention), ("retentionTiers.hourlyFor", hourly), ("retentionTiers.dailyFor", daily), ("retentionTiers.weeklyFor", weekly) }
            .Where(tier => tier.Item2 > TimeSpan.Zero)];
        foreach (var (inner, outer) in given.Zip(given.Skip(1)).Where(pair => pair.Second.For <= pair.First.For))
            Faults.Add($"{outer.Name} must be longer than {inner.Name}: raise it, or leave it out");
        return new(Units(retention, 1), Units(hourly, 1), Units(daily, HoursPerDay), Units(weekly, HoursPerWeek));
    }

    private TimeSpan Tier(string field, string? text, TimeSpan longest, string longestText) =>
        text is null ? TimeSpan.Zero : Duration($"retentionTiers.{field}", text, TimeSpan.Zero, longest, $"a duration of at most {longestText}");

    private TimeSpan Duration(string field, string? text, TimeSpan shortest, TimeSpan longest, string allowed)
    {
        if (GoDuration.TryParse(text, out var duration) && duration >= shortest && duration <= longest)
            return duration;
        Faults.Add($"{field} '{text}' must be {allowed}");
        return TimeSpan.Zero;
    }

    private static int Units(TimeSpan duration, int hours) => (int)Math.Ceiling(duration.TotalHours / hours);
}
