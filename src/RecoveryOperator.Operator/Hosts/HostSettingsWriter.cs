using Grpc.Core;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Policies;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Hosts;

/// <summary>Hands a host's settings to its agent, at every visit: one that has them already does nothing, one that lost its state has them again.</summary>
internal sealed class HostSettingsWriter(TimeProvider timeProvider)
{
    private const string Type = ConditionTypes.SettingsApplied;

    /// <summary>Hands them over.</summary>
    /// <returns>The condition that says what came of it.</returns>
    public async Task<ConditionFact> ApplyAsync(RecoveryHost host, RecoverySite? site, HostConnection? connection, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        var settings = new PutHostSettingsRequest { Bandwidth = BandwidthReading.Read(host.Spec.Bandwidth, faults), TimeZone = site?.Spec.TimeZone ?? "" };
        if (faults.Count > 0)
            return new(Type, false, "InvalidSpec", $"spec.{string.Join("; spec.", faults)}. Correct it: the agent keeps the settings that it has.");
        if (connection is not { State: { Presence: AgentPresence.Connected, Failure: null }, Description: not null })
            return new(Type, null, "NotKnown", "The agent does not answer: it keeps the settings that it has.");
        if (site is null && host.Spec.Bandwidth is { Schedule.Count: > 0 })
            return new(Type, false, "SiteNotFound", "The times of spec.bandwidth.schedule are of the site's time zone, and the site does not exist: create it, or correct spec.siteRef.");
        try
        {
            await connection.Client.PutHostSettingsAsync(settings, deadline: HostConnection.Deadline(timeProvider), cancellationToken: cancellationToken);
            return new(Type, true, "Applied", settings.Bandwidth is null ? "The agent has no limits for the host." : "The agent keeps the host's limits, also without the operator.");
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented && host.Spec.Bandwidth is null)
        {
            return new(Type, true, "NothingAsked", "The agent knows no settings of a host, and none are asked for.");
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            var obstacle = AgentFaults.Explain(error, connection.Name);
            return new(Type, obstacle.NeedsSomebody ? false : null, obstacle.Reason, obstacle.Message);
        }
    }
}
