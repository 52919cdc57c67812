using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// One connection to libvirtd, opened when first needed and again when it broke. libvirt's calls block, and its errors belong to the
/// thread that made the call: so each piece of work runs as a whole on one pool thread, a bounded number of them at a time.
/// </summary>
internal sealed partial class LibvirtConnection(string uri, ILogger logger) : IDisposable
{
    private const int CallsInFlight = 8;
    private static readonly Lock PrepareLock = new();
    private static bool _prepared;
    private readonly SemaphoreSlim _slots = new(CallsInFlight);
    private readonly Lock _lock = new();
    private ConnectionHandle? _handle;

    /// <summary>Runs work that talks to libvirt. Cancellation is looked at before it begins: a call under way cannot be taken back.</summary>
    public async Task<T> RunAsync<T>(Func<LibvirtHost, T> work, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => work(new LibvirtHost(Connect())), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action<LibvirtHost> work, CancellationToken cancellationToken) =>
        RunAsync(host => { work(host); return true; }, cancellationToken);

    public void Dispose()
    {
        lock (_lock)
        {
            _handle?.Dispose();
            _handle = null;
        }

        _slots.Dispose();
    }

    private static void Prepare()
    {
        lock (PrepareLock)
        {
            if (!_prepared) LibvirtNative.Prepare();
            _prepared = true;
        }
    }

    /// <summary>A restarted libvirtd is noticed only by a call that fails: so a cheap one goes first.</summary>
    private static bool IsUsable(ConnectionHandle handle) =>
        LibvirtNative.ConnectIsAlive(handle) == 1 && LibvirtNative.ConnectGetLibVersion(handle, out _) == 0;

    private ConnectionHandle Connect()
    {
        lock (_lock)
        {
            if (_handle is not null && IsUsable(_handle)) return _handle;
            // Not disposed: a call on another thread may still hold it; its finalizer closes it.
            if (_handle is not null) LogConnectionLost(uri);
            Prepare();
            var opened = LibvirtNative.ConnectOpen(uri);
            if (opened.IsInvalid) throw LibvirtError.Last("open the connection", uri);
            LogConnected(uri);
            return _handle = opened;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to libvirt at {Uri}")]
    private partial void LogConnected(string uri);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to libvirt at {Uri} broke; opening it again")]
    private partial void LogConnectionLost(string uri);
}
