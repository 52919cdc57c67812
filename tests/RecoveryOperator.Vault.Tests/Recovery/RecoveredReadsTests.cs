using System.Diagnostics;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Tests.Replica;

namespace RecoveryOperator.Vault.Tests.Recovery;

/// <summary>
/// P5: a point made by the real applier in a real Azurite, of a page blob in which a bit has flipped since, is read as a recovered machine reads it: QEMU's block layer, the agent's NBD server, the grants
/// that the operator gives.
/// </summary>
public sealed class RecoveredReadsTests(AzuriteFixture fixture) : IDisposable
{
    private const int DiskBytes = (9 << 20) + 512;
    private const int BadBlock = 37;
    private const int BadOffset = (BadBlock * BlockSize.Bytes) + 777;
    private readonly string _folder = Directory.CreateTempSubdirectory("ro-read").FullName;
    private readonly Guid _replica = Guid.NewGuid();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private LibvirtOptions Options => new() { GrantDirectory = Path.Combine(_folder, "grants"), RuntimeDirectory = _folder, QemuUser = null };

    private string Export => $"nbd+unix:///{ReplicaDisks.ExportName(_replica, "vda")}?socket={Options.VaultSocket}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_flipped_bit_is_refused_and_every_other_block_is_what_the_source_read()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 11, DiskBytes);
        (PointDisk disk, byte[] source) = await FlippedAsync(scene);
        using HttpClient http = new();
        await using VaultServing serving = Serve(await GrantAsync(scene, disk, compared: true), http);

        string copy = await CopyAsync("--salvage");

        // qemu-img goes on behind what it cannot read, and leaves zeros.
        source.AsSpan(BadBlock * BlockSize.Bytes, BlockSize.Bytes).Clear();
        AssertSame(source, await File.ReadAllBytesAsync(copy, Token));
        RecoveredDiskReads told = Assert.Single(serving.Reads());
        Assert.Equal((_replica.ToString(), "vda", disk.Snapshot, true, 1, BadBlock * (long)BlockSize.Bytes), (told.MachineId, told.Target, told.Snapshot, told.IsCompared, told.DamagedBlocks, told.FirstDamagedOffsetBytes));
    }

    /// <summary>The guard switched off: an operator of an earlier version gives no right to the table.</summary>
    [Fact]
    public async Task Without_the_table_the_flipped_bit_reaches_the_guest_and_the_disk_is_called_uncompared()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 12, DiskBytes);
        (PointDisk disk, byte[] source) = await FlippedAsync(scene);
        using HttpClient http = new();
        await using VaultServing serving = Serve(await GrantAsync(scene, disk, compared: false), http);

        string copy = await CopyAsync();

        source[BadOffset] ^= 0x10;
        AssertSame(source, await File.ReadAllBytesAsync(copy, Token));
        Assert.Equal((false, 0), Assert.Single(serving.Reads()) is var told ? (told.IsCompared, told.DamagedBlocks) : default);
    }

    [Fact]
    public async Task A_disk_that_is_whole_is_read_whole_and_a_grant_that_ended_reads_nothing()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 13, DiskBytes);
        scene.Source.Write(0, 100, 5 << 20);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        PointDisk disk = (await scene.Vault.ListPointsAsync(Token))[^1].Disks[0];
        using HttpClient http = new();
        await using VaultServing serving = Serve(await GrantAsync(scene, disk, compared: true), http);

        AssertSame(scene.Source.Instants[(1, 1)][0], await File.ReadAllBytesAsync(await CopyAsync(), Token));
        Assert.Equal((true, 0), Assert.Single(serving.Reads()) is var told ? (told.IsCompared, told.DamagedBlocks) : default);
        await scene.Vault.RevokeReplicaReadAsync("op", Token);
        Assert.Contains("403", await QemuImgAsync(false, "info", "-f", "raw", Export), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_somebody_deleted_is_no_obstacle_and_is_told()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 14, DiskBytes);
        (PointDisk disk, byte[] source) = await FlippedAsync(scene);
        ReplicaDisk granted = await GrantAsync(scene, disk, compared: true);
        await scene.Vault.Log.GetPageBlobClient(VaultNames.Sums(0)).WithSnapshot(disk.SumsSnapshot).DeleteAsync(cancellationToken: Token);
        using HttpClient http = new();
        await using VaultServing serving = Serve(granted, http);

        source[BadOffset] ^= 0x10;
        AssertSame(source, await File.ReadAllBytesAsync(await CopyAsync(), Token));
        Assert.False(Assert.Single(serving.Reads()).IsCompared);
    }

    /// <summary>The newest point, of which a block that its set did not write has rotted, and what the source was.</summary>
    private static async Task<(PointDisk Disk, byte[] Source)> FlippedAsync(ReplicaScene scene)
    {
        scene.Source.Write(0, 0, 6 << 20);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        PageBlobClient blob = scene.Vault.Replica.GetPageBlobClient(VaultNames.Disk(0));
        const int page = BadOffset / 512 * 512;
        byte[] content = (await blob.DownloadContentAsync(new BlobDownloadOptions { Range = new Azure.HttpRange(page, 512) }, Token)).Value.Content.ToArray();
        content[BadOffset - page] ^= 0x10;
        await blob.UploadPagesAsync(new MemoryStream(content), page, cancellationToken: Token);
        scene.Source.Write(0, 7 << 20, 4096);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        return ((await scene.Vault.ListPointsAsync(Token))[^1].Disks[0], [.. scene.Source.Instants[(1, 2)][0]]);
    }

    private static async Task<ReplicaDisk> GrantAsync(ReplicaScene scene, PointDisk disk, bool compared)
    {
        ReplicaReadGrant grant = await scene.Vault.GrantReplicaReadAsync("op", DateTimeOffset.UtcNow, Token);
        return new ReplicaDisk(disk.Index, disk.SizeBytes, grant.SnapshotUri(disk), compared ? grant.SumsUri(disk) : null);
    }

    private VaultServing Serve(ReplicaDisk disk, HttpClient http)
    {
        VaultServing serving = new(Options, QemuAccount.Find(null), http, TimeProvider.System, NullLogger.Instance);
        serving.Disks.Put(_replica, [("vda", disk)]);
        return serving;
    }

    private async Task<string> CopyAsync(params string[] more)
    {
        string copy = Path.Combine(_folder, "copy.raw");
        await QemuImgAsync(true, ["convert", .. more, "-f", "raw", "-O", "raw", Export, copy]);
        return copy;
    }

    private static async Task<string> QemuImgAsync(bool succeeds, params string[] arguments)
    {
        ProcessStartInfo start = new("timeout", ["120", "qemu-img", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Token);
        string errors = await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode == 0 == succeeds, $"{await output}{errors}");
        return (await output) + errors;
    }

    private static void AssertSame(byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        int differs = actual.AsSpan().CommonPrefixLength(expected);
        Assert.True(differs == expected.Length, $"It is another from byte {differs} on (block {differs / BlockSize.Bytes}).");
    }
}
