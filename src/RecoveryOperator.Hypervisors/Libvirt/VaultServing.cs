using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Nbd.Server;
using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>What stands between recovered machines and the vault: QEMU reads each disk through this process's NBD server.</summary>
internal sealed class VaultServing : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly VaultTurns _turns = new();
    private readonly NbdServer _server;

    public VaultServing(LibvirtOptions options, QemuAccount account, HttpClient http, TimeProvider time, ILogger logger)
    {
        var reader = new VaultDiskReader(http, time, logger);
        var cache = new ChunkCache(options.VaultCacheBytes);
        Disks = new ReplicaDisks(options.GrantDirectory, (name, disk) => new VaultDisk(disk, reader, cache, _turns, new ReadingReport(name, logger), time, _closing.Token));
        Disks.MakeDirectory();
        _server = NbdServer.Start(options.VaultSocket, account.Own, Disks.Find, time, logger);
    }

    /// <summary>Where the disks are.</summary>
    public ReplicaDisks Disks { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
        _turns.Dispose();
    }
}
