using System.Globalization;
using System.Security;
using System.Text;

namespace RecoveryOperator.Benchmarks.Report;

/// <summary>Draws horizontal bars, the product's in its own colour, each with its value.</summary>
internal static class SvgBarChart
{
    private const int Width = 760;
    private const int LabelWidth = 210;
    private const int ValueWidth = 90;
    private const int BarHeight = 22;
    private const int RowHeight = 32;
    private const int TitleHeight = 44;
    private const int Margin = 14;

    public static string Draw(Chart chart)
    {
        Bar[] bars = [.. chart.Bars.Where(bar => !double.IsNaN(bar.Value))];
        double most = bars.Length == 0 ? 1 : Math.Max(bars.Max(bar => bar.Value), 1e-9);
        int height = TitleHeight + (bars.Length * RowHeight) + Margin;
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"14\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <text x=\"{Margin}\" y=\"27\" font-size=\"16\" font-weight=\"bold\" fill=\"#1f2933\">{SecurityElement.Escape($"{chart.Title} ({chart.Unit})")}</text>");
        for (int index = 0; index < bars.Length; index++)
            Append(svg, bars[index], TitleHeight + (index * RowHeight), (Width - LabelWidth - ValueWidth) * bars[index].Value / most);
        return svg.AppendLine("</svg>").ToString().ReplaceLineEndings("\n");
    }

    private static void Append(StringBuilder svg, Bar bar, int top, double length)
    {
        int baseline = top + (BarHeight / 2) + 5;
        string value = bar.Value.ToString(bar.Value >= 100 ? "F0" : bar.Value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <text x=\"{LabelWidth - 8}\" y=\"{baseline}\" text-anchor=\"end\" fill=\"#1f2933\">{SecurityElement.Escape(bar.Label)}</text>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <rect x=\"{LabelWidth}\" y=\"{top}\" width=\"{Math.Max(1, length):F1}\" height=\"{BarHeight}\" rx=\"3\" fill=\"{(bar.Ours ? "#1d6fb8" : "#9aa5b1")}\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <text x=\"{LabelWidth + length + 8:F1}\" y=\"{baseline}\" fill=\"#1f2933\">{value}</text>");
    }
}
