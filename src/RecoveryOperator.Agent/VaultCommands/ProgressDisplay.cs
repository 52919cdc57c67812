using System.Globalization;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>Shows how far a verification is: a bar that is redrawn on a terminal, else a line every ten seconds.</summary>
internal sealed class ProgressDisplay : IProgress<VerifyProgress>, IAsyncDisposable
{
    private const int BarWidth = 30;

    private static readonly TimeSpan _redraw = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _plainLine = TimeSpan.FromSeconds(10);

    private readonly CommandConsole _console;
    private readonly long _started;
    private readonly ITimer _timer;
    private volatile VerifyProgress? _latest;
    private int _lineLength;

    public ProgressDisplay(CommandConsole console)
    {
        _console = console;
        _started = console.Time.GetTimestamp();
        TimeSpan period = console.IsTerminal ? _redraw : _plainLine;
        _timer = console.Time.CreateTimer(_ => Draw(), null, period, period);
    }

    /// <inheritdoc/>
    public void Report(VerifyProgress value) => _latest = value;

    /// <summary>Shows the last state and ends the line.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        Draw();
        if (_console.IsTerminal && _lineLength > 0)
            await _console.Error.WriteLineAsync();
    }

    private void Draw()
    {
        if (_latest is not { } progress)
            return;
        string line = Line(progress, _console.Time.GetElapsedTime(_started), _console.IsTerminal);
        if (!_console.IsTerminal)
        {
            _console.Error.WriteLine(line);
            return;
        }

        _console.Error.Write('\r' + line.PadRight(_lineLength));
        _lineLength = line.Length;
    }

    internal static string Line(VerifyProgress progress, TimeSpan elapsed, bool withBar)
    {
        double part = progress.TotalBytes > 0 ? Math.Min(1, (double)progress.DoneBytes / progress.TotalBytes) : 1;
        double rate = elapsed > TimeSpan.Zero ? progress.DoneBytes / elapsed.TotalSeconds : 0;
        string left = part >= 1 ? "done" : rate > 0 ? $"{ByteText.Of(TimeSpan.FromSeconds((progress.TotalBytes - progress.DoneBytes) / rate))} left" : "waiting";
        string bar = withBar ? $"[{new string('#', (int)(part * BarWidth)).PadRight(BarWidth, '.')}] " : "";
        string bad = progress.BadBlocks > 0 ? $", {progress.BadBlocks} BAD BLOCKS" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{bar}{part * 100,3:F0}%  disk {progress.Disk}  {ByteText.Of(progress.DoneBytes)} of {ByteText.Of(progress.TotalBytes)}  {ByteText.Of(rate)}/s  {left}{bad}");
    }
}
