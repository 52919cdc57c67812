using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>
/// A resynchronization is broken before and after each of its effects, and canceled at each of them, one run for each, while the guest goes on writing.
/// Whatever happens, every point is what the disks held at its instant (P2, P3, P5, P7).
/// </summary>
public sealed class ResyncCrashMatrixTests(ITestOutputHelper output)
{
    private const int SizeBytes = (1024 * 1024) + 4096;

    public enum Cause
    {
        TrackingLost,
        DiskAttached,
        Token,
    }

    [Theory]
    [InlineData(Cause.TrackingLost, true, true)]
    [InlineData(Cause.TrackingLost, true, false)]
    [InlineData(Cause.TrackingLost, false, true)]
    [InlineData(Cause.DiskAttached, true, true)]
    [InlineData(Cause.DiskAttached, true, false)]
    [InlineData(Cause.DiskAttached, false, true)]
    [InlineData(Cause.Token, true, true)]
    public async Task Every_point_is_right_wherever_a_resynchronization_breaks(Cause cause, bool tracks, bool crash)
    {
        int points = await RunAsync(cause, tracks, crash, int.MaxValue, cancels: false);
        output.WriteLine($"{points} places, {cause}, tracks {tracks}, crash {crash}");
        Assert.True(points > 20, $"only {points} places");
        for (int breakAt = 1; breakAt <= points; breakAt++)
            await RunAsync(cause, tracks, crash, breakAt, cancels: false);
    }

    [Theory]
    [InlineData(Cause.TrackingLost)]
    [InlineData(Cause.DiskAttached)]
    [InlineData(Cause.Token)]
    public async Task Every_point_is_right_wherever_a_resynchronization_is_canceled(Cause cause)
    {
        int points = await RunAsync(cause, true, false, int.MaxValue, cancels: false);
        for (int cancelAt = 1; cancelAt <= points; cancelAt++)
            await RunAsync(cause, true, false, cancelAt, cancels: true);
    }

    /// <returns>Number of places at which it can break.</returns>
    private static async Task<int> RunAsync(Cause cause, bool tracks, bool crash, int at, bool cancels)
    {
        Random random = new(at);
        FakeMachine machine = new(2, SizeBytes, tracks) { Points = new FaultPoints { IsCrash = crash }, EndAfterReads = 2 };
        Scribble(machine, random, 0, 0, SizeBytes);
        Scribble(machine, random, 1, 3 * 65536, 3 * 65536);
        using EngineBench bench = new(machine);
        FakeVaultAgent vaultAgent = new(bench);
        bench.Restart();
        await bench.RunAsync();
        await vaultAgent.RunAsync();

        Provoke(bench, machine, random, cause);
        machine.OnRead = () => Toggle(machine, random);
        int before = machine.Points.Count;
        if (cancels)
            machine.Points.OnHit = (count, _) => CancelWhen(bench, count == before + at);
        else if (at != int.MaxValue)
            machine.Points.BreakAt = before + at;
        try
        {
            await RunToResyncedAsync(bench, vaultAgent, crash);
            int count = machine.Points.Count - before;
            machine.OnRead = null;
            machine.Points.BreakAt = int.MaxValue;
            Toggle(machine, random);
            await RunOneAsync(bench, crash);
            await vaultAgent.RunAsync();
            AssertNothingLeft(bench, machine, vaultAgent);
            return count;
        }
        catch (Exception fault) when (at != int.MaxValue)
        {
            throw new InvalidOperationException($"{(cancels ? "canceled" : "broken")} at {at} ({machine.Points.BrokeAt}), {cause}, tracks {tracks}, crash {crash}: {fault.Message}", fault);
        }
    }

    private static void Provoke(EngineBench bench, FakeMachine machine, Random random, Cause cause)
    {
        Scribble(machine, random, 0, 5 * 65536, 2 * 65536);
        Scribble(machine, random, 1, 0, 4096);
        switch (cause)
        {
            case Cause.TrackingLost:
                bench.Want(desired => desired.Resync = new ResyncTerms { Window = new DailyWindow() });
                machine.LoseTracking();
                break;
            case Cause.DiskAttached:
                bench.Want(desired => desired.Resync = new ResyncTerms { Window = new DailyWindow() });
                byte[] content = new byte[5 * 65536];
                random.NextBytes(content.AsSpan(65536, 65536 * 3));
                machine.Attach("vdc", content);
                break;
            default:
                bench.Want(desired => desired.Resync = new ResyncTerms { Token = "now" });
                break;
        }
    }

    /// <summary>The user cancels, and asks again when nothing happens any more.</summary>
    private static void CancelWhen(EngineBench bench, bool now)
    {
        if (now)
            bench.Want(desired => desired.Resync.Action = ResyncAction.Cancel);
    }

    private static async Task RunToResyncedAsync(EngineBench bench, FakeVaultAgent vaultAgent, bool crash)
    {
        for (int cycle = 0; cycle < 40; cycle++)
        {
            await RunOneAsync(bench, crash);
            await vaultAgent.RunAsync();
            if (bench.Progress.ResyncedSequence > 0 && vaultAgent.Position >= bench.Progress.ResyncedSequence)
                return;
            if (bench.Context.Desired.Resync.Action == ResyncAction.Cancel && bench.Progress.Phase is EnginePhase.ResyncRequired or EnginePhase.Replicating)
                bench.Want(desired => (desired.Resync.Action, desired.Resync.Token) = (ResyncAction.Run, "again"));
        }

        Assert.Fail($"no resynchronization came to its end: {bench.Progress}");
    }

    private static async Task RunOneAsync(EngineBench bench, bool crash)
    {
        try
        {
            await bench.RunAsync();
        }
        catch (InjectedFaultException)
        {
            if (crash)
                bench.Restart();
        }
        catch (Exception fault) when (FaultTable.Classify(fault) is { Category: FaultCategory.ResyncRequired } or { Reason: FaultReasons.DisksChanged })
        {
            // What asks for it is shown once; the next cycle begins it.
        }
    }

    private static void AssertNothingLeft(EngineBench bench, FakeMachine machine, FakeVaultAgent vaultAgent)
    {
        Assert.Equal(bench.Progress.Last!.Sequence, vaultAgent.Position);
        Assert.Equal(bench.Vault.Manifests(1).Count(set => set.Kind == SetKind.Set), vaultAgent.Points.Count);
        Assert.False(machine.HasOpenSnapshot, "a snapshot was left open");
        Assert.Equal(EnginePhase.Replicating, bench.Progress.Phase);
        Assert.Null(bench.Progress.Intent);
        Assert.Empty(bench.Context.Store.LoadBaseSegments(EngineBench.ProtectionId));
        Assert.Equal([bench.Progress.Last!.Checkpoint.Value], machine.CheckpointIds);
        Assert.Empty(Directory.Exists(bench.SpoolFolder) ? Directory.EnumerateFiles(bench.SpoolFolder, "*", SearchOption.AllDirectories) : []);
    }

    private static void Toggle(FakeMachine machine, Random random)
    {
        byte[] content = new byte[4096];
        content.AsSpan().Fill((byte)(random.Next(2) * 0x77));
        machine.Write(random.Next(2), random.Next(SizeBytes / 4096) * 4096, content);
    }

    private static void Scribble(FakeMachine machine, Random random, int disk, int offset, int length)
    {
        byte[] content = new byte[length];
        random.NextBytes(content);
        machine.Write(disk, offset, content);
    }
}
