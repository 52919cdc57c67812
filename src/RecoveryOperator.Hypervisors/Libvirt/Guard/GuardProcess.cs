using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>A guard's process as the agent holds it: its two pipes.</summary>
internal sealed class GuardProcess : IDisposable
{
    private readonly Process _process;
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private long _lastAnswer;

    private GuardProcess(Process process, Action<GuardReport> ended, TimeProvider time)
    {
        (_process, _time, _lastAnswer) = (process, time, time.GetTimestamp());
        Ended = Task.Run(() => ListenAsync(ended));
    }

    /// <summary>Completes when the process takes and gives no word any more.</summary>
    public Task Ended { get; }

    /// <summary>Time since it last said anything.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _lastAnswer));

    public int Id => _process.Id;

    /// <summary>Starts one.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="settings">How it works.</param>
    /// <param name="ended">Told of snapshots that it ended.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="HypervisorException">It could not be started.</exception>
    public static GuardProcess Start(IReadOnlyList<string> command, GuardSettings settings, Action<GuardReport> ended, TimeProvider time)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // A process that waits for most of its life: no heap for each core.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_GCConserveMemory"] = "9";
        try
        {
            var process = new GuardProcess(Process.Start(start)!, ended, time);
            process.Send(new GuardOrder(GuardOrderKind.Hello, Settings: settings));
            return process;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException)
        {
            throw new HypervisorException(
                HypervisorFault.Transient,
                $"the guard of open snapshots could not be started ({command[0]}): {error.Message}",
                "see that the agent's own program can be executed; without its guard no snapshot is begun, so that no guest can be stopped by one",
                error);
        }
    }

    /// <summary>Gives an order.</summary>
    /// <exception cref="IOException">The process is gone.</exception>
    public void Send(GuardOrder order)
    {
        lock (_writing)
        {
            _process.StandardInput.WriteLine(order.Write());
            _process.StandardInput.Flush();
        }
    }

    /// <summary>Gives an order about a snapshot and waits for the answer.</summary>
    /// <returns>False when there was none in time, or the process ended.</returns>
    public async Task<bool> AskAsync(GuardOrder order, string token, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var answered = _awaited.GetOrAdd(token, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        try
        {
            Send(order);
            await Task.WhenAny(answered, Ended).WaitAsync(timeout, _time, cancellationToken).ConfigureAwait(false);
            return answered.IsCompletedSuccessfully;
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            return false; // The caller starts another one, and says so when that fails, too.
        }
        finally
        {
            _awaited.TryRemove(token, out _);
        }
    }

    /// <summary>Ends a process that does not react.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Closes its orders: it goes when nothing is open.</summary>
    public void Dispose()
    {
        lock (_writing) _process.StandardInput.Close();
    }

    private async Task ListenAsync(Action<GuardReport> ended)
    {
        while (await ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            Volatile.Write(ref _lastAnswer, _time.GetTimestamp());
            if (Read(line) is not { } report) continue;
            if (report.Ended is not null) ended(report);
            else if (_awaited.TryGetValue(report.Token, out var awaited)) awaited.TrySetResult();
        }
    }

    private async Task<string?> ReadLineAsync()
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            return null; // A pipe that breaks is at its end.
        }
    }

    private static GuardReport? Read(string line)
    {
        try
        {
            return GuardReport.Read(line);
        }
        catch (JsonException)
        {
            return null; // A last line that was cut off: the end of the stream follows.
        }
    }
}
