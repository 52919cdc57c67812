using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;
using Prometheus;
using RecoveryOperator.Agent.Enrolment;
using RecoveryOperator.Agent.Metrics;

namespace RecoveryOperator.Agent.Hosting;

/// <summary>
/// What every role has: configuration (file, environment, command line), gRPC behind mutual TLS, <c>grpc.health.v1</c>, and <c>/healthz</c> and
/// <c>/metrics</c> on a plain port.
/// </summary>
public static class AgentHost
{
    /// <summary>Prefix of environment variables, for example <c>RECOVERY_AGENT_Tls__Key</c>.</summary>
    public const string EnvironmentPrefix = "RECOVERY_AGENT_";

    /// <summary>Begins a role.</summary>
    /// <param name="arguments">What follows the role's name: <c>--config FILE</c>, and settings as <c>--Section:Name value</c>.</param>
    /// <param name="roleFailures">All that is wrong with the role's own settings.</param>
    /// <exception cref="OptionsFailureException">Settings are wrong; all failures are listed.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] arguments, Func<IConfiguration, IEnumerable<string>> roleFailures)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        AddConfiguration(builder.Configuration, arguments);
        ListenOptions listen = Section<ListenOptions>(builder.Configuration, "Listen");
        EnrolmentOptions enrolment = EnrolmentOptions.Read(builder.Configuration);
        IdentityFolder identity = new(enrolment.Directory);
        TlsOptions given = Section<TlsOptions>(builder.Configuration, "Tls");
        TlsOptions tls = identity.Apply(given);
        OptionsFailureException.ThrowIfAny([.. listen.Failures(), .. tls.Failures(), .. enrolment.Failures(), .. roleFailures(builder.Configuration)]);

        builder.Logging.AddAgentConsole(LogLevel.None);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(tls).AddSingleton<CertificateFiles>().AddSingleton<ClientTrust>();
        if (tls != given)
            builder.Services.AddSingleton(identity).AddSingleton(enrolment).AddHostedService<CertificateRenewal>();
        builder.Services.AddSingleton(_ => Prometheus.Metrics.NewCustomRegistry());
        builder.Services.AddSingleton(services => new AgentMetrics(services.GetRequiredService<CollectorRegistry>()));
        builder.Services.AddGrpc(grpc => grpc.Interceptors.Add<FaultInterceptor>());
        builder.Services.AddGrpcHealthChecks();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, listen));
        return builder;
    }

    /// <summary>Logs to the console, a line for each event; to standard error from a level on.</summary>
    public static ILoggingBuilder AddAgentConsole(this ILoggingBuilder logging, LogLevel standardErrorFrom)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = standardErrorFrom);
        return logging;
    }

    /// <summary>Binds a section.</summary>
    public static T Section<T>(IConfiguration configuration, string name)
        where T : new() => configuration.GetSection(name).Get<T>() ?? new T();

    /// <summary>Maps what every role has; the role maps its own services.</summary>
    public static WebApplication MapCommon(this WebApplication app)
    {
        app.MapGrpcHealthChecksService();
        app.MapHealthChecks("/healthz");
        app.MapMetrics("/metrics", app.Services.GetRequiredService<CollectorRegistry>());
        return app;
    }

    /// <summary>Reads file, environment and command line, the later over the earlier.</summary>
    public static void AddConfiguration(IConfigurationBuilder configuration, string[] arguments)
    {
        configuration.AddEnvironmentVariables(EnvironmentPrefix);
        string? file = new ConfigurationBuilder().AddCommandLine(arguments).Build()["config"];
        if (file is not null)
            configuration.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        configuration.AddEnvironmentVariables(EnvironmentPrefix);
        configuration.AddCommandLine(arguments);
    }

    private static void Listen(KestrelServerOptions kestrel, ListenOptions options)
    {
        CertificateFiles files = kestrel.ApplicationServices.GetRequiredService<CertificateFiles>();
        ClientTrust trust = kestrel.ApplicationServices.GetRequiredService<ClientTrust>();
        kestrel.Listen(IPEndPoint.Parse(options.Grpc), listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificateSelector = (_, _) => files.Current.Server;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => trust.Accepts(certificate);
            });
        });
        kestrel.Listen(IPEndPoint.Parse(options.Health), listen => listen.Protocols = HttpProtocols.Http1);
    }
}
