using System.Diagnostics;
using RecoveryOperator.EndToEnd.Tests.World;
using RecoveryOperator.Testing;

namespace RecoveryOperator.EndToEnd.Tests.Enrolment;

/// <summary>A program of this build as a process; all that it prints is kept.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private bool _ended;

    private RunningProgram(Process process) => _process = process;

    /// <summary>What it printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>Path of a built program.</summary>
    public static string PathOf(string project, string program) =>
        Path.Combine(RepositoryRoot.Path, "src", $"RecoveryOperator.{project}", "bin", Build.Configuration, "net10.0", program);

    public static RunningProgram Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var running = new RunningProgram(Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started."));
        running._process.OutputDataReceived += (_, line) => running.Keep(line.Data);
        running._process.ErrorDataReceived += (_, line) => running.Keep(line.Data);
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    public async ValueTask DisposeAsync()
    {
        if (_ended)
            return;
        _ended = true;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(line);
    }
}
