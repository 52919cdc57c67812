using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Nbd.Server;

/// <summary>
/// Serves exports to read over a unix socket. It holds nothing that a client would miss after a restart: a client that lost its connection makes a new one with its next
/// read.
/// </summary>
internal sealed partial class NbdServer : IAsyncDisposable
{
    /// <summary>A client says what it wants within so long; opening an export comes on top.</summary>
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(30);

    private readonly Socket _listener;
    private readonly Func<string, INbdExport?> _find;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _clients = new();
    private readonly Task _accepting;

    private NbdServer(Socket listener, Func<string, INbdExport?> find, TimeProvider time, ILogger logger)
    {
        (_listener, _find, _time, _logger) = (listener, find, time, logger);
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>
    /// Listens. The socket takes the place of one that a former process left, and is never there without <paramref name="own"/> done to it.
    /// </summary>
    /// <param name="socketPath">At most 100 characters.</param>
    /// <param name="own">Gives the socket's file to those who may connect; before, nobody but this process's user can.</param>
    /// <param name="find">The export of a name; null: there is none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it reports.</param>
    /// <exception cref="HypervisorException">The socket cannot be made.</exception>
    public static NbdServer Start(string socketPath, Action<string> own, Func<string, INbdExport?> find, TimeProvider time, ILogger logger)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var draft = $"{socketPath}.{Environment.ProcessId:x}";
        try
        {
            File.Delete(draft);
            listener.Bind(new UnixDomainSocketEndPoint(draft));
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            own(draft);
            listener.Listen();
            File.Move(draft, socketPath, overwrite: true);
            return new NbdServer(listener, find, time, logger);
        }
        catch (Exception error)
        {
            listener.Dispose();
            if (error is not (SocketException or IOException or UnauthorizedAccessException)) throw;
            throw new HypervisorException(
                HypervisorFault.Unsupported,
                $"the socket {socketPath}, through which recovered machines read the vault, cannot be made: {error.Message}",
                "give the agent a runtime folder that it can write and that has room",
                error);
        }
    }

    /// <summary>Ends all connections. The socket's file stays: connecting to it is refused until somebody listens again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_clients.Keys).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                var client = ServeAsync(socket);
                _clients[client] = true;
                _ = client.ContinueWith(ended => _clients.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (_stop.IsCancellationRequested) return;
                LogNotAccepted(error);
                await Task.Delay(TimeSpan.FromSeconds(1), _time).ConfigureAwait(false); // Out of descriptors, most likely.
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var name = "(not chosen yet)";
        try
        {
            if (await AgreeAsync(stream).ConfigureAwait(false) is not var (agreed, export)) return;
            name = agreed;
            LogOpened(name);
            using var session = new NbdSession(stream, export, new FailureReport(this, name).OnRead);
            await session.RunAsync(_stop.Token).ConfigureAwait(false);
            LogClosed(name);
        }
        catch (Exception error)
        {
            if (_stop.IsCancellationRequested) LogClosed(name);
            else LogBroken(error, name);
        }
    }

    private async Task<(string Name, INbdExport Export)?> AgreeAsync(Stream stream)
    {
        using var limit = new CancellationTokenSource(HandshakeLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        return await new ServerHandshake(stream, _find).RunAsync(either.Token).ConfigureAwait(false);
    }

    /// <summary>Says once that reads fail, and once that they succeed again.</summary>
    private sealed class FailureReport(NbdServer server, string name)
    {
        private int _failing;

        public void OnRead(Exception? error)
        {
            var failed = Interlocked.Exchange(ref _failing, error is null ? 0 : 1) == 1;
            if (error is not null && !failed) server.LogFailing(error, name);
            if (error is null && failed) server.LogRecovered(name);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Disk {Disk} is being read from the vault")]
    private partial void LogOpened(string disk);

    [LoggerMessage(Level = LogLevel.Information, Message = "Disk {Disk} is no longer being read from the vault")]
    private partial void LogClosed(string disk);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection that read disk {Disk} from the vault broke; its machine makes a new one with its next read")]
    private partial void LogBroken(Exception error, string disk);

    [LoggerMessage(Level = LogLevel.Error, Message = "Disk {Disk} cannot be read from the vault: its machine stops until it can, and is let go on then")]
    private partial void LogFailing(Exception error, string disk);

    [LoggerMessage(Level = LogLevel.Information, Message = "Disk {Disk} can be read from the vault again")]
    private partial void LogRecovered(string disk);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A recovered machine's connection could not be accepted; it is tried again")]
    private partial void LogNotAccepted(Exception error);
}
