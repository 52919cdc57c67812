using Grpc.Core;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Services;

/// <summary>The host agent's calls; thin over engine, operations and hypervisor.</summary>
public sealed class HostAgentService(ProtectionEngine engine, HostSettings settings, OperationRegistry operations, HostOperations work, IHypervisor hypervisor, IRecoveryTarget target)
    : HostAgent.HostAgentBase
{
    /// <inheritdoc/>
    public override async Task<HostDescription> Describe(DescribeHostRequest request, ServerCallContext context)
    {
        HostInventory host = await hypervisor.DescribeHostAsync(context.CancellationToken);
        HypervisorCapabilities capabilities = hypervisor.Capabilities;
        HostDescription description = new()
        {
            HostName = host.HostName,
            AgentVersion = AgentVersion.Current,
            Driver = capabilities.Driver,
            HypervisorVersion = host.HypervisorVersion,
            FreeStorageBytes = host.FreeStorageBytes,
            TracksChanges = capabilities.TracksChanges,
            RunsReplicas = capabilities.RunsReplicas,
            FreeSpoolBytes = engine.FreeSpoolBytes,
            EncryptsPayloads = true,
            ComparesReads = true,
        };
        description.Networks.AddRange(host.Networks);
        description.Machines.AddRange(host.Machines.Select(MachineMapping.ToInfo));
        description.RecoveredReads.AddRange(target.RecoveredReads().Select(MachineMapping.ToInfo));
        return description;
    }

    /// <inheritdoc/>
    public override Task<ProtectionStatus> PutProtection(PutProtectionRequest request, ServerCallContext context) =>
        engine.PutAsync(request.Protection ?? new DesiredProtection(), context.CancellationToken);

    /// <inheritdoc/>
    public override async Task<RemoveProtectionResponse> RemoveProtection(RemoveProtectionRequest request, ServerCallContext context)
    {
        await engine.RemoveAsync(request.ProtectionId, request.Epoch, context.CancellationToken);
        return new RemoveProtectionResponse();
    }

    /// <inheritdoc/>
    public override Task<ListProtectionsResponse> ListProtections(ListProtectionsRequest request, ServerCallContext context)
    {
        ListProtectionsResponse response = new();
        response.Protections.AddRange(engine.List());
        return Task.FromResult(response);
    }

    /// <inheritdoc/>
    public override async Task WatchProtections(WatchProtectionsRequest request, IServerStreamWriter<ProtectionStatus> responseStream, ServerCallContext context)
    {
        await foreach (ProtectionStatus status in engine.WatchAsync(context.CancellationToken))
            await responseStream.WriteAsync(status, context.CancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<FenceProtectionResponse> FenceProtection(FenceProtectionRequest request, ServerCallContext context)
    {
        await engine.FenceAsync(request, context.CancellationToken);
        return new FenceProtectionResponse();
    }

    /// <inheritdoc/>
    public override Task<PutHostSettingsResponse> PutHostSettings(PutHostSettingsRequest request, ServerCallContext context)
    {
        settings.Put(request);
        return Task.FromResult(new PutHostSettingsResponse());
    }

    /// <inheritdoc/>
    public override Task<Operation> StartOperation(StartHostOperationRequest request, ServerCallContext context) =>
        Task.FromResult(operations.Start(request.Id, HostOperationDigest.Of(request), work.For(request)));

    /// <inheritdoc/>
    public override Task<Operation> GetOperation(GetOperationRequest request, ServerCallContext context) =>
        Task.FromResult(operations.Get(request.Id));

    /// <inheritdoc/>
    public override async Task WatchOperation(WatchOperationRequest request, IServerStreamWriter<Operation> responseStream, ServerCallContext context)
    {
        await foreach (Operation operation in operations.WatchAsync(request.Id, context.CancellationToken))
            await responseStream.WriteAsync(operation, context.CancellationToken);
    }

    /// <inheritdoc/>
    public override Task<Operation> CancelOperation(CancelOperationRequest request, ServerCallContext context) =>
        Task.FromResult(operations.Cancel(request.Id));
}
