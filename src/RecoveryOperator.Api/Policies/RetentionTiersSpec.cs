namespace RecoveryOperator.Api.Policies;

/// <summary>Points kept beyond <see cref="ReplicationPolicySpec.RecoveryPointRetention"/>. Each tier reaches further than the one before it.</summary>
public sealed record RetentionTiersSpec
{
    /// <summary>How far back the newest point of each hour is kept; rounded up to whole hours.</summary>
    public string? HourlyFor { get; init; }

    /// <summary>How far back the newest point of each day is kept; rounded up to whole days.</summary>
    public string? DailyFor { get; init; }

    /// <summary>How far back the newest point of each week is kept; rounded up to whole weeks.</summary>
    public string? WeeklyFor { get; init; }
}
