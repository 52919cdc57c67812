using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.World;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>A row of the table: how it is measured, and what its raw results say.</summary>
internal interface IRow
{
    /// <summary>Short name: part of file names, and how a run names it.</summary>
    string Name { get; }

    /// <summary>What is measured, for people.</summary>
    string Title { get; }

    /// <summary>Whether the image's size makes a difference; otherwise it is measured once, with the first size.</summary>
    bool DependsOnSize { get; }

    /// <summary>Measures, contenders taking turns.</summary>
    Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken);

    /// <summary>Goals against raw results.</summary>
    IEnumerable<Verdict> Judge(RowResult result);

    /// <summary>What the chart shows; null: no chart.</summary>
    Chart? ChartOf(RowResult result);
}
