using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>A set is asked for, once or twice at the same time.</summary>
internal sealed record Cut(bool Twice) : Step
{
    public override async Task RunAsync(World world)
    {
        world.Time.Advance(TimeSpan.FromSeconds(5));
        await Task.WhenAll(Enumerable.Range(0, Twice ? 2 : 1).Select(_ => world.Agent.CutAsync()));
        await world.Agent.RestartIfDeadAsync();
    }
}

/// <summary>The agent dies, or one effect of it fails, at the n-th effect of a cycle.</summary>
internal sealed record BreakAgent(int AtEffect, bool Kills) : Step
{
    public override async Task RunAsync(World world)
    {
        world.Time.Advance(TimeSpan.FromSeconds(5));
        world.Agent.Effects.BreakIn(AtEffect, Kills);
        await world.Agent.CutAsync();
        if (world.Agent.Effects.BrokeAt is { } where)
            world.Note($"{(Kills ? "killed" : "broke")} {where}");
        world.Agent.Effects.BreakIn(int.MaxValue, kills: false);
        await world.Agent.RestartIfDeadAsync();
    }
}

/// <summary>The agent's network fails at the n-th request of a cycle.</summary>
internal sealed record AgentNetwork(NetworkFault Fault, int AtRequest) : Step
{
    public override async Task RunAsync(World world)
    {
        world.Time.Advance(TimeSpan.FromSeconds(5));
        world.Agent.Network.Plan(Fault, AtRequest);
        await world.Agent.CutAsync();
        world.Agent.Network.Plan(NetworkFault.None, 0);
    }
}

/// <summary>The agent is restarted in peace.</summary>
internal sealed record RestartAgent : Step
{
    public override Task RunAsync(World world) => world.Agent.RestartAsync();
}

/// <summary>The operator puts the protection again: the same, paused, resumed, with another frequency.</summary>
internal sealed record Put(bool Paused, int FrequencyMinutes) : Step
{
    public override async Task RunAsync(World world)
    {
        world.Paused = Paused;
        await world.Agent.PutAsync(Paused, FrequencyMinutes);
        await world.Agent.RestartIfDeadAsync();
    }
}

/// <summary>A vault agent applies; something happens at its n-th request.</summary>
internal sealed record Apply(NetworkFault Fault, int AtRequest, bool RemembersLeases) : Step
{
    public override async Task RunAsync(World world)
    {
        using ApplierProcess applier = new(world, RemembersLeases ? world.ApplierState : null);
        applier.Network.Plan(Fault, AtRequest);
        ApplyResult? result = await applier.RunAsync();
        world.Note($"apply with {Fault} at {AtRequest} ({(applier.Network.WasHit ? "hit" : "not hit")}): {result?.Outcome}");
        Assert.True(result?.Outcome is not ApplyOutcome.Damaged || world.IsChainDamaged, $"damage where there is none: {result?.Applied?.Damage}");
        if (!RemembersLeases)
            world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));
    }
}

/// <summary>A vault agent stops in the middle of its work, its leases run out, another one takes over, and the first wakes up.</summary>
internal sealed record TakeOver(int AtRequest) : Step
{
    public override async Task RunAsync(World world)
    {
        using ApplierProcess stalled = new(world, null);
        stalled.Network.Plan(NetworkFault.Stall, AtRequest);
        Task<ApplyResult?> working = stalled.RunAsync();
        await Task.WhenAny(working, stalled.Network.Stalled);
        if (!working.IsCompleted)
        {
            world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));
            using ApplierProcess successor = new(world, world.ApplierState);
            ApplyResult? result = await successor.RunAsync();
            world.Note($"took over at {AtRequest}: {result?.Outcome}");
        }

        stalled.Network.Wake();
        world.Note($"woke up: {(await working)?.Outcome}");
    }
}

/// <summary>Requests that were given up arrive.</summary>
internal sealed record DeliverLate : Step
{
    public override async Task RunAsync(World world)
    {
        foreach (string told in await world.Late.DeliverAsync(World.Token))
            world.Note($"arrived late: {told}");
    }
}

/// <summary>Hours pass: points leave their retention.</summary>
internal sealed record Wait(int Minutes) : Step
{
    public override Task RunAsync(World world)
    {
        world.Time.Advance(TimeSpan.FromMinutes(Minutes));
        return Task.CompletedTask;
    }
}

/// <summary>Everything is looked at.</summary>
internal sealed record Check : Step
{
    public override Task RunAsync(World world) => world.CheckPointsAsync();
}

/// <summary>All faults end, and everything is looked at.</summary>
internal sealed record Settle : Step
{
    public override Task RunAsync(World world) => world.SettleAsync();
}
