using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Makes a bounded gRPC server on a port of its own, apart from everything else that the process serves.</summary>
internal static class TrustPort
{
    /// <summary>Largest message; a request has about 500 bytes.</summary>
    public const int MaxMessageBytes = 16 * 1024;

    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(20);

    /// <summary>Builds one; nothing runs yet.</summary>
    /// <param name="listen"><c>address:port</c>.</param>
    /// <param name="connections">Most connections at once.</param>
    /// <param name="server">The server's certificate at each handshake.</param>
    /// <param name="acceptsClient">Which client certificates may call; null: none is asked for.</param>
    /// <param name="services">Adds what the service needs.</param>
    public static WebApplication Build<TService>(
        string listen, long connections, Func<X509Certificate2> server, Func<X509Certificate2, bool>? acceptsClient, Action<IServiceCollection> services)
        where TService : class
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        services(builder.Services);
        builder.Services.AddSingleton<PeerLimits>();
        builder.Services.AddGrpc(grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = (MaxMessageBytes, 4 * MaxMessageBytes));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Bound(kestrel.Limits, connections);
            kestrel.Listen(IPEndPoint.Parse(listen), endpoint =>
            {
                endpoint.Protocols = HttpProtocols.Http2;
                endpoint.UseHttps(https =>
                {
                    https.HandshakeTimeout = HandshakeLimit;
                    https.ServerCertificateSelector = (_, _) => server();
                    https.ClientCertificateMode = acceptsClient is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.RequireCertificate;
                    if (acceptsClient is not null)
                        https.ClientCertificateValidation = (certificate, _, _) => acceptsClient(certificate);
                });
            });
        });
        var app = builder.Build();
        app.Use(LimitAsync);
        app.MapGrpcService<TService>();
        return app;
    }

    private static void Bound(KestrelServerLimits limits, long connections)
    {
        limits.MaxConcurrentConnections = connections;
        limits.MaxRequestBodySize = 2 * MaxMessageBytes;
        limits.RequestHeadersTimeout = HandshakeLimit;
        limits.KeepAliveTimeout = IdleLimit;
        limits.Http2.MaxStreamsPerConnection = 4;
        limits.Http2.MaxRequestHeaderFieldSize = 4 * 1024;
        limits.Http2.KeepAlivePingDelay = IdleLimit;
        limits.Http2.KeepAlivePingTimeout = HandshakeLimit;
    }

    /// <summary>Before anything is read of the call's message.</summary>
    private static Task LimitAsync(HttpContext context, RequestDelegate next)
    {
        var limits = context.RequestServices.GetRequiredService<PeerLimits>();
        if (limits.Allows(context.Connection.RemoteIpAddress ?? IPAddress.None))
            return next(context);
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = "Too many calls, come back later.";
        return Task.CompletedTask;
    }
}
