namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>Makes runs of steps from a seed.</summary>
/// <param name="seed">The seed.</param>
/// <param name="resyncs">With steps after which source and replica must be compared.</param>
/// <param name="damages">With sets and replicas that are damaged, and epochs that begin from a point.</param>
internal sealed class StepGenerator(int seed, bool resyncs, bool damages)
{
    private static readonly int[] Lengths = [1, 100, 512, 4096, 65536, 70_000, 200_000];

    private static readonly NetworkFault[] Passing =
    [
        NetworkFault.Timeout, NetworkFault.Reset, NetworkFault.LostAnswer, NetworkFault.Busy, NetworkFault.FailedAfterEffect, NetworkFault.Truncated, NetworkFault.Outage, NetworkFault.Late,
    ];

    private readonly Random _random = new(seed);

    /// <summary>Sizes of the disks: one to three, most with a short last block.</summary>
    public int[] Sizes() => [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => (_random.Next(3, 12) * 65536) + (_random.Next(3) * 1536))];

    public List<Step> Run(int length)
    {
        List<Step> steps = [];
        while (steps.Count < length)
            steps.Add(Next());
        steps.Add(new Settle());
        return steps;
    }

    private Step Next() => damages && _random.Next(9) == 0 ? NextDamage() : resyncs && _random.Next(14) == 0 ? NextReason() : NextStep();

    private Step NextDamage() => _random.Next(8) switch
    {
        < 2 => new NewEpoch(_random.NextDouble(), _random.Next(2) == 0, _random.Next(2) == 0),
        < 4 => new DamageSet(_random.NextDouble(), _random.NextDouble(), _random.Next(2) == 0),
        < 6 => new DamageReplica(_random.NextDouble(), _random.NextDouble(), _random.Next(2) == 0, _random.Next(4) == 0),
        _ => new Verify(_random.NextDouble()),
    };

    private Step NextReason() => _random.Next(4) switch
    {
        < 2 => new LoseTracking(),
        2 => new Grow(_random.Next(3), _random.Next(1, 4) * 40_960),
        _ => new Attach(_random.Next(2, 6) * 65_536),
    };

    private Step NextStep() => _random.Next(100) switch
    {
        < 20 => new Write(_random.Next(3), _random.NextDouble(), Length(), _random.Next(), _random.Next(3) == 0),
        < 26 => new Zero(_random.Next(3), _random.NextDouble(), Length(), _random.Next(2) == 0),
        < 29 => new Rewrite(_random.Next(3), _random.NextDouble(), Length()),
        < 33 => new ChangeAndChangeBack(_random.Next(3), _random.NextDouble(), _random.Next(1, 6)),
        < 47 => new Cut(_random.Next(5) == 0),
        < 61 => new BreakAgent(_random.Next(1, 60), _random.Next(3) > 0),
        < 69 => new AgentNetwork(Passing[_random.Next(Passing.Length)], _random.Next(1, 10)),
        < 71 => new RestartAgent(),
        < 74 => new Put(_random.Next(3) == 0, _random.Next(1, 10) * 100),
        < 80 => new Apply(NetworkFault.None, 0, true),
        < 87 => new Apply(_random.Next(2) == 0 ? NetworkFault.KillBefore : NetworkFault.KillAfter, _random.Next(1, 45), _random.Next(2) == 0),
        < 92 => new Apply(Passing[_random.Next(Passing.Length)], _random.Next(1, 45), true),
        < 95 => new TakeOver(_random.Next(1, 45)),
        < 96 => new DeliverLate(),
        < 97 => new Wait(_random.Next(1, 90)),
        < 99 => new Check(),
        _ => new Settle(),
    };

    private int Length() => Lengths[_random.Next(Lengths.Length)];
}
