namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>Where a command writes: results to one stream, what is going on to the other.</summary>
/// <param name="Output">Results.</param>
/// <param name="Error">Progress and errors.</param>
/// <param name="IsTerminal">The second is a terminal: a line may be rewritten.</param>
/// <param name="Time">Clock of progress.</param>
internal sealed record CommandConsole(TextWriter Output, TextWriter Error, bool IsTerminal, TimeProvider Time)
{
    /// <summary>The process's own.</summary>
    public static CommandConsole System { get; } = new(Console.Out, Console.Error, !Console.IsErrorRedirected, TimeProvider.System);

    /// <summary>Writes rows as a table: columns as wide as their widest cell.</summary>
    public void WriteTable(IReadOnlyList<string> head, IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. head.Select((title, column) => rows.Select(row => row[column].Length).Append(title.Length).Max())];
        foreach (IReadOnlyList<string> row in rows.Prepend([.. head]))
            Output.WriteLine(string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
