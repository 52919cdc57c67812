using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>A replicating machine with two disks, its agent, and a vault agent that answers; noon of a Monday.</summary>
public abstract class ResyncBench : IDisposable
{
    protected const int DiskSizeBytes = (4 * 1024 * 1024) + 4096;

    protected ResyncBench() => (Machine, Bench, VaultAgent) = Create(tracks: true, Time);

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));

    protected FakeMachine Machine { get; private set; }

    protected EngineBench Bench { get; private set; }

    protected FakeVaultAgent VaultAgent { get; private set; }

    public void Dispose()
    {
        Bench.Dispose();
        GC.SuppressFinalize(this);
    }

    private static (FakeMachine, EngineBench, FakeVaultAgent) Create(bool tracks, FakeTimeProvider time)
    {
        FakeMachine machine = new(2, DiskSizeBytes, tracks);
        EngineBench bench = new(machine) { Time = time };
        return (machine, bench, new FakeVaultAgent(bench));
    }

    protected void Use(bool tracks)
    {
        Bench.Dispose();
        (Machine, Bench, VaultAgent) = Create(tracks, Time);
    }

    protected async Task ReplicateAsync()
    {
        Scribble(0, 0, 40 * 65536);
        Scribble(1, 65536, 5 * 65536);
        Bench.Restart();
        Assert.Null(await Bench.RunAsync());
        await VaultAgent.RunAsync();
    }

    /// <summary>Cycles, the vault agent in between, until a set that completes a resynchronization is applied.</summary>
    protected async Task ResynchronizeAsync()
    {
        for (int cycle = 0; cycle < 20; cycle++)
        {
            try
            {
                if (await Bench.RunAsync() is null && Bench.Progress.ResyncedSequence == Bench.Progress.Last!.Sequence)
                {
                    await VaultAgent.RunAsync();
                    Assert.Equal(Bench.Progress.Last.Sequence, VaultAgent.Position);
                    return;
                }
            }
            catch (Exception fault) when (FaultTable.Classify(fault).Category == FaultCategory.ResyncRequired)
            {
                Assert.False(Bench.Context.IsEnded, fault.Message);
            }

            await VaultAgent.RunAsync();
        }

        Assert.Fail($"no resynchronization came to its end: {Bench.Progress}");
    }

    protected async Task<CycleRest> RunToRestAsync(ResyncStage stage = ResyncStage.WaitingForWindow, bool answers = true)
    {
        for (int cycle = 0; cycle < 20; cycle++)
        {
            try
            {
                if (await Bench.RunAsync() is { } rest && Bench.Context.Resync.Stage == stage)
                    return rest;
            }
            catch (Exception fault) when (FaultTable.Classify(fault).Category == FaultCategory.ResyncRequired)
            {
                Assert.False(Bench.Context.IsEnded, fault.Message);
            }

            await VaultAgent.RunAsync(answers);
        }

        Assert.Fail($"it never came to rest as {stage}");
        return default;
    }

    /// <summary>Deltas follow, every point is right, and nothing is left behind.</summary>
    protected async Task AssertGoesOnAsync()
    {
        Machine.OnRead = null;
        for (int cycle = 0; cycle < 2; cycle++)
        {
            Scribble(cycle, 7 * 65536, 10_000);
            Assert.Null(await Bench.RunAsync());
            await VaultAgent.RunAsync();
        }

        Assert.Equal(Bench.Progress.Last!.Sequence, VaultAgent.Position);
        Assert.Equal(EnginePhase.Replicating, Bench.Progress.Phase);
        Assert.Equal([Bench.Progress.Last.Checkpoint.Value], Machine.CheckpointIds);
        Assert.Empty(Bench.Context.Store.LoadBaseSegments(EngineBench.ProtectionId));
        Assert.False(Machine.HasOpenSnapshot);
    }

    protected void Want(Action<ResyncTerms> change)
    {
        DesiredProtection desired = Bench.Context.Desired.Clone();
        desired.Resync ??= new ResyncTerms();
        change(desired.Resync);
        Bench.Context.Replace(desired, Time.GetUtcNow());
    }

    protected async Task<Fault> FaultOfRunAsync()
    {
        Exception? error = await Record.ExceptionAsync(Bench.RunAsync);
        Assert.NotNull(error);
        return FaultTable.Classify(error);
    }

    /// <summary>Disk bytes of a segment's records, from its end record.</summary>
    protected long Recorded(SegmentRecord segment) => BitConverter.ToInt64(Bench.Vault.Blobs[segment.Blob].AsSpan()[^64..][16..]);

    protected void Clear(int disk, int offset, int length) => Machine.Write(disk, offset, new byte[length]);

    protected void Scribble(int disk, int offset, int length)
    {
        byte[] content = new byte[length];
        new Random(offset + length + (int)Bench.Vault.UploadedBytes).NextBytes(content);
        Machine.Write(disk, offset, content);
    }
}
