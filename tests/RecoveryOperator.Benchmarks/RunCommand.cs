using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.Rows;
using RecoveryOperator.Benchmarks.Tools;
using RecoveryOperator.Benchmarks.World;

namespace RecoveryOperator.Benchmarks;

/// <summary>Measures rows and writes the report.</summary>
internal static class RunCommand
{
    private static readonly IRow[] _rows =
    [
        new InitialReplicationRow(),
        new AgentMemoryRow(),
        new DeltaRow(),
        new IdleCycleRow(),
        new ResyncRow(),
        new RecoveryRow(),
        new ManyIdleRow(),
        new VaultScaleRow(),
        new VaultApplyRow(),
    ];

    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        RunOptions options = RunOptions.Read(arguments);
        using Workshop workshop = await Workshop.OpenAsync(options.WorkFolder, cancellationToken);
        SortedDictionary<string, string> versions = await Versions.ReadAsync(cancellationToken);
        bool failed = false;
        foreach (int sizeMiB in options.SizesMiB)
        {
            foreach (IRow row in _rows.Where(row => options.Wants(row.Name) && (row.DependsOnSize || sizeMiB == options.SizesMiB[0])))
                failed |= !await MeasureAsync(row, workshop, sizeMiB, versions, options, cancellationToken);
        }

        ReportWriter.Write(options.ResultFolder, _rows);
        return failed ? 1 : 0;
    }

    public static int Report(string[] arguments)
    {
        ReportWriter.Write(RunOptions.Read(arguments).ResultFolder, _rows);
        return 0;
    }

    private static async Task<bool> MeasureAsync(
        IRow row, Workshop workshop, int sizeMiB, SortedDictionary<string, string> versions, RunOptions options, CancellationToken cancellationToken)
    {
        Console.WriteLine($"{row.Title}, {sizeMiB} MiB");
        RowResult result = new()
        {
            Row = row.Name,
            SizeMiB = sizeMiB,
            StartedAt = DateTimeOffset.UtcNow,
            Machine = MachineFacts.Read(),
            Versions = versions,
        };
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            await row.MeasureAsync(workshop, result, options.Rounds, cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // The other rows still count; a row that broke keeps its last good results.
            await Console.Error.WriteLineAsync($"{row.Title} broke: {fault}");
            return false;
        }

        result.TookSeconds = watch.Elapsed.TotalSeconds;
        ResultFiles.Write(options.ResultFolder, result);
        foreach (Run run in result.Runs)
            Console.WriteLine($"  {run.Contender,-24} {string.Join("  ", run.Figures.Select(figure => string.Create(CultureInfo.InvariantCulture, $"{figure.Key} {figure.Value:0.###}")))}");
        foreach (Verdict verdict in row.Judge(result))
            Console.WriteLine($"  {(verdict.Met is { } met ? met ? "met   " : "MISSED" : "      ")} {verdict.Goal}: {verdict.Measured}");
        return true;
    }
}
