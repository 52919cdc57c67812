using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Tests.Host;

public sealed class SlowLineTests
{
    [Theory]
    [InlineData(1024, 20)]
    [InlineData(16 * 1024 * 1024, 20 + 256)]
    public async Task A_try_has_the_time_that_its_content_takes_over_a_slow_line(int lengthBytes, int allowedSeconds)
    {
        Recorder recorder = new();
        BlobLogStore store = new(new Uri("http://storage.invalid/account/log?sig=x"), new StorageClientOptions { PerTry = [recorder] });

        await Assert.ThrowsAsync<VaultException>(() => store.CreateSegmentAsync("segment", new byte[lengthBytes], TestContext.Current.CancellationToken));

        Assert.InRange(recorder.Allowed!.Value.TotalSeconds, allowedSeconds - 2, allowedSeconds);
    }

    /// <summary>Takes down how long the try may take, and refuses it as a storage would.</summary>
    private sealed class Recorder : HttpPipelinePolicy
    {
        public TimeSpan? Allowed { get; private set; }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => Refuse(message);

        public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            Refuse(message);
            return default;
        }

        private void Refuse(HttpMessage message)
        {
            Allowed ??= message.NetworkTimeout;
            throw new Azure.RequestFailedException((int)HttpStatusCode.BadRequest, "No.");
        }
    }
}
