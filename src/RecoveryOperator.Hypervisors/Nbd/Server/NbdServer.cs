using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Hypervisors.Nbd.Server;

/// <summary>
/// Serves exports to read over a unix socket. It holds nothing that a client would miss after a restart: a client that lost its connection makes a new one with its next
/// read.
/// </summary>
internal sealed partial class NbdServer : IAsyncDisposable
{
    /// <summary>More than a host has disks of recovered machines: each is one connection.</summary>
    private const int MostClients = 256;

    /// <summary>How soon it is tried again when a connection could not be accepted: out of descriptors, most likely, or too many clients.</summary>
    private static readonly TimeSpan AcceptAgainAfter = TimeSpan.FromSeconds(1);

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
        var draft = $"{socketPath}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        try
        {
            // The folder may belong to those who are to connect: what is at a path in it may be a link to somewhere else by the time it is used. So the mode is given to the socket before
            // it has a path, under a name that nobody can know before; and what is given away is never what a link points to (see QemuAccount.Own).
            using (var handle = new SafeFileHandle(listener.Handle, ownsHandle: false))
            {
                if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            listener.Bind(new UnixDomainSocketEndPoint(draft));
            own(draft);
            listener.Listen();
            File.Move(draft, socketPath, overwrite: true);
            return new NbdServer(listener, find, time, logger);
        }
        catch (Exception error)
        {
            listener.Dispose();
            File.Delete(draft);
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
                if (_clients.Count >= MostClients)
                {
                    socket.Dispose();
                    LogTooMany(MostClients);
                    await PauseAsync().ConfigureAwait(false);
                    continue;
                }

                var client = ServeAsync(socket);
                _clients[client] = true;
                _ = client.ContinueWith(ended => _clients.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (_stop.IsCancellationRequested) return;
                LogNotAccepted(error);
                await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task PauseAsync() =>
        await Task.Delay(AcceptAgainAfter, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Whoever waits looks whether it is to stop.

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var name = "(not chosen yet)";
        try
        {
            if (await new ServerHandshake(stream, _find, _time).RunAsync(_stop.Token).ConfigureAwait(false) is not var (agreed, export)) return;
            name = agreed;
            LogOpened(name);
            using var session = new NbdSession(stream, export, _time);
            await session.RunAsync(_stop.Token).ConfigureAwait(false);
            LogClosed(name);
        }
        catch (Exception error)
        {
            if (_stop.IsCancellationRequested) LogClosed(name);
            else LogBroken(error, name);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Disk {Disk} is being read from the vault")]
    private partial void LogOpened(string disk);

    [LoggerMessage(Level = LogLevel.Information, Message = "Disk {Disk} is no longer being read from the vault")]
    private partial void LogClosed(string disk);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection that read disk {Disk} from the vault broke; its machine makes a new one with its next read")]
    private partial void LogBroken(Exception error, string disk);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection is refused: there are {Most} that read disks from the vault already")]
    private partial void LogTooMany(int most);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A recovered machine's connection could not be accepted; it is tried again")]
    private partial void LogNotAccepted(Exception error);
}
