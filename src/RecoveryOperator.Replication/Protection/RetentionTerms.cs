namespace RecoveryOperator.Replication.Protection;

/// <summary>How long points are kept, counted back from the newest one.</summary>
/// <param name="FullDensityHours">Hours in which all points stay, at least 1.</param>
/// <param name="HourlyForHours">Hours in which one point of each hour stays; 0: no such tier.</param>
/// <param name="DailyForDays">Days in which one point of each day stays; 0: no such tier.</param>
/// <param name="WeeklyForWeeks">Weeks in which one point of each week stays; 0: no such tier.</param>
public sealed record RetentionTerms(int FullDensityHours, int HourlyForHours = 0, int DailyForDays = 0, int WeeklyForWeeks = 0)
{
    /// <summary>Something is kept beyond full density.</summary>
    public bool HasTiers => HourlyForHours > 0 || DailyForDays > 0 || WeeklyForWeeks > 0;
}
