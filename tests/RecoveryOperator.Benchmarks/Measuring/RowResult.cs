namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>All raw results of one row of the table, as kept in a file.</summary>
internal sealed record RowResult
{
    /// <summary>The row.</summary>
    public required string Row { get; init; }

    /// <summary>Size of the image in MiB.</summary>
    public required int SizeMiB { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took.</summary>
    public double TookSeconds { get; set; }

    /// <summary>The machine, and how loaded it was.</summary>
    public required MachineFacts Machine { get; init; }

    /// <summary>Versions of the tools.</summary>
    public SortedDictionary<string, string> Versions { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Commands as they were run, by contender; secrets and folders replaced.</summary>
    public SortedDictionary<string, string> Commands { get; init; } = new(StringComparer.Ordinal);

    /// <summary>What a reader must know to judge the figures.</summary>
    public List<string> Notes { get; init; } = [];

    /// <summary>The raw results.</summary>
    public List<Run> Runs { get; init; } = [];

    /// <summary>Median of a figure over the rounds; not a number when it was not measured.</summary>
    public double Median(string contender, string figure)
    {
        double[] values = [.. Values(contender, figure).Order()];
        return values.Length == 0 ? double.NaN : (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }

    /// <summary>Largest value of a figure over the rounds; not a number when it was not measured.</summary>
    public double Max(string contender, string figure) => Values(contender, figure).DefaultIfEmpty(double.NaN).Max();

    private IEnumerable<double> Values(string contender, string figure) => Runs
        .Where(run => run.Contender == contender && run.Figures.ContainsKey(figure))
        .Select(run => run.Figures[figure]);
}
