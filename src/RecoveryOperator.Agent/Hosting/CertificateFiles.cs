using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RecoveryOperator.Agent.Hosting;

/// <summary>The server's certificate and the authority of its clients, from PEM files that are read again when they change.</summary>
public sealed partial class CertificateFiles
{
    private readonly Lock _lock = new();
    private readonly TlsOptions _options;
    private readonly ILogger<CertificateFiles> _logger;
    private (DateTime Certificate, DateTime Key, DateTime Authority) _readAt;
    private LoadedCertificates _loaded;

    /// <summary>Reads the files.</summary>
    /// <exception cref="CryptographicException">A file holds no usable certificate or key.</exception>
    public CertificateFiles(TlsOptions options, ILogger<CertificateFiles> logger)
    {
        _options = options;
        _logger = logger;
        _readAt = Times();
        _loaded = Load();
    }

    /// <summary>What the files hold now. When changed files cannot be used the former certificates stay in use.</summary>
    public LoadedCertificates Current
    {
        get
        {
            lock (_lock)
            {
                (DateTime, DateTime, DateTime) now = Times();
                if (now != _readAt)
                    Reload(now);
                return _loaded;
            }
        }
    }

    private void Reload((DateTime Certificate, DateTime Key, DateTime Authority) now)
    {
        try
        {
            _loaded = Load();
            LogReloaded(_options.Certificate, _loaded.Server.NotAfter);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogNotReloaded(_options.Certificate, fault);
        }

        _readAt = now;
    }

    private LoadedCertificates Load()
    {
        using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(_options.Certificate, _options.Key);
        X509Certificate2Collection authority = [];
        authority.ImportFromPemFile(_options.CertificateAuthority);
        if (authority.Count == 0)
            throw new CryptographicException($"'{_options.CertificateAuthority}' holds no certificate.");

        // Through PKCS #12, because some platforms cannot serve from a key that exists in memory only.
        return new LoadedCertificates(X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), authority);
    }

    private (DateTime, DateTime, DateTime) Times() => (
        File.GetLastWriteTimeUtc(_options.Certificate),
        File.GetLastWriteTimeUtc(_options.Key),
        File.GetLastWriteTimeUtc(_options.CertificateAuthority));

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate {Path} was read again; it is valid until {NotAfter:o}")]
    private partial void LogReloaded(string path, DateTime notAfter);

    [LoggerMessage(Level = LogLevel.Error, Message = "The changed certificate files ({Path}) cannot be used; the former ones stay in use")]
    private partial void LogNotReloaded(string path, Exception fault);
}

/// <summary>Certificates in use.</summary>
/// <param name="Server">The server's, with its key.</param>
/// <param name="Authority">What clients must chain to.</param>
public sealed record LoadedCertificates(X509Certificate2 Server, X509Certificate2Collection Authority);
