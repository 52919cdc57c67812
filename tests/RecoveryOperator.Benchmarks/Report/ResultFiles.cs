using System.Globalization;
using System.Text.Json;
using RecoveryOperator.Benchmarks.Measuring;

namespace RecoveryOperator.Benchmarks.Report;

/// <summary>The raw results: a JSON file for each row and size.</summary>
internal static class ResultFiles
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Write(string folder, RowResult result)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{result.Row}-{result.SizeMiB}.json"));
        RowResult rounded = result with
        {
            Runs = [.. result.Runs.Select(run => run with { Figures = run.Figures.ToDictionary(figure => figure.Key, figure => Math.Round(figure.Value, 4)) })],
        };
        File.WriteAllText(path, JsonSerializer.Serialize(rounded, _json) + "\n");
    }

    public static IReadOnlyList<RowResult> ReadAll(string folder) => !Directory.Exists(folder) ? [] :
    [
        .. Directory.EnumerateFiles(folder, "*.json")
            .Select(path => JsonSerializer.Deserialize<RowResult>(File.ReadAllText(path), _json)!)
            .OrderBy(result => result.Row, StringComparer.Ordinal).ThenBy(result => result.SizeMiB),
    ];
}
