using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>The steps of a test failover that agents do.</summary>
internal sealed class TestAgentSteps(AgentAttempts attempts, TestNetworks networks, TimeProvider time)
{
    private const int SecondsBetweenChecks = 5;

    /// <summary>Name of the read grant of a test; each has its own, so that the end of one takes nothing from another. A digest: plans and ids may hold hyphens, and end with what the other begins with.</summary>
    public static string GrantOf(TestFailoverRecord test) =>
        $"test-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(TestRun.MadeFor(test.Plan, test.OperationId))).AsSpan(0, 16))}";

    /// <summary>Asks the target for room, name and networks; null when nothing stands in the way.</summary>
    public async Task<StepOutcome?> CheckTargetAsync(TestRun run, TestFailoverRecord wanted, RecoveryPointDocument point, CancellationToken cancellationToken)
    {
        var host = new NamespacedName(run.Plan.Metadata.NamespaceProperty, wanted.Host);
        var replica = Describe(run, wanted, point, grant: null).Replica;
        var now = time.GetUtcNow();
        var key = KeyOf(run, "check", replica);
        var (operation, waiting) = await attempts.RunAsync(
            host, key, id => new StartHostOperationRequest { Id = id, CheckReplica = new CheckReplica { Replica = replica } }, cancellationToken, now.ToUnixTimeSeconds());
        if (operation is null)
            return waiting;
        var failures = operation.Result?.Prerequisites?.Failures ?? [];
        if (failures.Count == 0)
            return null;
        var obstacle = $"Host {wanted.Host} cannot take the test of {run.Member.Name}. {string.Join(" ", failures.Select(AgentFaults.Text))}";
        attempts.AskLater($"{host}/{key}", now.ToUnixTimeSeconds() + 1, obstacle);
        return StepOutcome.Blocked(obstacle);
    }

    /// <summary>Creates the machine; its id, and which networks it is not connected to, when that is done.</summary>
    public async Task<(string? MachineId, string? Warning, StepOutcome Outcome)> CreateAsync(TestRun run, RecoveryPointDocument point, CancellationToken cancellationToken)
    {
        var record = run.Record!;
        var grant = await run.Member.Vault!.GrantReplicaReadAsync(GrantOf(record), time.GetUtcNow(), cancellationToken);
        var (replica, warning) = Describe(run, record, point, grant);
        var (operation, waiting) = await attempts.RunAsync(
            run.Host, KeyOf(run, "create", replica), id => new StartHostOperationRequest { Id = id, CreateReplica = replica }, cancellationToken);
        return operation is null ? (null, null, waiting) : (operation.Result.Machine.Id, warning, StepOutcome.Done);
    }

    /// <summary>Starts the machine.</summary>
    public async Task<StepOutcome> StartAsync(TestRun run, CancellationToken cancellationToken)
    {
        var start = new StartMachine { MachineId = run.Record!.MachineId!, ProtectionId = run.Member.Vault!.Id.ToString(), Epoch = run.Record.Point!.Epoch };
        var (operation, waiting) = await attempts.RunAsync(
            run.Host, KeyOf(run, "start", start), id => new StartHostOperationRequest { Id = id, StartMachine = start }, cancellationToken);
        return operation is null ? waiting : StepOutcome.Done;
    }

    /// <summary>Asks the host how the machine does.</summary>
    public async Task<(GuestCheck? Seen, StepOutcome Outcome)> CheckBootAsync(TestRun run, CancellationToken cancellationToken)
    {
        var check = new CheckGuest { MachineId = run.Record!.MachineId! };
        var number = time.GetUtcNow().ToUnixTimeSeconds() / SecondsBetweenChecks;
        var (operation, waiting) = await attempts.RunAsync(
            run.Host, KeyOf(run, "boot", check), id => new StartHostOperationRequest { Id = id, CheckGuest = check }, cancellationToken, number);
        return operation is null ? (null, waiting) : (operation.Result.Guest, StepOutcome.Done);
    }

    /// <summary>Has a test's machine removed from its host, with what a creation that was cut off has left.</summary>
    /// <param name="key">Names the operation that removes it, and the VM.</param>
    /// <param name="host">The host that the record names.</param>
    /// <param name="protectionId">The VM's protection.</param>
    /// <param name="test">The record.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<StepOutcome> RemoveAsync(string key, NamespacedName host, string protectionId, TestFailoverRecord test, CancellationToken cancellationToken)
    {
        var delete = new DeleteReplica
        {
            MachineId = test.MachineId ?? string.Empty,
            ProtectionId = protectionId,
            OperationId = TestRun.MadeFor(test.Plan, test.OperationId),
            Name = test.MachineName,
        };
        var (operation, waiting) = await attempts.RunAsync(
            host, $"{key}/delete-{Digest(delete)}", id => new StartHostOperationRequest { Id = id, DeleteReplica = delete }, cancellationToken);
        return operation is null ? waiting : StepOutcome.Done;
    }

    private (CreateReplica Replica, string? Warning) Describe(TestRun run, TestFailoverRecord record, RecoveryPointDocument point, ReplicaReadGrant? grant)
    {
        var replica = new CreateReplica
        {
            ProtectionId = run.Member.Vault!.Id.ToString(),
            Epoch = point.Epoch,
            OperationId = TestRun.MadeFor(record.Plan, record.OperationId),
            Name = record.MachineName,
            DefinitionJson = point.Machine.Definition.GetRawText(),
        };
        var connections = networks.Of(run.Member.Resource!, record.Site, PointMachine.Of(point.Machine));
        replica.Disks.AddRange(ReplicaDiskSources.Of(point, grant));
        replica.Networks.AddRange(connections.Networks);
        return (replica, connections.Warning);
    }

    private static string KeyOf(TestRun run, string step, IMessage request) => $"{run.Key}/test-{step}-{Digest(request)}";

    private static string Digest(IMessage request) => Convert.ToHexStringLower(SHA256.HashData(request.ToByteArray()).AsSpan(0, 4));
}
