using System.Diagnostics;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Vault.Tests.Control;

public sealed class VaultAccountTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_usable_account_passes_its_check() => await fixture.Account.CheckAsync(Token);

    [Fact]
    public async Task A_wrong_key_is_denied_with_the_remedy()
    {
        string key = Convert.ToBase64String(new byte[64]);
        VaultAccount account = VaultAccount.Connect(fixture.Options with { AccountKey = key });
        VaultException fault = await Assert.ThrowsAsync<VaultException>(() => account.CheckAsync(Token));
        Assert.Equal(VaultFault.AccessDenied, fault.Fault);
        Assert.Contains("account name and key", fault.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(key, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_nobody_listens_on_is_unavailable_within_ten_seconds()
    {
        VaultAccount account = VaultAccount.Connect(fixture.Options with { Endpoint = new Uri("http://127.0.0.1:9/devstoreaccount1") });
        Stopwatch watch = Stopwatch.StartNew();
        VaultException fault = await Assert.ThrowsAsync<VaultException>(() => account.CheckAsync(Token));
        Assert.Equal(VaultFault.Unavailable, fault.Fault);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"It took {watch.Elapsed}.");
    }

    [Fact]
    public void Options_without_a_usable_credential_are_refused()
    {
        foreach (string? key in new[] { null, "", "not base64 !" })
        {
            VaultException fault = Assert.Throws<VaultException>(() => VaultAccount.Connect(fixture.Options with { AccountKey = key }));
            Assert.Equal(VaultFault.Unsupported, fault.Fault);
        }
    }

    [Fact]
    public void Ids_depend_on_prefix_namespace_and_name_only()
    {
        Assert.Equal(ProtectionIds.Derive("p", "n", "x"), ProtectionIds.Derive("p", "n", "x"));
        Assert.NotEqual(ProtectionIds.Derive("p", "n", "x"), ProtectionIds.Derive("q", "n", "x"));
        Assert.NotEqual(ProtectionIds.Derive("p", "n", "x"), ProtectionIds.DerivePlan("p", "n", "x"));
    }
}
