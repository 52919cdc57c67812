using System.Net;
using System.Net.Http.Headers;

namespace RecoveryOperator.Proof.Tests.Storage;

/// <summary>Stands before a storage service and answers reads of chosen blobs with as many bytes as are wanted, made while they are read.</summary>
internal sealed class HugeBlobs(HttpMessageHandler service, Func<string, bool> isHuge, long lengthBytes) : DelegatingHandler(service)
{
    private long _given;

    /// <summary>Bytes that were taken of them.</summary>
    public long Given => Interlocked.Read(ref _given);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Method == HttpMethod.Get && request.RequestUri is { } uri && !uri.Query.Contains("comp=", StringComparison.Ordinal) && isHuge(uri.AbsolutePath)
            ? Task.FromResult(Answer(request))
            : base.SendAsync(request, cancellationToken);

    private HttpResponseMessage Answer(HttpRequestMessage request)
    {
        StreamContent content = new(new Blanks(this, lengthBytes));
        content.Headers.ContentLength = lengthBytes;
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.LastModified = DateTimeOffset.UnixEpoch;
        HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = content, RequestMessage = request };
        answer.Headers.ETag = new EntityTagHeaderValue("\"0x1\"");
        answer.Headers.Add("x-ms-blob-type", "BlockBlob");
        answer.Headers.Add("x-ms-request-id", Guid.Empty.ToString());
        return answer;
    }

    /// <summary>A document of blanks.</summary>
    private sealed class Blanks(HugeBlobs owner, long lengthBytes) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => lengthBytes;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int given = (int)Math.Min(buffer.Length, lengthBytes - _position);
            buffer[..given].Fill((byte)' ');
            _position += given;
            Interlocked.Add(ref owner._given, given);
            return given;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
