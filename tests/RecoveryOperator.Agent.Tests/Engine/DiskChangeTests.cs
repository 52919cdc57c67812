using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>Disks come, go and grow, and the rest is not protected anew.</summary>
public sealed class DiskChangeTests : IDisposable
{
    private const int SizeBytes = (4 * 1024 * 1024) + 4096;

    private FakeMachine _machine = null!;
    private EngineBench _bench = null!;
    private FakeVaultAgent _vaultAgent = null!;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_detached_disk_is_missing_from_the_next_set_and_the_others_keep_their_indexes(bool tracks)
    {
        await ReplicateAsync(tracks, disks: 3);
        _machine.Write(2, 65536, "changed"u8);
        _machine.Detach("vdb");

        await CycleAsync();

        SetManifest set = _bench.Vault.Manifests(1).Last();
        Assert.Equal((2L, Completes.None), (set.Sequence, set.Completes));
        Assert.Equal([(0, "vda"), (2, "vdc")], set.Disks.Select(disk => (disk.Index, disk.Target)));
        _machine.Write(1, 0, "again"u8);
        await CycleAsync();
        Assert.Equal(3, _vaultAgent.Position);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_attached_disk_is_compared_and_the_others_go_on_with_their_changes(bool tracks)
    {
        await ReplicateAsync(tracks, disks: 2);
        _machine.Write(0, 65536, "changed"u8);
        _machine.Attach("vdz", Filled(3 * 65536));
        long read = _machine.BytesRead;

        await CyclesAsync();

        SetManifest set = _bench.Vault.Manifests(1).Last();
        Assert.Equal((2L, Completes.Resync), (set.Sequence, set.Completes));
        Assert.Equal([0, 1, 2], set.Disks.Select(disk => disk.Index));
        if (tracks)
            Assert.Equal(65536 + (3 * 65536), _machine.BytesRead - read - SampleBytes(3 * 65536));
        await CycleAsync();
        Assert.Equal(3, _vaultAgent.Position);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_a_grown_disk_only_what_differs_is_shipped(bool tracks)
    {
        await ReplicateAsync(tracks, disks: 2);
        _machine.Resize("vda", SizeBytes + (10 * 65536));
        _machine.Write(0, SizeBytes + 70_000, "in the new part"u8);
        _machine.Write(1, 0, "elsewhere"u8);
        long uploaded = _bench.Vault.UploadedBytes;

        await CyclesAsync();

        Assert.Equal(Completes.Resync, _bench.Vault.Manifests(1).Last().Completes);
        Assert.True(_bench.Vault.UploadedBytes - uploaded < 4 * 65536, $"{_bench.Vault.UploadedBytes - uploaded} bytes");
        await CycleAsync();
        Assert.Equal(3, _vaultAgent.Position);
    }

    [Fact]
    public async Task A_new_disk_under_the_place_of_a_detached_one_gets_an_index_that_none_had()
    {
        await ReplicateAsync(tracks: true, disks: 2);
        _machine.Detach("vdb");
        await CycleAsync();
        _machine.Attach("vdc", Filled(65536));

        await CyclesAsync();

        Assert.Equal([(0, "vda"), (2, "vdc")], _bench.Vault.Manifests(1).Last().Disks.Select(disk => (disk.Index, disk.Target)));
        Assert.Equal(3, _vaultAgent.Position);
    }

    [Fact]
    public async Task Where_the_policy_ignores_new_disks_they_are_left_out_until_it_says_otherwise()
    {
        await ReplicateAsync(tracks: true, disks: 2);
        _bench.Want(desired => desired.NewDisks = NewDisks.Ignore);
        _machine.Attach("vdc", Filled(65536));
        await Assert.ThrowsAsync<FaultException>(_bench.RunAsync);

        await CycleAsync();

        Assert.Equal([0, 1], _bench.Vault.Manifests(1).Last().Disks.Select(disk => disk.Index));
        _bench.Want(desired => desired.NewDisks = NewDisks.Protect);
        await CyclesAsync();
        Assert.Equal([0, 1, 2], _bench.Vault.Manifests(1).Last().Disks.Select(disk => disk.Index));
        Assert.Equal(3, _vaultAgent.Position);
    }

    private static int SampleBytes(int diskBytes) => diskBytes;

    private static byte[] Filled(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private async Task ReplicateAsync(bool tracks, int disks)
    {
        _machine = new FakeMachine(disks, SizeBytes, tracks);
        _bench = new EngineBench(_machine);
        _vaultAgent = new FakeVaultAgent(_bench);
        for (int disk = 0; disk < disks; disk++)
            _machine.Write(disk, 0, Filled((20 + disk) * 65536));
        _bench.Restart();
        _bench.Want(desired => desired.Resync = new ResyncTerms { Window = new DailyWindow() });
        await CycleAsync();
    }

    private async Task CycleAsync()
    {
        Assert.Null(await _bench.RunAsync());
        await _vaultAgent.RunAsync();
        Assert.Equal(_bench.Progress.Last!.Sequence, _vaultAgent.Position);
    }

    /// <summary>Until a resynchronization is through.</summary>
    private async Task CyclesAsync()
    {
        for (int cycle = 0; cycle < 10; cycle++)
        {
            try
            {
                CycleRest? rest = await _bench.RunAsync();
                await _vaultAgent.RunAsync();
                if (rest is null)
                    return;
            }
            catch (FaultException fault) when (fault.Fault.Reason == FaultReasons.DisksChanged)
            {
                Assert.Equal(FaultCategory.ResyncRequired, fault.Fault.Category);
            }
        }

        Assert.Fail("it never came to an end");
    }
}
