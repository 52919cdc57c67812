namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>One raw result.</summary>
/// <param name="Contender">Who was measured, for example <c>azcopy</c>.</param>
/// <param name="Round">Contenders take turns; each turn of all is a round, from 1.</param>
/// <param name="Figures">What was measured; units are in the names.</param>
internal sealed record Run(string Contender, int Round, IReadOnlyDictionary<string, double> Figures);
