using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>A host agent and what is asked of it.</summary>
internal sealed class HostRole(AgentProcess agent) : IAsyncDisposable
{
    private readonly HostAgent.HostAgentClient _client = new(agent.Channel);

    public AgentProcess Agent => agent;

    /// <summary>Starts the delivered agent with the Images driver on a folder of machines.</summary>
    public static async Task<HostRole> StartAsync(string folder, string machines, Certificates certificates, CancellationToken cancellationToken) =>
        new(await AgentProcess.StartAsync([Programs.Agent, "host"], folder, certificates, Settings(machines), cancellationToken));

    /// <summary>Starts the host role with the simulated hypervisor, which is told what changed.</summary>
    public static async Task<HostRole> StartSimulatedAsync(string folder, string machines, Certificates certificates, CancellationToken cancellationToken) =>
        new(await AgentProcess.StartAsync([Programs.Self, "simulated-host"], folder, certificates, Settings(machines), cancellationToken));

    /// <summary>Starts the delivered agent on a libvirt host.</summary>
    public static async Task<HostRole> StartOnAsync(LibvirtHost libvirt, string folder, Certificates certificates, CancellationToken cancellationToken)
    {
        await certificates.IssueAsync("agent-libvirt", $"IP:{libvirt.Address}", cancellationToken);
        return new HostRole(await AgentProcess.StartAsync(
            [.. libvirt.Entry, Programs.Agent, "host"], folder, certificates.ServedBy("agent-libvirt"), libvirt.AgentSettings(), cancellationToken, libvirt.Address));
    }

    public Task<ProtectionStatus> ProtectAsync(DesiredProtection desired, CancellationToken cancellationToken) =>
        _client.PutProtectionAsync(new PutProtectionRequest { Protection = desired }, cancellationToken: cancellationToken).ResponseAsync;

    public async Task<ProtectionStatus> StatusAsync(string protectionId, CancellationToken cancellationToken) =>
        (await _client.ListProtectionsAsync(new ListProtectionsRequest(), cancellationToken: cancellationToken))
        .Protections.Single(status => status.ProtectionId == protectionId);

    public async Task<IReadOnlyList<ProtectionStatus>> StatusesAsync(CancellationToken cancellationToken) =>
        (await _client.ListProtectionsAsync(new ListProtectionsRequest(), cancellationToken: cancellationToken)).Protections;

    /// <summary>Waits until a set is committed.</summary>
    /// <exception cref="InvalidOperationException">The agent reports a fault.</exception>
    public async Task WaitForCommitAsync(string protectionId, long sequence, CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<ProtectionStatus> watch =
            _client.WatchProtections(new WatchProtectionsRequest(), cancellationToken: cancellationToken);
        while (await watch.ResponseStream.MoveNext(cancellationToken))
        {
            ProtectionStatus status = watch.ResponseStream.Current;
            if (status.ProtectionId != protectionId)
                continue;
            if (status.Fault is { } fault)
                throw new InvalidOperationException($"The host agent reports {fault.Reason}: {fault.Message} (log: {agent.LogPath})");
            if (status.CommittedSequence >= sequence)
                return;
        }
    }

    /// <summary>Cuts, ships and commits one set; returns when it is committed.</summary>
    public async Task<Operation> CutAsync(string protectionId, CancellationToken cancellationToken) => await RunAsync(
        new StartHostOperationRequest { Id = Guid.NewGuid().ToString("N"), CutNow = new CutNow { ProtectionId = protectionId, Epoch = 1 } }, cancellationToken);

    /// <summary>Runs an operation to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task<Operation> RunAsync(StartHostOperationRequest request, CancellationToken cancellationToken)
    {
        Operation last = await _client.StartOperationAsync(request, cancellationToken: cancellationToken);
        using AsyncServerStreamingCall<Operation> watch =
            _client.WatchOperation(new WatchOperationRequest { Id = request.Id }, cancellationToken: cancellationToken);
        while (await watch.ResponseStream.MoveNext(cancellationToken))
            last = watch.ResponseStream.Current;
        return last.State == OperationState.Succeeded ? last : throw new InvalidOperationException($"{request.KindCase} failed: {last.Fault} (log: {agent.LogPath})");
    }

    public ValueTask DisposeAsync() => agent.DisposeAsync();

    internal static DesiredProtection Desired(Replica replica, string machine, TimeSpan every) => new()
    {
        ProtectionId = replica.Id,
        DisplayName = $"benchmark/{machine}",
        Machine = machine,
        Epoch = 1,
        CopyFrequency = Duration.FromTimeSpan(every),
        LogContainerUri = replica.HostGrant.ToString(),
    };

    private static JsonObject Settings(string machines) => new()
    {
        ["Spool"] = new JsonObject { ["ReservedFreeBytes"] = 1 << 28 },
        ["Hypervisor"] = new JsonObject { ["Driver"] = "Images", ["Images"] = new JsonObject { ["Root"] = machines, ["LockHoldTarget"] = "01:00:00" } },
    };
}
