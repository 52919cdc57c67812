using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Runs the two ports as soon as there is an authority, on every replica.</summary>
internal sealed partial class TrustServer(
    CertificateIssuer issuer, TrustState state, OperatorOptions options, TimeProvider timeProvider, ILoggerFactory loggers) : BackgroundService
{
    private const long EnrolmentConnections = 64;
    private const long RenewalConnections = 128;
    private readonly ILogger _logger = loggers.CreateLogger<TrustServer>();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.WaitAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
            return;
        }

        await using var enrolment = TrustPort.Build<HostEnrolmentService>(options.Trust.EnrolmentListen, EnrolmentConnections, state.OwnCertificate, null, Share);
        await using var renewal = TrustPort.Build<HostRenewalService>(options.Trust.RenewalListen, RenewalConnections, state.OwnCertificate, issuer.IsHost, Share);
        await enrolment.StartAsync(stoppingToken);
        await renewal.StartAsync(stoppingToken);
        LogListening(options.Trust.EnrolmentListen, options.Trust.RenewalListen);
        await Task.WhenAll(enrolment.WaitForShutdownAsync(stoppingToken), renewal.WaitForShutdownAsync(stoppingToken));
    }

    private void Share(IServiceCollection services) =>
        services.AddSingleton(issuer).AddSingleton(timeProvider).AddSingleton<TrustAnswers>().AddSingleton(loggers);

    [LoggerMessage(LogLevel.Information, "Hosts enrol at {enrolment} and renew at {renewal}")]
    private partial void LogListening(string enrolment, string renewal);

    [LoggerMessage(LogLevel.Debug, "Stopped before there was an authority")]
    private partial void LogStopped();
}
