namespace RecoveryOperator.Benchmarks.Report;

/// <summary>A bar chart.</summary>
/// <param name="Title">What is shown, with size.</param>
/// <param name="Unit">Unit of the values.</param>
/// <param name="Bars">The bars, from top to bottom.</param>
internal sealed record Chart(string Title, string Unit, IReadOnlyList<Bar> Bars);

/// <summary>One bar.</summary>
/// <param name="Label">Whose it is.</param>
/// <param name="Value">Its length; not a number: not measured.</param>
/// <param name="Ours">Drawn in the product's colour.</param>
internal sealed record Bar(string Label, double Value, bool Ours);
