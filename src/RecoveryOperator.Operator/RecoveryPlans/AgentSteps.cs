using System.Collections.Concurrent;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>The steps of a failover that agents do. An operation's id says what it is for, so a restarted operator finds it again.</summary>
internal sealed class AgentSteps(IPlanAgents agents, TimeProvider time, PlanOptions options)
{
    private readonly ConcurrentDictionary<string, Attempt> _attempts = new();

    /// <summary>Asks the target for room, name and networks; null when nothing stands in the way.</summary>
    public async Task<StepOutcome?> CheckTargetAsync(
        FailoverContext context, NamespacedName host, long epoch, long sequence, CancellationToken cancellationToken)
    {
        var point = await context.Member.Vault!.ReadPointAsync(epoch, sequence, cancellationToken);
        if (point is null)
            return StepOutcome.Running("Its newest recovery point was pruned while it was read; the next one is taken.");

        var replica = Describe(context, point, context.Journal.Epoch + 1, _ => string.Empty);
        var (operation, waiting) = await RunAsync(
            host,
            $"{context.Key}/check",
            id => new StartHostOperationRequest { Id = id, CheckReplica = new CheckReplica { Replica = replica } },
            cancellationToken,
            firstNumber: time.GetUtcNow().ToUnixTimeSeconds());
        if (operation is null)
            return waiting;

        AskAnew($"{host}/{context.Key}/check");
        var failures = operation.Result.Prerequisites.Failures;
        return failures.Count == 0 ? null : StepOutcome.Blocked(
            $"Host {host.Name} cannot take {context.Member.Name}; its source was not fenced. {string.Join(" ", failures.Select(f => $"{f.Object}: {f.Message} {f.Remedy}"))}");
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

        var grant = await context.Member.Vault.GrantReplicaReadAsync($"epoch-{context.Journal.Epoch}", time.GetUtcNow(), cancellationToken);
        var replica = Describe(context, point, context.Journal.Epoch, disk => grant.SnapshotUri(disk).AbsoluteUri);
        var (operation, waiting) = await RunAsync(
            context.Host, $"{context.Key}/create", id => new StartHostOperationRequest { Id = id, CreateReplica = replica }, cancellationToken);
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
        var (operation, waiting) = await RunAsync(
            context.Host, $"{context.Key}/start", id => new StartHostOperationRequest { Id = id, StartMachine = start }, cancellationToken);
        return operation is null ? waiting : StepOutcome.Done;
    }

    private static CreateReplica Describe(FailoverContext context, RecoveryPointDocument point, long epoch, Func<PointDisk, string> uri)
    {
        var replica = new CreateReplica
        {
            ProtectionId = context.Member.Vault!.Id.ToString(),
            Epoch = epoch,
            OperationId = context.Request.Id,
            Name = context.Member.Resource!.Spec.Target?.Name ?? point.Machine.Name,
            DefinitionJson = point.Machine.Definition.GetRawText(),
        };
        replica.Disks.AddRange(point.Disks.Select(d => new ReplicaDiskSource { Index = d.Index, SizeBytes = d.SizeBytes, SnapshotUri = uri(d) }));
        replica.Networks.AddRange(PointMachine.Of(point.Machine).Networks);
        return replica;
    }

    /// <summary>
    /// Runs an agent's operation as <c>key/number</c>. One that failed is followed by the next number, the blocked interval after its end. In a new
    /// process the numbers start again, so what runs or has ended well is found, and what failed before is passed over at once. A check, whose answer
    /// ages, starts at the clock's seconds instead.
    /// </summary>
    private async Task<(Protocol.Operation? Succeeded, StepOutcome Waiting)> RunAsync(
        NamespacedName host, string key, Func<string, StartHostOperationRequest> request, CancellationToken cancellationToken, long firstNumber = 0)
    {
        var attempt = _attempts.GetOrAdd($"{host}/{key}", _ => new Attempt(firstNumber, DateTimeOffset.MinValue, string.Empty));
        if (time.GetUtcNow() < attempt.NotBefore)
            return (null, StepOutcome.Blocked(attempt.Failure));

        var operation = await agents.BeginAsync(host, request($"{key}/{attempt.Number}"), cancellationToken);
        switch (operation.State)
        {
            case OperationState.Succeeded:
                return (operation, StepOutcome.Done);
            case OperationState.Failed or OperationState.Canceled:
                var failure = operation.Fault is { } fault ? $"{fault.Object}: {fault.Message} {fault.Remedy}" : $"{key} was canceled on host {host.Name}.";
                _attempts[$"{host}/{key}"] = new Attempt(attempt.Number + 1, EndOf(operation) + options.BlockedInterval, failure);
                return (null, StepOutcome.Blocked(failure));
            default:
                return (null, StepOutcome.Running(operation.BytesTotal > 0
                    ? $"{operation.Step} ({100 * operation.BytesDone / operation.BytesTotal} %)"
                    : operation.Step));
        }
    }

    private DateTimeOffset EndOf(Protocol.Operation operation) => operation.FinishedAt?.ToDateTimeOffset() ?? time.GetUtcNow();

    /// <summary>A check's answer is good for once.</summary>
    private void AskAnew(string key)
    {
        if (_attempts.TryGetValue(key, out var old))
            _attempts[key] = old with { Number = old.Number + 1 };
    }

    private sealed record Attempt(long Number, DateTimeOffset NotBefore, string Failure);
}
