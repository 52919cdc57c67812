using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>While the vault is away sets go on being cut, within limits; when it is back every one of them becomes a point, in order.</summary>
public sealed class OutageTests : IDisposable
{
    private const int SizeBytes = (2 * 1024 * 1024) + 4096;

    private static readonly VaultException Away = new(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeMachine _machine = new(2, SizeBytes);
    private readonly EngineBench _bench;

    public OutageTests()
    {
        _bench = new EngineBench(_machine) { Time = _time };
        Scribble(0, 0, SizeBytes);
        _bench.Restart();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task P7_Sets_cut_in_an_outage_are_committed_in_order_when_the_vault_is_back()
    {
        await _bench.RunAsync();
        _bench.Vault.Outage = Away;
        for (int cut = 2; cut <= 5; cut++)
        {
            Scribble(cut % 2, cut * 65536, 4096);
            Assert.Null(await CutAsync());
            await Assert.ThrowsAsync<VaultException>(ShipAsync);
        }

        Assert.Equal(4, _bench.Context.CutsWaiting);
        Assert.InRange(_bench.Context.LogUtilization, 0.001, 0.5);
        Assert.Equal(5, _machine.CheckpointIds.Count);
        _bench.Restart(); // A restart in an outage changes nothing.
        Scribble(0, 0, 4096);
        Assert.Null(await CutAsync());
        _bench.Vault.Outage = null;
        await ShipAsync();

        Assert.Equal(6, _bench.Progress.Last!.Sequence);
        Assert.Equal([_bench.Progress.Last.Checkpoint.Value], _machine.CheckpointIds);
        Assert.Equal(0, _bench.Context.CutsWaiting);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task A_long_queue_makes_neither_cutting_nor_shipping_dearer()
    {
        await _bench.RunAsync();
        _bench.Vault.Outage = Away;
        for (int cut = 0; cut < 20; cut++)
        {
            Scribble(0, cut % 2 * 65536, 512);
            Assert.Null(await CutAsync());
        }

        FaultyStore store = (FaultyStore)_bench.Context.Store;
        int read = store.ManifestsRead;
        Assert.Equal(20, store.LoadQueue(EngineBench.ProtectionId).Count);
        Scribble(1, 0, 512);
        Assert.Null(await CutAsync());
        Assert.Equal(read, store.ManifestsRead);
        _bench.Vault.Outage = null;
        await ShipAsync();

        Assert.Equal(21, store.ManifestsRead - read);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task P9_At_the_threshold_cutting_stops_and_one_merged_set_follows()
    {
        await _bench.RunAsync();
        _bench.Want(desired => desired.Resync = new ResyncTerms { ThresholdPercent = 10 });
        _bench.Vault.Outage = Away;
        CycleRest? rest = null;
        int cuts = 0;
        for (; rest is null; cuts++)
        {
            Scribble(0, 0, 3 * 65536);
            rest = await CutAsync();
        }

        Assert.InRange(cuts, 2, 5);
        Assert.True(_bench.Context.LogUtilization >= 1);
        Scribble(1, 0, 65536);
        Assert.NotNull(await CutAsync());
        _bench.Vault.Outage = null;
        await ShipAsync();
        await _bench.RunAsync();

        Assert.Equal(cuts + 1, _bench.Progress.Last!.Sequence);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task Without_room_cutting_stops_and_what_waits_is_kept()
    {
        await _bench.RunAsync();
        _bench.Vault.Outage = Away;
        Scribble(0, 0, 65536);
        await CutAsync();
        _bench.FreeSpoolBytes = 1000;
        Scribble(1, 0, 65536);

        FaultException fault = await Assert.ThrowsAsync<FaultException>(CutAsync);
        Assert.Equal(FaultReasons.NoSpoolSpace, fault.Fault.Reason);
        _bench.FreeSpoolBytes = 1L << 40;
        _bench.Vault.Outage = null;
        await _bench.RunAsync();

        Assert.Equal(3, _bench.Progress.Last!.Sequence);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task P2_Damage_in_a_waiting_cut_turns_it_and_those_behind_it_into_one_set()
    {
        await _bench.RunAsync();
        _bench.Vault.Outage = Away;
        for (int cut = 2; cut <= 4; cut++)
        {
            Scribble(0, cut * 65536, 4096);
            await CutAsync();
        }

        _bench.Vault.Outage = null;
        string damaged = _bench.Context.Store.LoadCut(EngineBench.ProtectionId, 3)!.Segments[0].Path;
        byte[] content = await File.ReadAllBytesAsync(damaged, Token);
        content[200] ^= 1;
        await File.WriteAllBytesAsync(damaged, content, Token);

        Assert.Equal(FaultReasons.SpoolDamaged, FaultTable.Classify((await Record.ExceptionAsync(ShipAsync))!).Reason);
        Assert.Equal(2, _bench.Progress.Last!.Sequence);
        await _bench.RunAsync();

        Assert.Equal(3, _bench.Progress.Last!.Sequence);
        await _bench.VerifyAllSetsAsync();
        Assert.Equal([_bench.Progress.Last.Checkpoint.Value], _machine.CheckpointIds);
        Assert.Empty(Directory.EnumerateFiles(_bench.SpoolFolder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_seal_behind_the_outage_drops_all_that_waits()
    {
        await _bench.RunAsync();
        _bench.Vault.Outage = Away;
        for (int cut = 2; cut <= 4; cut++)
        {
            Scribble(0, cut * 65536, 4096);
            await CutAsync();
        }

        _bench.Vault.Outage = null;
        _bench.Vault.Seal(EngineBench.ProtectionId, 1, 3);

        await Assert.ThrowsAsync<FaultException>(ShipAsync);

        Assert.Equal((EnginePhase.Fenced, 0), (_bench.Progress.Phase, _bench.Context.CutsWaiting));
        Assert.Equal(3, _bench.Vault.Sets.Count);
        Assert.Null(_bench.Progress.Intent);
    }

    [Fact]
    public async Task Lost_tracking_in_an_outage_loses_no_set_that_was_cut()
    {
        FakeVaultAgent vaultAgent = new(_bench);
        await _bench.RunAsync();
        _bench.Vault.Outage = Away;
        Scribble(0, 2 * 65536, 4096);
        await CutAsync();
        _machine.LoseTracking();
        await Record.ExceptionAsync(CutAsync);
        Scribble(1, 0, 4096);
        _bench.Vault.Outage = null;
        for (int cycle = 0; cycle < 4 && _bench.Progress.ResyncedSequence == 0; cycle++)
        {
            await _bench.RunAsync();
            await vaultAgent.RunAsync();
        }

        Assert.Equal([1L, 2L, 3L], vaultAgent.Points.Keys);
    }

    private Task<CycleRest?> CutAsync() => _bench.Cycle.CutAsync(alone: false, Token);

    private Task ShipAsync() => _bench.Cycle.ShipAsync(Token);

    private void Scribble(int disk, int offset, int length)
    {
        byte[] content = new byte[length];
        new Random(offset + length + _machine.SnapshotsOpened).NextBytes(content);
        _machine.Write(disk, offset, content);
    }
}
