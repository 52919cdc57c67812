using Grpc.Core;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// Tells an old source that its epoch ended, as soon as it can be reached: the fence takes its grant away, so by itself it would only see that refused.
/// Nothing depends on it: storage decides who ships.
/// </summary>
internal sealed partial class FencedSources(AgentConnections connections, TimeProvider timeProvider, ILogger<FencedSources> logger)
{
    /// <summary>Tells every reachable agent that works in an epoch which the journal says has ended.</summary>
    public async Task RunAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        if (gathered is not { Id: { } id, Replica.Journal.Value: { } journal })
            return;
        foreach (var connection in connections.Hosts.Where(connection => connection.State.Presence == AgentPresence.Connected))
        {
            if (connection.Protection(id.ToString()) is { Phase: not ProtectionPhase.Fenced } status && EndOf(journal, status.Epoch) is { } ended)
                await TellAsync(connection, status, ended, journal, cancellationToken);
        }
    }

    private static EpochRecord? EndOf(JournalDocument journal, long epoch) =>
        journal.Epochs.FirstOrDefault(e => e.Epoch == epoch && e.SealedAtSequence is not null);

    private async Task TellAsync(
        HostConnection connection, ProtectionStatus status, EpochRecord ended, JournalDocument journal, CancellationToken cancellationToken)
    {
        var request = new FenceProtectionRequest
        {
            ProtectionId = status.ProtectionId,
            Epoch = ended.Epoch,
            Sequence = ended.SealedAtSequence ?? 0,
            OperationId = journal.Failover?.OperationId ?? "",
        };
        try
        {
            await connection.Client.FenceProtectionAsync(request, deadline: HostConnection.Deadline(timeProvider), cancellationToken: cancellationToken);
            LogTold(connection.Host.ToString(), status.ProtectionId, ended.Epoch);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotTold(connection.Host.ToString(), status.ProtectionId, ended.Epoch, AgentFaults.Explain(error, connection.Name).Message);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "RecoveryHost {recoveryHost} was told that epoch {epoch} of protection {protectionId} ended")]
    private partial void LogTold(string recoveryHost, string protectionId, long epoch);

    [LoggerMessage(2, LogLevel.Warning, "RecoveryHost {recoveryHost} could not be told that epoch {epoch} of protection {protectionId} ended, it is tried at the next visit: {reason}")]
    private partial void LogNotTold(string recoveryHost, string protectionId, long epoch, string reason);
}
