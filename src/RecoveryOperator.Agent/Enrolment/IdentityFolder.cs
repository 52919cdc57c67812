using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Agent.Enrolment;

/// <summary>
/// What an enrolled host keeps: key and certificate in one file, so that one rename replaces both; the authorities; who it is; and keys that a certificate is
/// being asked for. The order of writes, and why a crash between any two is safe, is in docs/trust.md.
/// </summary>
public sealed class IdentityFolder(string path)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Certificate and key, PEM.</summary>
    public string IdentityPath => Path.Combine(path, "identity.pem");

    /// <summary>What is trusted, PEM.</summary>
    public string AuthoritiesPath => Path.Combine(path, "authorities.pem");

    /// <summary>Name of the key that enrolment asks for a certificate with.</summary>
    public const string EnrollingKey = "enrolling.key";

    /// <summary>Name of the key that renewal asks for a certificate with.</summary>
    public const string RenewingKey = "renewing.key";

    private string AboutPath => Path.Combine(path, "enrolment.json");

    /// <summary>The folder.</summary>
    public string FolderPath => path;

    /// <summary>Who this host is; null when it is not enrolled.</summary>
    public EnrolledIdentity? Read() =>
        File.Exists(IdentityPath) && File.Exists(AuthoritiesPath) && File.Exists(AboutPath)
            ? JsonSerializer.Deserialize<EnrolledIdentity>(File.ReadAllText(AboutPath), Json)
            : null;

    /// <summary>The settings of TLS: the given ones, or this identity where none are given.</summary>
    public TlsOptions Apply(TlsOptions given)
    {
        ArgumentNullException.ThrowIfNull(given);
        return given.Certificate.Length > 0 || Read() is not { } identity
            ? given
            : given with { Certificate = IdentityPath, Key = IdentityPath, CertificateAuthority = AuthoritiesPath, AllowedClients = TrustIdentity.Operator(identity.Cluster) };
    }

    /// <summary>The certificate with its key.</summary>
    /// <exception cref="CryptographicException">The file cannot be used.</exception>
    public X509Certificate2 Certificate()
    {
        using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(IdentityPath, IdentityPath);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>What is trusted.</summary>
    public X509Certificate2Collection Authorities()
    {
        X509Certificate2Collection all = [];
        all.ImportFromPemFile(AuthoritiesPath);
        return all;
    }

    /// <summary>A key that is asked for a certificate with: the one that is there from an interrupted attempt, or a new one, stored before it is used.</summary>
    /// <param name="name"><see cref="EnrollingKey"/> or <see cref="RenewingKey"/>.</param>
    public ECDsa PendingKey(string name)
    {
        SecretFiles.CreateFolder(path);
        string file = Path.Combine(path, name);
        if (File.Exists(file))
        {
            ECDsa standing = ECDsa.Create();
            standing.ImportFromPem(File.ReadAllText(file));
            return standing;
        }

        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        SecretFiles.Write(file, key.ExportPkcs8PrivateKeyPem() + "\n");
        return key;
    }

    /// <summary>Whether an attempt was interrupted.</summary>
    public bool IsPending(string name) => File.Exists(Path.Combine(path, name));

    /// <summary>Drops a key that no certificate is asked for with any more.</summary>
    public void Forget(string name) => File.Delete(Path.Combine(path, name));

    /// <summary>Takes a certificate into use. The identity comes last: with it the rest counts.</summary>
    public void Save(EnrolledIdentity identity, string certificatePem, string authoritiesPem, ECDsa key, string pendingName)
    {
        ArgumentNullException.ThrowIfNull(key);
        SecretFiles.Write(AuthoritiesPath, authoritiesPem);
        SecretFiles.Write(AboutPath, JsonSerializer.Serialize(identity, Json));
        SecretFiles.Write(IdentityPath, certificatePem + key.ExportPkcs8PrivateKeyPem() + "\n");
        Forget(pendingName);
    }
}
