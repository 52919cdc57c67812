using System.Text.Json.Nodes;
using Grpc.Core;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>A vault agent.</summary>
internal sealed class VaultRole(AgentProcess agent) : IAsyncDisposable
{
    /// <summary>Time between two looks for work where one replica is timed: short, since it is not what is measured.</summary>
    private const double ShortRoundSeconds = 0.2;

    private readonly VaultAgent.VaultAgentClient _client = new(agent.Channel);

    public AgentProcess Agent => agent;

    public static async Task<VaultRole> StartAsync(
        string folder, BlobService blobs, string prefix, Certificates certificates, CancellationToken cancellationToken, double roundSeconds = ShortRoundSeconds)
    {
        JsonObject settings = new()
        {
            ["Vault"] = new JsonObject
            {
                ["Endpoint"] = blobs.Endpoint.ToString(),
                ["Prefix"] = prefix,
                ["AccountName"] = blobs.AccountName,
                ["AccountKey"] = blobs.AccountKey,
            },
            ["Apply"] = new JsonObject { ["RoundSeconds"] = roundSeconds },
        };
        return new VaultRole(await AgentProcess.StartAsync([Programs.Agent, "vault"], folder, certificates, settings, cancellationToken));
    }

    /// <summary>Waits until a set is applied, by whichever agent.</summary>
    /// <exception cref="InvalidOperationException">The agent reports a fault.</exception>
    public async Task WaitForAppliedAsync(string protectionId, long sequence, CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<ReplicaStatus> watch = _client.WatchReplicas(new WatchReplicasRequest(), cancellationToken: cancellationToken);
        while (await watch.ResponseStream.MoveNext(cancellationToken))
        {
            ReplicaStatus status = watch.ResponseStream.Current;
            if (status.ProtectionId != protectionId)
                continue;
            if (status.Fault is { } fault)
                throw new InvalidOperationException($"The vault agent reports {fault.Reason}: {fault.Message} (log: {agent.LogPath})");
            if (status.AppliedSequence >= sequence)
                return;
        }
    }

    public ValueTask DisposeAsync() => agent.DisposeAsync();
}
