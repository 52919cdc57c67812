using System.Globalization;
using System.Text;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Rows;

namespace RecoveryOperator.Benchmarks.Report;

/// <summary>Writes <c>benchmarks.md</c> beside the folder of raw results, and a picture for each row into it. All of it comes from the raw results.</summary>
internal static class ReportWriter
{
    /// <summary>Written by hand where a goal is missed: what the profile shows. Taken into the report as it is.</summary>
    private const string ProfileName = "profiles.md";

    public static void Write(string resultFolder, IReadOnlyList<IRow> rows)
    {
        IReadOnlyList<RowResult> results = ResultFiles.ReadAll(resultFolder);
        StringBuilder text = new();
        text.AppendLine("# Benchmarks").AppendLine();
        text.AppendLine("Written by `make bench` from the raw results in [benchmarks/](benchmarks/); by hand only [what the profiles show](#what-the-profiles-show).");
        text.AppendLine("Wall time, CPU time and peak memory are those of processes. Contenders take turns in each round; a figure is the median of the rounds, memory the largest.").AppendLine();
        AppendGoals(text, rows, results);
        string profile = Path.Combine(resultFolder, ProfileName);
        if (File.Exists(profile))
            text.AppendLine("## What the profiles show").AppendLine().AppendLine(File.ReadAllText(profile).TrimEnd()).AppendLine();
        foreach (RowResult result in Ordered(rows, results))
            AppendRow(text, Row(rows, result), result, resultFolder);
        AppendMachine(text, results);
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(resultFolder.TrimEnd('/'))!, "benchmarks.md"), text.ToString().ReplaceLineEndings("\n").TrimEnd() + "\n");
    }

    private static IEnumerable<RowResult> Ordered(IReadOnlyList<IRow> rows, IReadOnlyList<RowResult> results) =>
        rows.SelectMany(row => results.Where(result => result.Row == row.Name));

    private static IRow Row(IReadOnlyList<IRow> rows, RowResult result) => rows.Single(row => row.Name == result.Row);

    private static void AppendGoals(StringBuilder text, IReadOnlyList<IRow> rows, IReadOnlyList<RowResult> results)
    {
        text.AppendLine("| Work | Goal | Measured | Met |").AppendLine("|---|---|---|---|");
        foreach (IRow row in rows)
        {
            RowResult[] own = [.. results.Where(result => result.Row == row.Name)];
            if (own.Length == 0)
                text.AppendLine(CultureInfo.InvariantCulture, $"| {row.Title} | | not measured | |");
            foreach (RowResult result in own)
            {
                foreach (Verdict verdict in row.Judge(result))
                    text.AppendLine(CultureInfo.InvariantCulture, $"| {TitleOf(row, result)} | {verdict.Goal} | {verdict.Measured} | {(verdict.Met is { } met ? met ? "yes" : "**no**" : "")} |");
            }
        }

        text.AppendLine();
    }

    private static string TitleOf(IRow row, RowResult result) =>
        row.DependsOnSize ? string.Create(CultureInfo.InvariantCulture, $"{row.Title}, {result.SizeMiB / 1024.0:0.##} GiB") : row.Title;

    private static void AppendRow(StringBuilder text, IRow row, RowResult result, string resultFolder)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"## {TitleOf(row, result)}").AppendLine();
        if (row.ChartOf(result) is { } chart)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{result.Row}-{result.SizeMiB}.svg");
            File.WriteAllText(Path.Combine(resultFolder, name), SvgBarChart.Draw(chart));
            text.AppendLine(CultureInfo.InvariantCulture, $"![{chart.Title}](benchmarks/{name})").AppendLine();
        }

        string[] contenders = [.. result.Runs.Select(run => run.Contender).Distinct()];
        string[] figures = [.. result.Runs.SelectMany(run => run.Figures.Keys).Distinct()];
        text.AppendLine(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", figures)} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(figures.Select(_ => "---:|"))}");
        foreach (string contender in contenders)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {contender} | {string.Join(" | ", figures.Select(figure => Cell(result, contender, figure)))} |");

        text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"{result.StartedAt:yyyy-MM-dd HH:mm} UTC, {result.Runs.Max(run => run.Round)} rounds, {result.TookSeconds:F0} s; load of the machine when it began: {result.Machine.LoadBefore:F1}.");
        foreach ((string contender, string command) in result.Commands)
            text.AppendLine(CultureInfo.InvariantCulture, $"- {contender}: `{command}`");
        foreach (string note in result.Notes)
            text.AppendLine(CultureInfo.InvariantCulture, $"- {note}");
        text.AppendLine();
    }

    private static string Cell(RowResult result, string contender, string figure)
    {
        double value = figure.StartsWith("peakMemory", StringComparison.Ordinal) ? result.Max(contender, figure) : result.Median(contender, figure);
        return double.IsNaN(value) ? "" : value.ToString(Math.Abs(value) >= 100 ? "F0" : Math.Abs(value) >= 10 ? "F1" : "F3", CultureInfo.InvariantCulture);
    }

    private static void AppendMachine(StringBuilder text, IReadOnlyList<RowResult> results)
    {
        if (results.Count == 0)
            return;

        MachineFacts machine = results[^1].Machine;
        text.AppendLine("## Machine and versions").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{machine.Processors} processors ({machine.Processor}), {machine.MemoryMiB} MiB of memory, Linux {machine.Kernel}.");
        text.AppendLine(CultureInfo.InvariantCulture, $"Images are made from seed 20: of each 16 MiB, 8 cannot be compressed, 4 are text, 4 are a hole.").AppendLine();
        foreach ((string tool, string version) in results.SelectMany(result => result.Versions).GroupBy(pair => pair.Key).Select(group => group.First()))
            text.AppendLine(CultureInfo.InvariantCulture, $"- {tool}: {version}");
    }
}
