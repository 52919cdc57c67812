using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Protocol;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Agent.Enrolment;

/// <summary>Gets this host's certificate: <c>enroll --token-file FILE</c>, and by itself before the host role listens.</summary>
public static partial class EnrollCommand
{
    private const int Refused = 1;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Enrols now, once.</summary>
    /// <returns>Exit code: 0 enrolled, 1 not, 2 wrong arguments.</returns>
    /// <exception cref="OptionsFailureException">No token file was given, or it holds none.</exception>
    public static async Task<int> RunAsync(string[] arguments)
    {
        ConfigurationManager configuration = Configure(arguments);
        EnrolmentOptions options = EnrolmentOptions.Read(configuration);
        EnrolmentToken token = ReadToken(configuration["token-file"] ?? options.TokenFile);
        IdentityFolder folder = new(options.Directory);
        try
        {
            await EnrolAsync(token, folder, CancellationToken.None);
            using X509Certificate2 certificate = folder.Certificate();
            await Console.Out.WriteLineAsync($"Enrolled as {token.Host.Uri}. The certificate is in {folder.IdentityPath}, good until {certificate.NotAfter.ToUniversalTime():u}; the host role renews it by itself.");
            return 0;
        }
        catch (EnrolmentRefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
        }
        catch (RpcException error)
        {
            await Console.Error.WriteLineAsync($"The operator at {token.Endpoint} cannot be reached or cannot answer now ({error.StatusCode}: {error.Status.Detail}). Run it again: the token is still good until {token.Expires:u}.");
        }

        return Refused;
    }

    /// <summary>Enrols if there is a token, no certificate is given, and this host has none that is good, or one by another token. Tries until it is refused.</summary>
    /// <returns>Exit code: 0 go on, 1 refused.</returns>
    /// <exception cref="OptionsFailureException">The token file holds no token.</exception>
    public static async Task<int> EnsureAsync(string[] arguments)
    {
        ConfigurationManager configuration = Configure(arguments);
        EnrolmentOptions options = EnrolmentOptions.Read(configuration);
        IdentityFolder folder = new(options.Directory);
        if (options.TokenFile is not { Length: > 0 } file || !string.IsNullOrEmpty(configuration["Tls:Certificate"]))
            return 0;
        using ILoggerFactory logging = LoggerFactory.Create(builder => builder.AddAgentConsole(LogLevel.None));
        ILogger logger = logging.CreateLogger("RecoveryOperator.Agent.Enrolment");
        bool isGood = IsGood(folder, TimeProvider.System.GetUtcNow());
        if (isGood && !File.Exists(file))
            return 0; // Tokens are taken away once they are spent.
        EnrolmentToken token = ReadToken(file);
        if (isGood && folder.Read()?.TokenSha256 == token.SecretSha256 && !folder.IsPending(IdentityFolder.EnrollingKey))
            return 0;
        return await TryUntilAsync(token, folder, isGood, logger);
    }

    private static async Task<int> TryUntilAsync(EnrolmentToken token, IdentityFolder folder, bool isGood, ILogger logger)
    {
        for (TimeSpan wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                await EnrolAsync(token, folder, CancellationToken.None);
                LogEnrolled(logger, token.Host.Uri);
                return 0;
            }
            catch (EnrolmentRefusedException refused) when (isGood)
            {
                LogKept(logger, refused.Message);
                return 0;
            }
            catch (EnrolmentRefusedException refused)
            {
                LogRefused(logger, refused.Message);
                return Refused;
            }
            catch (RpcException error)
            {
                LogLater(logger, token.Endpoint, error.StatusCode, error.Status.Detail);
            }

            await Task.Delay(wait * (0.5 + Random.Shared.NextDouble()), TimeProvider.System, CancellationToken.None);
        }
    }

    internal static async Task EnrolAsync(EnrolmentToken token, IdentityFolder folder, CancellationToken cancellationToken)
    {
        if (token.Expires <= TimeProvider.System.GetUtcNow())
            throw new EnrolmentRefusedException($"The token expired at {token.Expires:u}: take the present one from the host's Secret.");
        using ECDsa key = folder.PendingKey(IdentityFolder.EnrollingKey);
        IssuedCertificate issued = await new OperatorClient(TimeProvider.System).EnrolAsync(token, key, cancellationToken);
        EnrolledIdentity identity = new(token.Cluster, token.Namespace, token.Name, issued.RenewalEndpoint, token.SecretSha256);
        folder.Save(identity, issued.CertificatePem, issued.AuthoritiesPem, key, IdentityFolder.EnrollingKey);
    }

    private static bool IsGood(IdentityFolder folder, DateTimeOffset now)
    {
        if (folder.Read() is null)
            return false;
        using X509Certificate2 certificate = folder.Certificate();
        return certificate.NotAfter > now.LocalDateTime;
    }

    private static EnrolmentToken ReadToken(string? file)
    {
        if (string.IsNullOrEmpty(file))
            throw new OptionsFailureException(["enroll needs --token-file FILE: the token of the host's Secret."]);
        try
        {
            return EnrolmentToken.Decode(File.ReadAllText(file));
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new OptionsFailureException([$"The token file '{file}' cannot be used: {error.Message}"]);
        }
    }

    private static ConfigurationManager Configure(string[] arguments)
    {
        ConfigurationManager configuration = new();
        AgentHost.AddConfiguration(configuration, arguments);
        return configuration;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Enrolled as {Identity}")]
    private static partial void LogEnrolled(ILogger logger, string identity);

    [LoggerMessage(Level = LogLevel.Error, Message = "Enrolment was refused. {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The new token was refused, the present certificate stays in use. {Reason}")]
    private static partial void LogKept(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The operator at {Endpoint} cannot be reached or cannot answer now, it is tried again: {Status}: {Detail}")]
    private static partial void LogLater(ILogger logger, Uri endpoint, StatusCode status, string detail);
}
