using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>The steps of a failover that agents do. An operation's id says what it is for, so a restarted operator finds it again.</summary>
internal sealed class AgentSteps(IPlanAgents agents, AgentAttempts attempts, TimeProvider time)
{
    /// <summary>Asks the target for room, name and networks; null when nothing stands in the way.</summary>
    public async Task<StepOutcome?> CheckTargetAsync(
        FailoverContext context, NamespacedName host, long epoch, long sequence, CancellationToken cancellationToken)
    {
        var point = await context.Member.Vault!.ReadPointAsync(epoch, sequence, cancellationToken);
        if (point is null)
            return StepOutcome.Running("Its newest recovery point was pruned while it was read; the next one is taken.");

        var replica = Describe(context, point, context.Journal.Epoch + 1, grant: null);
        var key = KeyOf(context, "check", replica);
        var (operation, waiting) = await attempts.RunAsync(
            host,
            key,
            id => new StartHostOperationRequest { Id = id, CheckReplica = new CheckReplica { Replica = replica } },
            cancellationToken,
            firstNumber: time.GetUtcNow().ToUnixTimeSeconds());
        if (operation is null)
            return waiting;

        var failures = operation.Result?.Prerequisites?.Failures ?? [];
        if (failures.Count == 0)
            return null;
        var obstacle = $"Host {host.Name} cannot take {context.Member.Name}; its source was not fenced. {string.Join(" ", failures.Select(AgentFaults.Text))}";
        attempts.AskLater($"{host}/{key}", long.Parse(operation.Id.AsSpan(operation.Id.LastIndexOf('/') + 1), CultureInfo.InvariantCulture) + 1, obstacle);
        return StepOutcome.Blocked(obstacle);
    }

    /// <summary>Hurries the vault agent.</summary>
    public Task HurryAsync(FailoverContext context, CancellationToken cancellationToken) =>
        agents.HurryAsync(context.Member.VaultName!.Value, $"{context.Key}/apply", context.Member.Vault!.Id.ToString(), context.OldEpoch, cancellationToken);

    /// <summary>Creates the machine; its id when that is done.</summary>
    public async Task<(string? MachineId, StepOutcome Outcome)> CreateAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var chosen = context.Member.Failover!.Point!;
        var point = await context.Member.Vault!.ReadPointAsync(chosen.Epoch, chosen.Sequence, cancellationToken);
        if (point is null)
            return (null, StepOutcome.Blocked($"Recovery point {chosen.Epoch}/{chosen.Sequence} of {context.Member.Name} is not in the vault any more."));

        var grant = await context.Member.Vault.GrantReplicaReadAsync(ReplicaReadGrants.NameOf(context.Journal), time.GetUtcNow(), cancellationToken);
        var replica = Describe(context, point, context.Journal.Epoch, grant);
        var (operation, waiting) = await attempts.RunAsync(
            context.Host, KeyOf(context, "create", replica), id => new StartHostOperationRequest { Id = id, CreateReplica = replica }, cancellationToken);
        return operation is null ? (null, waiting) : (operation.Result.Machine.Id, StepOutcome.Done);
    }

    /// <summary>Starts the machine.</summary>
    public async Task<StepOutcome> StartAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var start = new StartMachine
        {
            MachineId = context.Member.Failover!.MachineId!,
            ProtectionId = context.Member.Vault!.Id.ToString(),
            Epoch = context.Journal.Epoch,
        };
        var (operation, waiting) = await attempts.RunAsync(
            context.Host, KeyOf(context, "start", start), id => new StartHostOperationRequest { Id = id, StartMachine = start }, cancellationToken);
        return operation is null ? waiting : StepOutcome.Done;
    }

    private static CreateReplica Describe(FailoverContext context, RecoveryPointDocument point, long epoch, ReplicaReadGrant? grant)
    {
        var replica = new CreateReplica
        {
            ProtectionId = context.Member.Vault!.Id.ToString(),
            Epoch = epoch,
            OperationId = context.MadeFor(epoch),
            Name = context.Member.Resource!.Spec.Target?.Name ?? point.Machine.Name,
            DefinitionJson = point.Machine.Definition.GetRawText(),
        };
        replica.Disks.AddRange(ReplicaDiskSources.Of(point, grant));
        replica.Networks.AddRange(PointMachine.Of(point.Machine).Networks);
        return replica;
    }

    /// <summary>The same work has the same id. A request that changed meanwhile (the name in the spec, a URI) has another: an agent refuses it under the old.</summary>
    private static string KeyOf(FailoverContext context, string step, IMessage request) =>
        $"{context.Key}/{step}-{Convert.ToHexStringLower(SHA256.HashData(request.ToByteArray()).AsSpan(0, 4))}";

    /// <summary>What waits for its next try is tried at the next step.</summary>
    public void RetryNow(RecoveryPlan plan, OperationRequest request) => attempts.RetryNow(plan, request);
}
