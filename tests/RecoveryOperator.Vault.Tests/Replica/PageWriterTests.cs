using System.Net;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>A page that was not written below a point that says that it was would be the worst of all errors.</summary>
public sealed class PageWriterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P5_A_write_that_failed_is_heard_of_in_whatever_order_writes_end()
    {
        int failing = 0;
        for (int seed = 1; seed <= 300; seed++)
        {
            ShuffledStorage storage = new(new Random(seed), inFlight: 4, failsAt: seed % 30);
            VaultException? heard = await WriteAsync(storage, new Random(-seed), writes: 12);

            Assert.True(storage.Failed > 0 == (heard?.Fault == VaultFault.Conflict), $"seed {seed}: {storage.Failed} writes failed, heard of: {heard?.Message ?? "nothing"}");
            failing += storage.Failed > 0 ? 1 : 0;
        }

        Assert.InRange(failing, 50, 290);
    }

    /// <summary>With many in flight, some end while the writer looks which of them did.</summary>
    [Fact]
    public async Task P5_A_write_that_failed_while_the_writer_looked_for_failures_is_heard_of()
    {
        for (int seed = 1; seed <= 30; seed++)
        {
            ShuffledStorage storage = new(new Random(seed), inFlight: 1000, failsAt: 100 * seed);
            VaultException? heard = await WriteAsync(storage, new Random(-seed), writes: 3000);

            Assert.True(storage.Failed > 0 == (heard?.Fault == VaultFault.Conflict), $"seed {seed}: {storage.Failed} writes failed, heard of: {heard?.Message ?? "nothing"}");
        }
    }

    /// <summary>Writes and clears, in turns, until all is stored or a failure is heard of.</summary>
    private static async Task<VaultException?> WriteAsync(ShuffledStorage storage, Random random, int writes)
    {
        using HttpClient client = new(storage);
        BlobClientOptions options = new() { Transport = new HttpClientTransport(client), Retry = { MaxRetries = 0 } };
        await using PageWriter writer = new(new PageBlobClient(new Uri("http://storage.invalid/account/container/disk"), options), "lease", storage.InFlight);
        try
        {
            for (int turn = 0; turn < 3; turn++)
            {
                storage.IsDraining = false;
                for (int write = random.Next(writes); write > 0; write--)
                {
                    if (random.Next(4) == 0)
                        await writer.ClearAsync(new(write * 512, 512), Token);
                    else
                        await writer.WriteAsync(write * 512, new byte[512], Token);
                }

                storage.IsDraining = true;
                await writer.DrainAsync();
            }

            return null;
        }
        catch (VaultException fault)
        {
            storage.IsDraining = true;
            return fault;
        }
    }

    /// <summary>Answers page writes in an order of its own, one with a refusal, and holds back as many as may be in flight.</summary>
    private sealed class ShuffledStorage(Random random, int inFlight, int failsAt) : HttpMessageHandler
    {
        private readonly Lock _lock = new();
        private readonly List<TaskCompletionSource<HttpResponseMessage>> _held = [];
        private bool _draining;
        private int _answers;

        public int InFlight => inFlight;

        public int Failed { get; private set; }

        /// <summary>Nobody writes more before all is answered.</summary>
        public bool IsDraining
        {
            set
            {
                lock (_lock)
                {
                    _draining = value;
                    Answer();
                }
            }
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.RequestUri!.Query.Contains("comp=page", StringComparison.Ordinal))
                return Task.FromResult(Stored(HttpStatusCode.OK));
            lock (_lock)
            {
                TaskCompletionSource<HttpResponseMessage> held = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _held.Add(held);
                Answer();
                return held.Task;
            }
        }

        private void Answer()
        {
            while (_held.Count > (_draining ? 0 : random.Next(inFlight)))
            {
                int index = random.Next(_held.Count);
                bool fails = ++_answers == failsAt;
                Failed += fails ? 1 : 0;
                _held[index].SetResult(Stored(fails ? HttpStatusCode.PreconditionFailed : HttpStatusCode.Created));
                _held.RemoveAt(index);
            }
        }

        private static HttpResponseMessage Stored(HttpStatusCode status)
        {
            HttpResponseMessage answer = new(status) { Content = new ByteArrayContent([]) };
            answer.Headers.TryAddWithoutValidation("ETag", "\"0x1\"");
            answer.Headers.TryAddWithoutValidation("x-ms-blob-sequence-number", "1");
            answer.Content.Headers.TryAddWithoutValidation("Last-Modified", "Mon, 04 May 2026 12:00:00 GMT");
            return answer;
        }
    }
}
