using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

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

    [Fact]
    public async Task P7_An_agent_alone_cuts_by_its_clock_while_the_vault_is_away_and_catches_up_by_itself()
    {
        EngineServices services = _bench.Restart();
        services.Store.Remove(EngineBench.ProtectionId);
        await using ProtectionEngine engine = new(services);
        await engine.PutAsync(_bench.Desired, Token);
        ProtectionStatus Status() => engine.List().Single();
        await Eventually.HoldsAsync(() => Status().CommittedSequence == 1, Token);
        _bench.Vault.Outage = Away;
        await Eventually.HoldsAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                return Status().CutsWaiting >= 3;
            },
            Token);
        Assert.Equal(1, Status().CommittedSequence);
        Assert.Equal(FaultReasons.VaultUnavailable, Status().Fault.Reason);

        _bench.Vault.Outage = null;
        await Eventually.HoldsAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                return Status() is { CutsWaiting: 0, CommittedSequence: >= 4, Fault: null };
            },
            Token);

        Assert.All(_bench.Vault.Manifests(1), set => Assert.Equal(SetKind.Set, set.Kind));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Every_set_is_right_wherever_an_outage_breaks(bool tracks, bool crash)
    {
        int points = await RunMatrixAsync(tracks, crash, int.MaxValue);
        Assert.True(points > 40, $"only {points} places");
        for (int breakAt = 1; breakAt <= points; breakAt++)
            await RunMatrixAsync(tracks, crash, breakAt);
    }

    private static async Task<int> RunMatrixAsync(bool tracks, bool crash, int breakAt)
    {
        Random random = new(breakAt);
        FakeMachine machine = new(2, 512 * 1024, tracks) { Points = new FaultPoints { IsCrash = crash } };
        using EngineBench bench = new(machine);
        bench.Restart();
        machine.Write(0, 0, new byte[] { 1 });
        await bench.RunAsync();
        int before = machine.Points.Count;
        if (breakAt != int.MaxValue)
            machine.Points.BreakAt = before + breakAt;
        machine.OnRead = () => Toggle(machine, random);
        try
        {
            for (int step = 0; step < 9; step++)
            {
                Toggle(machine, random);
                bench.Vault.Outage = step is >= 1 and < 4 ? Away : null;
                try
                {
                    await bench.Cycle.CutAsync(alone: false, Token);
                    await bench.Cycle.ShipAsync(Token);
                }
                catch (InjectedFaultException)
                {
                    if (crash)
                        bench.Restart();
                }
                catch (VaultException fault) when (ReferenceEquals(fault, Away))
                {
                    Assert.NotNull(bench.Vault.Outage);
                }
            }

            int count = machine.Points.Count - before;
            machine.OnRead = null;
            machine.Points.BreakAt = int.MaxValue;
            await bench.RunAsync();
            await bench.VerifyAllSetsAsync();
            Assert.True(bench.Progress.Last!.Sequence >= 9, $"only {bench.Progress.Last.Sequence} sets");
            Assert.Equal([bench.Progress.Last!.Checkpoint.Value], machine.CheckpointIds);
            Assert.False(machine.HasOpenSnapshot);
            Assert.Empty(Directory.Exists(bench.SpoolFolder) ? Directory.EnumerateFiles(bench.SpoolFolder, "*", SearchOption.AllDirectories) : []);
            return count;
        }
        catch (Exception fault) when (breakAt != int.MaxValue)
        {
            throw new InvalidOperationException($"broken at {breakAt} ({machine.Points.BrokeAt}), tracks {tracks}, crash {crash}: {fault.Message}", fault);
        }
    }

    private static void Toggle(FakeMachine machine, Random random)
    {
        byte[] content = new byte[4096];
        content.AsSpan().Fill((byte)(random.Next(2) * 0x77));
        machine.Write(random.Next(2), random.Next(128) * 4096, content);
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
