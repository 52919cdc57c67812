using Grpc.Core;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Trust;

/// <summary>A certificate, or why there is none.</summary>
/// <param name="Certificate">The answer; null when it was refused.</param>
/// <param name="Refusal">Why not.</param>
internal sealed record IssueResult(IssuedCertificate? Certificate, Refusal? Refusal)
{
    /// <summary>One answer for unknown host, wrong secret, expired and spent: a stranger learns nothing.</summary>
    public static IssueResult BadToken(string reason) => new(
        null, new(StatusCode.Unauthenticated, "The enrolment token is not good (any more): it was used, expired or was replaced. Take the present one from the host's Secret.", reason));

    public static IssueResult BadRequest(string reason) => new(null, new(StatusCode.InvalidArgument, reason, reason));

    public static IssueResult NotTrusted(string reason) => new(
        null, new(StatusCode.PermissionDenied, "The certificate is not trusted (any more). Enrol the host anew with a token from its Secret.", reason));

    public static IssueResult Later(string reason) => new(null, new(StatusCode.Unavailable, reason, reason));
}

/// <summary>A refusal.</summary>
/// <param name="Code">What the peer gets.</param>
/// <param name="Message">What the peer is told.</param>
/// <param name="Reason">What the log is told.</param>
internal sealed record Refusal(StatusCode Code, string Message, string Reason);
