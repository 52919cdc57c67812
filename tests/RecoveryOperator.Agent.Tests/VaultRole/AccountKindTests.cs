using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Agent.VaultRole;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Storage;

namespace RecoveryOperator.Agent.Tests.VaultRole;

public sealed class AccountKindTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("account-kind-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("BlockBlobStorage", "Premium_LRS", "BlockBlobStorage")]
    [InlineData("BlobStorage", "Standard_LRS", "BlobStorage")]
    [InlineData("StorageV2", "Premium_LRS", "a Premium account")]
    public async Task An_account_that_cannot_hold_both_kinds_of_blobs_is_named_and_not_served(string kind, string sku, string said)
    {
        await using AccountOfKind account = new(kind, sku);
        using TestCertificates certificates = new(_folder, "authority");
        certificates.WriteServer("localhost");
        await using WebApplication app = VaultRoleHost.Build(
        [
            "--Listen:Grpc", "127.0.0.1:0",
            "--Listen:Health", "127.0.0.1:0",
            "--Tls:Certificate", certificates.CertificatePath,
            "--Tls:Key", certificates.KeyPath,
            "--Tls:CertificateAuthority", certificates.AuthorityPath,
            "--State:Directory", Path.Combine(_folder, "state"),
            "--Vault:Endpoint", account.Endpoint.ToString(),
            "--Vault:AccountName", "acme",
            "--Vault:AccountKey", Convert.ToBase64String(new byte[64]),
            "--Apply:RoundSeconds", "0.1",
        ]);
        await app.StartAsync(Token);
        VaultWorker worker = app.Services.GetRequiredService<VaultWorker>();

        await Eventually.HoldsAsync(() => worker.Fault is not null && account.Requests.Count > 1, Token);

        Assert.Contains(said, worker.Fault!.Message, StringComparison.Ordinal);
        Assert.Contains("Standard general-purpose v2", worker.Fault.Remedy, StringComparison.Ordinal);
        Assert.All(account.Requests, request => Assert.Contains("comp=properties", request, StringComparison.Ordinal));
        await app.StopAsync(Token);
    }
}
