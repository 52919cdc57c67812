using Grpc.Core;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The vault agent's gRPC calls: they only hurry the worker and ask how far it is.</summary>
internal sealed class VaultAgentService(
    VaultAccount account, ReplicaDirectory replicas, VaultWorker worker, VaultOperations operations, ApplySlots slots, VaultRoleOptions options, TimeProvider time) : VaultAgent.VaultAgentBase
{
    /// <inheritdoc/>
    public override Task<VaultAgentDescription> Describe(DescribeVaultAgentRequest request, ServerCallContext context)
    {
        KeyEncryptionKeySet keys = options.Applier.EncryptionKeys.Read();
        return Task.FromResult(new VaultAgentDescription
        {
            AgentVersion = AgentVersion.Current,
            Account = account.Name,
            Replicas = replicas.Count,
            Fault = worker.Fault,
            KeyEncryptionKeyIds = { keys.Keys.Select(key => key.Id.ToString()) },
            KeyProblems = { keys.Problems },
        });
    }

    /// <inheritdoc/>
    public override async Task WatchReplicas(WatchReplicasRequest request, IServerStreamWriter<ReplicaStatus> responseStream, ServerCallContext context)
    {
        using BroadcastSubscription<ReplicaStatus> subscription = replicas.Watch();
        await foreach (ReplicaStatus status in subscription.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(status, context.CancellationToken);
    }

    /// <inheritdoc/>
    public override Task<Operation> StartOperation(StartVaultOperationRequest request, ServerCallContext context) =>
        Task.FromResult(operations.Registry.Start(request.Id, RequestDigest.Compute(request), WorkOf(request)));

    /// <inheritdoc/>
    public override Task<Operation> GetOperation(GetOperationRequest request, ServerCallContext context) => Task.FromResult(operations.Registry.Get(request.Id));

    /// <inheritdoc/>
    public override async Task WatchOperation(WatchOperationRequest request, IServerStreamWriter<Operation> responseStream, ServerCallContext context)
    {
        await foreach (Operation operation in operations.Registry.WatchAsync(request.Id, context.CancellationToken))
            await responseStream.WriteAsync(operation, context.CancellationToken);
    }

    /// <inheritdoc/>
    public override Task<Operation> CancelOperation(CancelOperationRequest request, ServerCallContext context) => Task.FromResult(operations.Registry.Cancel(request.Id));

    private OperationWork WorkOf(StartVaultOperationRequest request)
    {
        return request.KindCase switch
        {
            StartVaultOperationRequest.KindOneofCase.ApplyNow => WorkOf(request.ApplyNow),
            StartVaultOperationRequest.KindOneofCase.ApplyThroughSeal => WorkOf(request.ApplyThroughSeal),
            StartVaultOperationRequest.KindOneofCase.VerifyPoint => WorkOf(request.VerifyPoint),
            _ => throw new ArgumentException("The operation is of no kind that this agent knows: upgrade the agent.", nameof(request)),
        };
    }

    private OperationWork WorkOf(ApplyNow request)
    {
        ApplyOperations work = new(replicas.Get(Parse(request.ProtectionId)).Work, slots, time);
        return async (context, token) => await work.ApplyNowAsync(context, token);
    }

    private OperationWork WorkOf(ApplyThroughSeal request)
    {
        ApplyOperations work = new(replicas.Get(Parse(request.ProtectionId)).Work, slots, time);
        return async (context, token) => await work.ApplyThroughSealAsync(request.Epoch, context, token);
    }

    private OperationWork WorkOf(VerifyPoint request)
    {
        ReplicaVerifications work = replicas.Get(Parse(request.ProtectionId)).Verifications;
        return async (context, token) => await work.VerifyAsync(request.Epoch, request.Sequence, context, token);
    }

    private static ProtectionId Parse(string text)
    {
        try
        {
            return ProtectionId.Parse(text);
        }
        catch (FormatException fault)
        {
            throw new ArgumentException(fault.Message, nameof(text), fault);
        }
    }
}
