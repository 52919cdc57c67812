using System.Security.Cryptography;
using RecoveryOperator.Kubernetes.Leadership;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Keeps authority and revocation list as they stand in the API server. The list comes first: without it nobody is trusted.</summary>
internal sealed partial class TrustKeeper(
    AuthorityStore store, RevocationList revocations, TrustState state, ILeadership leadership, TimeProvider timeProvider, ILogger<TrustKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstInterval = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await LookAsync(stoppingToken);
                await Task.Delay(state.Authority is null ? FirstInterval : Interval, timeProvider, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await revocations.ReadAsync(cancellationToken);
            var authority = leadership.IsLeader ? await store.EnsureAsync(cancellationToken) : await store.ReadAsync(cancellationToken);
            if (authority is null)
                Fail($"There is no Secret {store.Name} with the operator's authority yet.", null);
            else
                Accept(authority);
        }
        catch (Exception error) when (error is ResourceRequestException or CryptographicException)
        {
            Fail(error.Message, error);
        }
    }

    private void Accept(Authority authority)
    {
        var before = state.Authority;
        state.Accept(authority);
        if (before is null)
            LogInUse(store.Name.ToString(), authority.Fingerprint, authority.NotAfter);
        else if (before.Fingerprint != authority.Fingerprint)
            LogChanged(store.Name.ToString(), before.Fingerprint, authority.Fingerprint);
    }

    private void Fail(string problem, Exception? error)
    {
        if (state.Problem != problem)
            LogProblem(problem, error);
        state.Fail(problem);
    }

    [LoggerMessage(LogLevel.Information, "The authority of Secret {secret} is in use: {fingerprint}, good until {notAfter:O}")]
    private partial void LogInUse(string secret, string fingerprint, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Warning, "The authority of Secret {secret} changed from {before} to {after}: hosts that do not trust it yet must be enrolled anew")]
    private partial void LogChanged(string secret, string before, string after);

    [LoggerMessage(LogLevel.Error, "Authority and revocation list cannot be read; what was known stays in use. {problem}")]
    private partial void LogProblem(string problem, Exception? error);

    [LoggerMessage(LogLevel.Debug, "The authority is not looked at any more")]
    private partial void LogStopped();
}
