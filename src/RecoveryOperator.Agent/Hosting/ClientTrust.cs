using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Agent.Hosting;

/// <summary>Decides which client certificates may call: they chain to our authority, are made for clients, and name an allowed identity.</summary>
public sealed partial class ClientTrust(CertificateFiles files, TlsOptions options, ILogger<ClientTrust> logger)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>Whether the certificate may call.</summary>
    public bool Accepts(X509Certificate2 certificate)
    {
        if (options.AllowedClientList is [{ } uri] && uri.Contains("://", StringComparison.Ordinal))
            return AcceptsUri(certificate, uri);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(files.Current.Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (!chain.Build(certificate))
        {
            string status = string.Join(", ", chain.ChainStatus.Select(entry => entry.Status));
            LogUntrusted(certificate.Subject, status);
            return false;
        }

        if (Identities(certificate).Any(identity => options.AllowedClientList.Contains(identity, StringComparer.OrdinalIgnoreCase)))
            return true;

        LogNotAllowed(certificate.Subject, options.AllowedClients);
        return false;
    }

    /// <summary>An enrolled host serves the operator that it enrolled with: its URI decides, no other name.</summary>
    private bool AcceptsUri(X509Certificate2 certificate, string uri)
    {
        string? problem = CertificateTrust.Problem(certificate, files.Current.Authority, CertificateTrust.ClientAuthentication, uri);
        if (problem is not null)
            LogUntrusted(certificate.Subject, problem);
        return problem is null;
    }

    private static IEnumerable<string> Identities(X509Certificate2 certificate)
    {
        foreach (X509Extension extension in certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName))
        {
            foreach (string name in new X509SubjectAlternativeNameExtension(extension.RawData).EnumerateDnsNames())
                yield return name;
        }

        yield return certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A caller was refused: its certificate {Subject} is not trusted ({Status})")]
    private partial void LogUntrusted(string subject, string status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A caller was refused: its certificate {Subject} names none of the allowed identities ({Allowed})")]
    private partial void LogNotAllowed(string subject, string allowed);
}
