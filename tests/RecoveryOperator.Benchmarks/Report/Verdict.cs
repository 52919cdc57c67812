namespace RecoveryOperator.Benchmarks.Report;

/// <summary>A goal and what was measured.</summary>
/// <param name="Goal">The goal, in words.</param>
/// <param name="Measured">The figure, with its unit.</param>
/// <param name="Met">Whether it was reached; null: there is no goal, or it was not measured.</param>
internal sealed record Verdict(string Goal, string Measured, bool? Met)
{
    /// <summary>A goal that a figure must be at most.</summary>
    public static Verdict AtMost(string goal, double value, double limit, string measured) =>
        new(goal, double.IsNaN(value) ? "not measured" : measured, double.IsNaN(value) ? null : value <= limit);

    /// <summary>A goal that a figure must be at least.</summary>
    public static Verdict AtLeast(string goal, double value, double limit, string measured) =>
        new(goal, double.IsNaN(value) ? "not measured" : measured, double.IsNaN(value) ? null : value >= limit);
}
