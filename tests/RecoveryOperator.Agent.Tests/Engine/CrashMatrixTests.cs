using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>
/// The engine is broken before and after each of its effects, one run for each, while the guest goes on writing. Whatever happens, every set
/// in the vault is what the disks held at its instant, and the initial copy is not repeated (P1, P2, P7).
/// </summary>
public sealed class CrashMatrixTests(ITestOutputHelper output)
{
    private const int Disks = 2;
    private const int SizeBytes = (3 * 1024 * 1024) + 4096;
    private const int Cycles = 2;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Every_set_is_right_wherever_the_engine_breaks(bool tracks, bool crash)
    {
        int points = await RunAsync(tracks, crash, int.MaxValue);
        output.WriteLine($"{points} points, tracks {tracks}, crash {crash}");
        for (int breakAt = 1; breakAt <= points; breakAt++)
            await RunAsync(tracks, crash, breakAt);
    }

    private static async Task<int> RunAsync(bool tracks, bool crash, int breakAt)
    {
        Random random = new(breakAt);
        FakeMachine machine = new(Disks, SizeBytes, tracks)
        {
            Points = new FaultPoints { BreakAt = breakAt, IsCrash = crash },
            EndAfterReads = 2,
        };
        for (int disk = 0; disk < Disks; disk++)
            Scribble(machine, random, disk, 2 * 65536, SizeBytes - (4 * 65536));
        machine.OnRead = () => Toggle(machine, random);
        using EngineBench bench = new(machine);
        bench.Restart();
        try
        {
            for (int cycle = 0; cycle < Cycles; cycle++)
            {
                await RunToSuccessAsync(bench, crash);
                Toggle(machine, random);
            }

            await bench.VerifyAllSetsAsync();
            AssertNothingLeft(bench, machine);
            AssertCopiedOnce(bench);
        }
        catch (Exception fault) when (fault is not InjectedFaultException || breakAt == int.MaxValue)
        {
            throw new InvalidOperationException($"broken at {machine.Points.BrokeAt}, seed {breakAt}, tracks {tracks}, crash {crash}: {fault.Message}", fault);
        }

        return machine.Points.Count;
    }

    private static async Task RunToSuccessAsync(EngineBench bench, bool crash)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await bench.RunAsync();
                return;
            }
            catch (InjectedFaultException) when (attempt == 0)
            {
                // The one that was asked for: a new process, or the next cycle of the same, must get over it.
                if (crash)
                    bench.Restart();
            }
        }
    }

    /// <summary>Blocks change, and change back: a comparison sees less than a bitmap.</summary>
    private static void Toggle(FakeMachine machine, Random random)
    {
        int disk = random.Next(Disks);
        int offset = random.Next(SizeBytes / 4096) * 4096;
        byte value = (byte)(random.Next(2) * 0x77);
        byte[] content = new byte[4096];
        content.AsSpan().Fill(value);
        machine.Write(disk, offset, content);
    }

    private static void Scribble(FakeMachine machine, Random random, int disk, int offset, int length)
    {
        byte[] content = new byte[length];
        random.NextBytes(content);
        machine.Write(disk, offset, content);
    }

    private static void AssertNothingLeft(EngineBench bench, FakeMachine machine)
    {
        Assert.False(machine.HasOpenSnapshot, "a snapshot was left open");
        Assert.Equal(EnginePhase.Replicating, bench.Progress.Phase);
        Assert.Null(bench.Progress.Intent);
        Assert.Equal([bench.Progress.Last!.Checkpoint.Value], machine.CheckpointIds);
        Assert.Empty(Directory.Exists(bench.SpoolFolder) ? Directory.EnumerateFiles(bench.SpoolFolder, "*", SearchOption.AllDirectories) : []);
    }

    /// <summary>What was shipped for the copy and is not named by the first set is one segment in flight for each break, not a copy.</summary>
    private static void AssertCopiedOnce(EngineBench bench)
    {
        SetManifest first = bench.Vault.Manifests(1).First();
        Assert.Equal(Completes.Initial, first.Completes);
        HashSet<string> named = [.. first.Disks.SelectMany(disk => disk.Base).Select(segment => segment.Blob)];
        int orphans = bench.Vault.Blobs.Keys.Count(blob => blob.Contains("/base/", StringComparison.Ordinal) && !named.Contains(blob));
        Assert.True(orphans <= 3, $"{orphans} base segments were shipped in vain");
        Assert.True(named.Count >= 4, $"the copy has only {named.Count} segments: the matrix tests too little");
    }
}
