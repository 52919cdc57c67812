using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests.Chaos;

/// <summary>Kills parts of a world at seeded moments and starts them again. RECOVERY_CHAOS_SEED repeats a run's choices.</summary>
internal sealed class ChaosMonkey
{
    private const int FailoverKills = 6;
    private static readonly TimeSpan TriggerLimit = TimeSpan.FromSeconds(40);

    private readonly ProductWorld _world;
    private readonly Random _random;
    // A recovery host's agent is killed beside the operator.
    private readonly ConcurrentQueue<KillRecord> _kills = new();

    public ChaosMonkey(ProductWorld world)
    {
        _world = world;
        Seed = int.TryParse(Environment.GetEnvironmentVariable("RECOVERY_CHAOS_SEED"), CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next();
        _random = new Random(Seed);
    }

    public int Seed { get; }

    public IReadOnlyCollection<KillRecord> Kills => _kills;

    /// <summary>Kills until every target's phase was hit and there were so many kills; gives up at <paramref name="atMost"/>.</summary>
    public async Task HarassReplicationAsync(IReadOnlyList<KillTarget> targets, int atLeast, int atMost)
    {
        while (_kills.Count < atMost && (_kills.Count < atLeast || Missing(targets).Count > 0))
        {
            var missing = Missing(targets);
            var choice = missing.Count > 0 ? missing : targets;
            await KillOnceAsync(choice[_random.Next(choice.Count)]);
        }
    }

    /// <summary>Kills the operator behind each step of a failover, and with <paramref name="killAgents"/> the vault agent and the recovery host's agent once each.</summary>
    public async Task HarassFailoverAsync(bool killAgents)
    {
        var host = killAgents ? KillHostAgentAsync() : Task.CompletedTask;
        PartLog log = new(_world.LogPath("operator"), Stages.Failover());
        for (var kill = 0; kill < FailoverKills; kill++)
        {
            if (!await log.SeesAsync(Stages.Failover(), TimeSpan.FromSeconds(90), _world.CancellationToken))
                throw new TimeoutException("The operator did not go on with the failover within 90 s.");
            await Task.Delay(_random.Next(30), _world.CancellationToken);
            _world.KillNow("operator");
            var phase = log.LastStage;
            _kills.Enqueue(new("operator", $"Failover after {phase}", null));
            if (killAgents && kill == 0)
            {
                _world.KillNow("vault-agent");
                _kills.Enqueue(new("vault-agent", $"Failover after {phase}", null));
                await _world.StartAsync("vault-agent");
            }

            log.Mark();
            await _world.StartAsync("operator");
            if (phase == "Succeeded")
                break;
        }

        await host;
    }

    /// <summary>Who was killed doing what, and how long it took until all was well.</summary>
    public string Table() => string.Join('\n', _kills
        .Select((kill, index) => string.Create(CultureInfo.InvariantCulture, $"{index + 1,4}  {kill.Part,-12} {kill.Phase,-28} {kill.RecoveryMilliseconds,8}"))
        .Prepend($"kill  part         phase hit                    recovery in ms (seed {Seed})"));

    private List<KillTarget> Missing(IReadOnlyList<KillTarget> targets) => [.. targets.Where(target => _kills.All(kill => kill.Phase != target.Phase))];

    private async Task KillOnceAsync(KillTarget target)
    {
        PartLog watched = new(_world.LogPath(target.Watched), Stages.Replication());
        PartLog own = new(_world.LogPath(target.Part), Stages.Replication());
        watched.Mark();
        await _world.SyncNowAsync();
        if (!await watched.SeesAsync(target.Trigger, TriggerLimit, _world.CancellationToken))
            throw new TimeoutException($"{target.Watched} did not come to {target.Phase} within {TriggerLimit.TotalSeconds} s of a wish for a set.");
        await Task.Delay(_random.Next(target.MaxDelayMilliseconds + 1), _world.CancellationToken);
        _world.KillNow(target.Part);
        var killed = Stopwatch.GetTimestamp();
        var phase = target.Part == "operator" ? "Operator" : own.LastStage;
        var committed = await _world.Vault.CommittedSequenceAsync();
        await _world.StartAsync(target.Part);
        await _world.SyncNowAsync();
        await Until.HoldsAsync(
            90, $"a set behind {committed} is a recovery point after {target.Part} was killed in {phase}",
            async () => await _world.Vault.AppliedSequenceAsync() > committed, _world.CancellationToken);
        _kills.Enqueue(new(target.Part, phase, (long)Stopwatch.GetElapsedTime(killed).TotalMilliseconds));
    }

    private async Task KillHostAgentAsync()
    {
        PartLog log = new(_world.LogPath("agent-b"), Stages.HostOperation());
        log.Mark();
        if (!await log.SeesAsync(Stages.HostOperation(), TimeSpan.FromMinutes(3), _world.CancellationToken))
            throw new TimeoutException("Host B was not told to do anything within 3 minutes.");
        _world.KillNow("agent-b");
        _kills.Enqueue(new("agent-b", $"Failover in {log.LastStage}", null));
        await _world.StartAsync("agent-b");
    }
}
