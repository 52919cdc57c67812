using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A spool that remembers all bytes ever written to it, also those of files that were never finished.</summary>
public sealed class RecordingSpool(ISegmentSpool inner) : ISegmentSpool
{
    private readonly List<MemoryStream> _streams = [];

    public List<byte[]> Written => [.. _streams.Select(stream => stream.ToArray())];

    public async ValueTask<ISpoolFile> CreateAsync(string fileName, CancellationToken cancellationToken)
    {
        MemoryStream copy = new();
        _streams.Add(copy);
        return new RecordingFile(await inner.CreateAsync(fileName, cancellationToken), copy);
    }

    public ValueTask CompleteAsync(SpooledSegment segment, long coveredThroughBytes, CancellationToken cancellationToken) =>
        inner.CompleteAsync(segment, coveredThroughBytes, cancellationToken);

    public ValueTask DiscardAsync(SpooledSegment segment, CancellationToken cancellationToken) => inner.DiscardAsync(segment, cancellationToken);

    private sealed class RecordingFile(ISpoolFile inner, MemoryStream copy) : ISpoolFile
    {
        public string Path => inner.Path;

        public Stream Content { get; } = new TeeStream(inner.Content, copy);

        public ValueTask SealAsync(CancellationToken cancellationToken) => inner.SealAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class TeeStream(Stream first, Stream second) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => first.Length;

        public override long Position
        {
            get => first.Position;
            set => first.Position = value;
        }

        public override void Flush() => first.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream only takes writes.");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("This stream only takes writes.");

        public override void SetLength(long value) => throw new NotSupportedException("This stream only takes writes.");

        public override void Write(byte[] buffer, int offset, int count)
        {
            first.Write(buffer, offset, count);
            second.Write(buffer, offset, count);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await first.WriteAsync(buffer, cancellationToken);
            await second.WriteAsync(buffer, cancellationToken);
        }
    }
}
