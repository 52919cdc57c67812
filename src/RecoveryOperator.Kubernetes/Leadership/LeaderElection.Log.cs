using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Kubernetes.Leadership;

public sealed partial class LeaderElection
{
    [LoggerMessage(LogLevel.Information, "{Identity} leads")]
    private partial void LogLeading(string identity);

    [LoggerMessage(LogLevel.Information, "The leader is {Leader}")]
    private partial void LogNewLeader(string leader);

    [LoggerMessage(LogLevel.Warning, "Lease {Namespace}/{Lease} could not be read or written, trying again: {Error}")]
    private partial void LogElectionError(string @namespace, string lease, string error);

    [LoggerMessage(LogLevel.Critical, "Leadership by lease {Namespace}/{Lease} was lost: all work is cancelled, and the process ends in {GraceSeconds} s")]
    private partial void LogLost(string @namespace, string lease, double graceSeconds);

    [LoggerMessage(LogLevel.Debug, "{Identity} stops campaigning")]
    private partial void LogStopped(string identity);
}
