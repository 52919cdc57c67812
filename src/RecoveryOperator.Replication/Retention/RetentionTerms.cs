namespace RecoveryOperator.Replication.Retention;

/// <summary>How long recovery points are kept, counted back from the newest one. A tier of zero is none.</summary>
/// <param name="FullDensityHours">Hours in which every point stays, at least 1; below that nothing is removed.</param>
/// <param name="HourlyForHours">Hours in which the newest point of each hour stays.</param>
/// <param name="DailyForDays">Days in which the newest point of each day stays.</param>
/// <param name="WeeklyForWeeks">Weeks in which the newest point of each week stays.</param>
public sealed record RetentionTerms(int FullDensityHours, int HourlyForHours = 0, int DailyForDays = 0, int WeeklyForWeeks = 0);
