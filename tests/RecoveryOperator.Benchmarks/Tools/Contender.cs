using RecoveryOperator.Benchmarks.Measuring;

namespace RecoveryOperator.Benchmarks.Tools;

/// <summary>A tool that is compared with. Run again, the same command brings its copy up to date.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Folder">Its own folder, with its copy where that is local.</param>
/// <param name="Prepare">Run before, unmeasured (makes a repository); null: nothing.</param>
/// <param name="Command">The command that is measured.</param>
/// <param name="Environment">Variables for it.</param>
internal sealed record Contender(
    string Name, string Folder, IReadOnlyList<string>? Prepare, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Runs what comes before.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (Prepare is not null)
            await TimedCommand.RunAsync(Prepare, Environment, Folder, cancellationToken);
    }

    /// <summary>Runs the command; measures it.</summary>
    public Task<ProcessUse> RunAsync(CancellationToken cancellationToken) => TimedCommand.RunAsync(Command, Environment, Folder, cancellationToken);

    /// <summary>The command for the report, without folders and grants.</summary>
    public string Shown(string image) => string.Join(' ', Command.Select((part, index) => index == 0 ? Path.GetFileName(part) : part.Contains("?s", StringComparison.Ordinal) ? "URL?SAS" : part
        .Replace(image, "IMAGE", StringComparison.Ordinal)
        .Replace(Folder, "DIR", StringComparison.Ordinal)));

    /// <summary>Removes its folder.</summary>
    public void Remove() => Directory.Delete(Folder, recursive: true);
}
