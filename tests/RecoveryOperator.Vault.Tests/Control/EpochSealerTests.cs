using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Tests.Control;

/// <summary>Nothing that a host puts there, and nothing that happens between two requests, holds up a seal.</summary>
public sealed class EpochSealerTests(AzuriteFixture fixture)
{
    private readonly ProtectionId _id = AzuriteFixture.NewId();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProtectionVault Vault => fixture.Account.Open(_id);

    /// <summary>The sequence was free when it was looked at; then somebody was faster.</summary>
    [Theory]
    [InlineData("{\"formatVersion\":1000}")]
    [InlineData("no set at all")]
    [InlineData("")]
    public async Task Whatever_takes_the_place_right_before_the_seal_is_created_gets_the_seal_behind_it(string content)
    {
        StoredSet first = await PrepareAsync();
        Overtaking overtaking = new(() => Vault.Log.GetBlobClient(VaultNames.Set(1, 2)).UploadAsync(new BinaryData(content), Token));
        ProtectionVault vault = fixture.AccountWith(new StorageClientOptions { PerTry = [overtaking] }).Open(_id);

        SealResult seal = await vault.SealAsync(1, "op", TestDocuments.Now, Token);

        Assert.True(overtaking.WasRun, "Nothing came before the seal.");
        Assert.Equal((3, "op", null), (seal.Sequence, seal.SealedBy, seal.LastSet));
        StoredSet stands = (await Vault.ReadSetAsync(1, 3, Token))!;
        Assert.Equal((SetKind.Seal, SetReader.Hash(new BinaryData(content))), (stands.Manifest.Kind, stands.Manifest.PreviousSha256));
        Assert.Equal(first.Sha256, (await Vault.ReadSetAsync(1, 1, Token))!.Sha256);
    }

    [Fact]
    public async Task A_set_of_the_host_that_comes_right_before_the_seal_is_before_it()
    {
        StoredSet first = await PrepareAsync();
        StoredSet? second = null;
        Overtaking overtaking = new(async () => second = (await SetWriter.CreateAsync(Vault.Log, TestDocuments.Set(_id, 2, first.Sha256), Token)).Standing);
        ProtectionVault vault = fixture.AccountWith(new StorageClientOptions { PerTry = [overtaking] }).Open(_id);

        SealResult seal = await vault.SealAsync(1, "op", TestDocuments.Now, Token);

        Assert.Equal((3, second!.Sha256), (seal.Sequence, seal.LastSet?.Sha256));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_set_in_the_archive_tier_is_told_as_that_and_does_not_hold_up_the_seal(bool overtakes)
    {
        await PrepareAsync();
        Task ArchiveAsync() => ArchivedAsync(VaultNames.Set(1, 2));
        Overtaking overtaking = new(ArchiveAsync);
        if (!overtakes)
            await ArchiveAsync();
        ProtectionVault vault = fixture.AccountWith(new StorageClientOptions { PerTry = overtakes ? [overtaking] : [] }).Open(_id);

        SealResult seal = await vault.SealAsync(1, "op", TestDocuments.Now, Token);
        SealResult again = await vault.SealAsync(1, "op-2", TestDocuments.Now, Token);

        Assert.Equal((3, "op", 3, "op"), (seal.Sequence, seal.SealedBy, again.Sequence, again.SealedBy));
        Assert.Null((await Vault.ReadSetAsync(1, 3, Token))!.Manifest.PreviousSha256);
        VaultException refused = await Assert.ThrowsAsync<VaultException>(() => Vault.ReadSetAsync(1, 2, Token));
        Assert.Equal(VaultFault.Unsupported, refused.Fault);
        Assert.EndsWith(VaultNames.Set(1, 2), refused.Target, StringComparison.Ordinal);
        Assert.Contains("archive tier", refused.Remedy, StringComparison.Ordinal);
    }

    private async Task<StoredSet> PrepareAsync()
    {
        await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        return (await SetWriter.CreateAsync(Vault.Log, TestDocuments.Set(_id, 1, null), Token)).Standing;
    }

    private async Task ArchivedAsync(string blob)
    {
        await Vault.Log.GetBlobClient(blob).UploadAsync(new BinaryData(VaultJson.Write(TestDocuments.Set(_id, 2, null))), Token);
        await Vault.Log.GetBlobClient(blob).SetAccessTierAsync(AccessTier.Archive, cancellationToken: Token);
    }

    /// <summary>Does something right before the first Put Blob.</summary>
    private sealed class Overtaking(Func<Task> action) : HttpPipelinePolicy
    {
        private int _puts;

        public bool WasRun => _puts > 0;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous requests are made.");

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (message.Request.Method == RequestMethod.Put && Interlocked.Increment(ref _puts) == 1)
                await action();
            await ProcessNextAsync(message, pipeline);
        }
    }
}
