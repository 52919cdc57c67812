using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Testing.Storage.Memory;

namespace RecoveryOperator.Proof.Tests.Storage;

public sealed class MemoryBlobServiceTests : BlobConformance, IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));
    private readonly MemoryBlobService _service;

    public MemoryBlobServiceTests() => _service = new MemoryBlobService(_time);

    public void Dispose() => _service.Dispose();

    protected override Task<BlobServiceClient> ConnectAsync() => Task.FromResult(new BlobServiceClient(
        MemoryBlobService.Endpoint,
        new StorageSharedKeyCredential("devstoreaccount1", Convert.ToBase64String(new byte[32])),
        new BlobClientOptions { Transport = new HttpClientTransport(new HttpClient(_service, disposeHandler: false)) }));

    protected override Task PassLeaseTimeAsync()
    {
        _time.Advance(TimeSpan.FromSeconds(16));
        return Task.CompletedTask;
    }
}

public sealed class AzuriteConformanceTests(AzuriteConformanceTests.Server server) : BlobConformance, IClassFixture<AzuriteConformanceTests.Server>
{
    protected override Task<BlobServiceClient> ConnectAsync() =>
        Task.FromResult(new BlobServiceClient(server.Azurite.Endpoint, new StorageSharedKeyCredential(server.Azurite.AccountName, server.Azurite.AccountKey)));

    protected override bool RefusesWhatLiesBehindTheEnd => false;

    protected override Task PassLeaseTimeAsync() => Task.Delay(TimeSpan.FromSeconds(16), Token);

    public sealed class Server : IAsyncLifetime
    {
        private Azurite? _azurite;

        public Azurite Azurite => _azurite ?? throw new InvalidOperationException("Azurite is not started yet.");

        public async ValueTask InitializeAsync() => _azurite = await Azurite.StartAsync(CancellationToken.None);

        public async ValueTask DisposeAsync()
        {
            if (_azurite is not null)
                await _azurite.DisposeAsync();
        }
    }
}
