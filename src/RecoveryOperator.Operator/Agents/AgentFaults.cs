using System.Security.Authentication;
using Grpc.Core;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Agents;

/// <summary>Turns what a call to an agent failed with into cause and remedy.</summary>
internal static class AgentFaults
{
    /// <summary>Why a call failed.</summary>
    /// <param name="error">The failed call.</param>
    /// <param name="agent">The agent, for people: kind, name and address.</param>
    public static Obstacle Explain(RpcException error, string agent)
    {
        if (FaultTrailer.Read(error) is { } fault)
            return Explain(fault);
        var tls = Inner<AuthenticationException>(error);
        if (tls is not null)
            return new("TlsFailed", $"{agent}: the TLS handshake failed: {tls.Message} Check that the agent's certificate is for the address' host name, and that each side trusts the other's authority.");
        var detail = error.Status.Detail;
        return error.StatusCode switch
        {
            StatusCode.Unavailable => new("AgentUnreachable", $"{agent} cannot be reached: {detail} Start the agent, or correct the address.", false),
            StatusCode.DeadlineExceeded => new("AgentTimeout", $"{agent} did not answer in time. Look at its log; it is tried again.", false),
            StatusCode.Unauthenticated or StatusCode.PermissionDenied => new("AgentRefusedCertificate", $"{agent} refused the operator's certificate: {detail} Give the operator a certificate that the agent trusts."),
            StatusCode.Unimplemented => new("AgentTooOld", $"{agent} does not know a call that is needed: {detail} Update the agent."),
            StatusCode.AlreadyExists => new("MachineClaimed", $"{agent}: {detail}"),
            StatusCode.FailedPrecondition => new("AgentRefused", $"{agent} refused: {detail}"),
            _ => new("AgentFailed", $"{agent} failed: {error.StatusCode}: {detail} Look at its log; it is tried again.", false),
        };
    }

    /// <summary>A fault as an obstacle.</summary>
    public static Obstacle Explain(Fault fault) =>
        new(ReasonOf(fault), Text(fault), fault.Category is not (FaultCategory.Recoverable or FaultCategory.Unspecified));

    /// <summary>Object, cause and remedy in one text.</summary>
    public static string Text(Fault fault) =>
        string.Join(" ", new[] { fault.Object.Length == 0 ? "" : $"{fault.Object}:", Sentence(fault.Message), Sentence(fault.Remedy) }.Where(part => part.Length > 0));

    /// <summary>Cause and remedy come from many hands, some without a full stop: together they must not run into one another.</summary>
    private static string Sentence(string text) =>
        text.Length == 0 || text[^1] is '.' or '!' or '?' or ':' ? text : $"{text}.";

    /// <summary>The reason, or one by category where an agent gives none that fits a condition.</summary>
    public static string ReasonOf(Fault fault) => CodeOr(fault.Reason, fault.Category.ToString());

    /// <summary>A code as it is, where it fits a condition; otherwise another.</summary>
    public static string CodeOr(string code, string otherwise) =>
        code.Length is > 0 and < 200 && char.IsAsciiLetter(code[0]) && code.All(char.IsAsciiLetterOrDigit) ? code : otherwise;

    private static T? Inner<T>(Exception? error)
        where T : Exception
    {
        for (var at = error; at is not null; at = at.InnerException ?? (at as RpcException)?.Status.DebugException)
        {
            if (at is T found)
                return found;
        }

        return null;
    }
}
