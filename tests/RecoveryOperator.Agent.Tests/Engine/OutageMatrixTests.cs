using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>An agent that cuts through an outage breaks at each place in turn: every set is right, and nothing is left behind.</summary>
public sealed class OutageMatrixTests
{
    private static readonly VaultException Away = new(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

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
}
