using Grpc.Core;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Trust;

/// <summary>The only service that answers without a client certificate.</summary>
internal sealed class HostEnrolmentService(CertificateIssuer issuer, TrustAnswers answers) : HostEnrolment.HostEnrolmentBase
{
    /// <inheritdoc/>
    public override Task<IssuedCertificate> Enrol(EnrolRequest request, ServerCallContext context) =>
        answers.GiveAsync(context, token => issuer.EnrolAsync(request, token));
}

/// <summary>Renews certificates; its port asks for the present one.</summary>
internal sealed class HostRenewalService(CertificateIssuer issuer, TrustAnswers answers) : HostRenewal.HostRenewalBase
{
    /// <inheritdoc/>
    public override Task<IssuedCertificate> Renew(RenewRequest request, ServerCallContext context) => answers.GiveAsync(
        context,
        token => context.GetHttpContext().Connection.ClientCertificate is { } present
            ? issuer.RenewAsync(present, request.SigningRequest.ToByteArray(), token)
            : Task.FromResult(IssueResult.NotTrusted("no client certificate")));
}

/// <summary>Turns results into answers; a call takes no longer than its limit, whatever the peer's deadline.</summary>
internal sealed partial class TrustAnswers(TimeProvider timeProvider, ILogger<TrustAnswers> logger)
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(15);

    public async Task<IssuedCertificate> GiveAsync(ServerCallContext context, Func<CancellationToken, Task<IssueResult>> issue)
    {
        using var limit = new CancellationTokenSource(CallLimit, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, limit.Token);
        try
        {
            var result = await issue(linked.Token);
            if (result.Certificate is { } certificate)
                return certificate;
            var refusal = result.Refusal!;
            LogRefused(context.Method, context.Peer, refusal.Code, refusal.Reason);
            throw new RpcException(new(refusal.Code, refusal.Message));
        }
        catch (Exception error) when (error is not RpcException)
        {
            // What went wrong inside is nobody's business outside.
            LogFailed(context.Method, context.Peer, error);
            throw new RpcException(new(StatusCode.Unavailable, "The operator cannot answer now; come back."));
        }
    }

    [LoggerMessage(LogLevel.Warning, "{method} of {peer} was refused ({code}): {reason}")]
    private partial void LogRefused(string method, string peer, StatusCode code, string reason);

    [LoggerMessage(LogLevel.Error, "{method} of {peer} failed")]
    private partial void LogFailed(string method, string peer, Exception error);
}
