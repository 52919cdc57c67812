using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Nbd.Server;
using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>What stands between recovered machines and the vault: QEMU reads each disk through this process's NBD server.</summary>
internal sealed class VaultServing : IAsyncDisposable
{
    /// <summary>Of the memory for what is read, a checksum table's share: one in so many.</summary>
    private const int TablesShare = 8;

    private readonly CancellationTokenSource _closing = new();
    private readonly VaultTurns _turns = new();
    private readonly ReadLedger _ledger = new();
    private readonly HttpClient _anew = VaultWay.NewConnections();
    private readonly NbdServer _server;

    public VaultServing(LibvirtOptions options, QemuAccount account, HttpClient http, TimeProvider time, ILogger logger)
    {
        var tablesBytes = options.VaultCacheBytes / TablesShare;
        var way = new VaultWay(
            new VaultDiskReader(http, time, logger), new VaultDiskReader(_anew, time, logger), new ChunkCache(tablesBytes), VaultDisk.Reading, _turns, time, _closing.Token);
        var cache = new ChunkCache(options.VaultCacheBytes - tablesBytes);
        Disks = new ReplicaDisks(options.GrantDirectory, (name, disk) => new VaultDisk(disk, way, cache, ReadsOf(name, disk, logger), new ReadingReport(name, logger)));
        Disks.MakeDirectory();
        _server = NbdServer.Start(options.VaultSocket, account.Own, Disks.Find, time, logger);
    }

    /// <summary>What machines that are still there have read.</summary>
    public IReadOnlyList<RecoveredDiskReads> Reads() => _ledger.Describe(machine => Disks.Has(Guid.Parse(machine)));

    private DiskReads ReadsOf(string export, ReplicaDisk disk, ILogger logger)
    {
        var (replica, target) = ReplicaDisks.PartsOf(export)!.Value;
        return _ledger.Keep(new DiskReads(replica.ToString(), target, VaultSource.ContentOf(disk).Snapshot, logger));
    }

    /// <summary>Where the disks are.</summary>
    public ReplicaDisks Disks { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested) return; // As source and as target the driver is one, which a container disposes of twice.
        await _closing.CancelAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
        _turns.Dispose();
        _anew.Dispose();
    }
}
