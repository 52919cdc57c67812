using System.Globalization;
using RecoveryOperator.Benchmarks.World;

namespace RecoveryOperator.Benchmarks;

/// <summary>What a run is asked for.</summary>
/// <param name="SizesMiB">Sizes of the image.</param>
/// <param name="Rows">Names of rows; empty: all.</param>
/// <param name="Rounds">Turns of each contender.</param>
/// <param name="WorkFolder">Where images and copies are made.</param>
/// <param name="ResultFolder">Where the raw results go; the report lies beside this folder.</param>
internal sealed record RunOptions(IReadOnlyList<int> SizesMiB, IReadOnlyList<string> Rows, int Rounds, string WorkFolder, string ResultFolder)
{
    public static RunOptions Read(string[] arguments)
    {
        Dictionary<string, string> given = [];
        for (int at = 0; at + 1 < arguments.Length; at += 2)
            given[arguments[at]] = arguments[at + 1];
        return new RunOptions(
            [.. given.GetValueOrDefault("--sizes", "2048,16384").Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))],
            [.. given.GetValueOrDefault("--rows", "").Split(',', StringSplitOptions.RemoveEmptyEntries)],
            int.Parse(given.GetValueOrDefault("--rounds", "3"), CultureInfo.InvariantCulture),
            Path.GetFullPath(given.GetValueOrDefault("--work", Path.GetTempPath())),
            Path.GetFullPath(given.GetValueOrDefault("--out", Path.Combine(Scripts.Root, "docs/benchmarks"))));
    }

    public bool Wants(string row) => Rows.Count == 0 || Rows.Contains(row);
}
