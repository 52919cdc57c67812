using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Documents;
using OperationState = RecoveryOperator.Protocol.OperationState;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>The steps of a failover that agents do. An operation's id says what it is for, so a restarted operator finds it again.</summary>
internal sealed class AgentSteps(IPlanAgents agents, TimeProvider time, PlanOptions options)
{
    private const int MaxPassedOver = 100;

    private readonly ConcurrentDictionary<string, Attempt> _attempts = new();

    /// <summary>Asks the target for room, name and networks; null when nothing stands in the way.</summary>
    public async Task<StepOutcome?> CheckTargetAsync(
        FailoverContext context, NamespacedName host, long epoch, long sequence, CancellationToken cancellationToken)
    {
        var point = await context.Member.Vault!.ReadPointAsync(epoch, sequence, cancellationToken);
        if (point is null)
            return StepOutcome.Running("Its newest recovery point was pruned while it was read; the next one is taken.");

        var replica = Describe(context, point, context.Journal.Epoch + 1, _ => string.Empty);
        var key = KeyOf(context, "check", replica);
        var (operation, waiting) = await RunAsync(
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
        AskLater($"{host}/{key}", long.Parse(operation.Id.AsSpan(operation.Id.LastIndexOf('/') + 1), CultureInfo.InvariantCulture) + 1, obstacle);
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
        var replica = Describe(context, point, context.Journal.Epoch, disk => grant.SnapshotUri(disk).AbsoluteUri);
        var (operation, waiting) = await RunAsync(
            context.Host, KeyOf(context, "create", replica), id => new StartHostOperationRequest { Id = id, CreateReplica = replica }, cancellationToken);
        return operation is null ? (null, waiting) : (operation.Result.Machine.Id, StepOutcome.Done);
    }

    /// <summary>Forgets how long the steps of an operation wait for their next try, also under the names of the version before, which had no plan in them.</summary>
    public void RetryNow(RecoveryPlan plan, OperationRequest request)
    {
        foreach (var (key, attempt) in _attempts.Where(a => a.Key.Contains($"/{request.Id}/{NamespacedName.Of(plan).Namespace}/", StringComparison.Ordinal)))
            _attempts.TryUpdate(key, attempt with { NotBefore = DateTimeOffset.MinValue }, attempt);
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
            context.Host, KeyOf(context, "start", start), id => new StartHostOperationRequest { Id = id, StartMachine = start }, cancellationToken);
        return operation is null ? waiting : StepOutcome.Done;
    }

    private static CreateReplica Describe(FailoverContext context, RecoveryPointDocument point, long epoch, Func<PointDisk, string> uri)
    {
        var replica = new CreateReplica
        {
            ProtectionId = context.Member.Vault!.Id.ToString(),
            Epoch = epoch,
            OperationId = context.MadeFor(epoch),
            Name = context.Member.Resource!.Spec.Target?.Name ?? point.Machine.Name,
            DefinitionJson = point.Machine.Definition.GetRawText(),
        };
        replica.Disks.AddRange(point.Disks.Select(d => new ReplicaDiskSource { Index = d.Index, SizeBytes = d.SizeBytes, SnapshotUri = uri(d) }));
        replica.Networks.AddRange(PointMachine.Of(point.Machine).Networks);
        return replica;
    }

    /// <summary>The same work has the same id. A request that changed meanwhile (the name in the spec, a URI) has another: an agent refuses it under the old.</summary>
    private static string KeyOf(FailoverContext context, string step, IMessage request) =>
        $"{context.Key}/{step}-{Convert.ToHexStringLower(SHA256.HashData(request.ToByteArray()).AsSpan(0, 4))}";

    /// <summary>
    /// Runs an agent's operation as <c>key/number</c>. One that failed is followed by the next number, the blocked interval after its end. In a new
    /// process the numbers start again, so what runs or has ended well is found, and what failed before is passed over at once. A check, whose answer
    /// ages, starts at the clock's seconds instead.
    /// </summary>
    private async Task<(Protocol.Operation? Succeeded, StepOutcome Waiting)> RunAsync(
        NamespacedName host, string key, Func<string, StartHostOperationRequest> request, CancellationToken cancellationToken, long firstNumber = 0)
    {
        var attempts = $"{host}/{key}";
        var attempt = _attempts.GetOrAdd(attempts, _ => new Attempt(firstNumber, DateTimeOffset.MinValue, string.Empty, 0));
        while (time.GetUtcNow() >= attempt.NotBefore)
        {
            var operation = await agents.BeginAsync(host, request($"{key}/{attempt.Number}"), cancellationToken);
            if (operation.State == OperationState.Succeeded)
            {
                _attempts.TryRemove(attempts, out _);
                return (operation, StepOutcome.Done);
            }

            if (operation.State is not (OperationState.Failed or OperationState.Canceled))
                return (null, StepOutcome.Running(Progress(operation, host)));
            _attempts[attempts] = attempt = After(attempt, operation, host);
        }

        return (null, StepOutcome.Blocked(attempt.Failure));
    }

    /// <summary>
    /// The end is told by the host's clock, which may be wrong. So only so many are passed over at once; then, each waits by this clock.
    /// </summary>
    private Attempt After(Attempt attempt, Protocol.Operation operation, NamespacedName host)
    {
        var now = time.GetUtcNow();
        var ended = attempt.PassedOver < MaxPassedOver && operation.FinishedAt?.ToDateTimeOffset() is { } told && told < now ? told : now;
        var failure = operation.Fault is { } fault ? AgentFaults.Text(fault) : $"Operation {operation.Id} was canceled on host {host.Name}; it is begun again.";
        return new Attempt(attempt.Number + 1, ended + options.BlockedInterval, failure, attempt.PassedOver + 1);
    }

    private void AskLater(string attempts, long number, string obstacle) =>
        _attempts[attempts] = new Attempt(number, time.GetUtcNow() + options.BlockedInterval, obstacle, 0);

    private static string Progress(Protocol.Operation operation, NamespacedName host)
    {
        var step = operation.Step.Length > 0 ? operation.Step : $"Host {host.Name} was asked and works on it.";
        return operation.BytesTotal > 0 ? $"{step} ({100 * operation.BytesDone / operation.BytesTotal} %)" : step;
    }

    private sealed record Attempt(long Number, DateTimeOffset NotBefore, string Failure, int PassedOver);
}
