using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Enrolment;

/// <summary>Renews this host's certificate at two thirds of its life (unless set otherwise). Replication does not depend on it.</summary>
internal sealed partial class CertificateRenewal(IdentityFolder folder, EnrolmentOptions options, TimeProvider timeProvider, ILogger<CertificateRenewal> logger) : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private readonly double _jitter = Random.Shared.NextDouble() / 20;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan retry = FirstRetry;
        try
        {
            while (true)
            {
                (DateTimeOffset due, TimeSpan life) = Due();
                TimeSpan wait = due - timeProvider.GetUtcNow();
                if (wait > TimeSpan.Zero)
                {
                    // In steps: another process may enrol this host anew meanwhile.
                    await Task.Delay(wait < LongestWait ? wait : LongestWait, timeProvider, stoppingToken);
                    continue;
                }

                if (await TryAsync(stoppingToken))
                {
                    // However short its life is, and whatever the clocks say: no two renewals close together.
                    retry = FirstRetry;
                    await Task.Delay(life / 60, timeProvider, stoppingToken);
                    continue;
                }

                TimeSpan bounded = retry < life / 30 ? retry : life / 30;
                await Task.Delay(bounded * (0.5 + Random.Shared.NextDouble()), timeProvider, stoppingToken);
                retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private (DateTimeOffset Due, TimeSpan Life) Due()
    {
        try
        {
            using X509Certificate2 certificate = folder.Certificate();
            TimeSpan life = certificate.NotAfter - certificate.NotBefore;
            return (new DateTimeOffset(certificate.NotBefore) + (life * (options.RenewAtFraction - _jitter)), life);
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogUnreadable(folder.IdentityPath, error);
            return (timeProvider.GetUtcNow() + LongestRetry, LongestRetry);
        }
    }

    private async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            EnrolledIdentity identity = folder.Read() ?? throw new EnrolmentRefusedException($"There is no identity in {folder.FolderPath}.");
            using X509Certificate2 present = folder.Certificate();
            using ECDsa key = folder.PendingKey(IdentityFolder.RenewingKey);
            IssuedCertificate issued = await new OperatorClient(timeProvider).RenewAsync(identity, present, folder.Authorities(), key, cancellationToken);
            string endpoint = issued.RenewalEndpoint.Length > 0 ? issued.RenewalEndpoint : identity.RenewalEndpoint;
            folder.Save(identity with { RenewalEndpoint = endpoint }, issued.CertificatePem, issued.AuthoritiesPem, key, IdentityFolder.RenewingKey);
            using X509Certificate2 renewed = folder.Certificate();
            DateTime notAfter = renewed.NotAfter.ToUniversalTime();
            LogRenewed(notAfter);
            return true;
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception error) when (error is RpcException or EnrolmentRefusedException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogNotRenewed(error.Message, error);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate was renewed; it is good until {NotAfter:o}")]
    private partial void LogRenewed(DateTime notAfter);

    [LoggerMessage(Level = LogLevel.Error, Message = "The certificate could not be renewed, it is tried again. Once it has expired this host must be enrolled anew. {Reason}")]
    private partial void LogNotRenewed(string reason, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} cannot be read; it is tried again")]
    private partial void LogUnreadable(string path, Exception error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Renewal stops")]
    private partial void LogStopped();
}
