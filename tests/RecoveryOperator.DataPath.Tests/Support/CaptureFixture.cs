using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>Captures into a temporary folder and applies from it.</summary>
public sealed class CaptureFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static SegmentIdentity Identity { get; } = new(
        ProtectionId.Parse("00112233445566778899aabbccddeeff"), 3, 7, Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), 1, 0);

    public ArrayPool<byte> Pool { get; init; } = ArrayPool<byte>.Shared;

    public string[] Files() => _folder.Files();

    public Task<CapturedDisk> CaptureAsync(IBlockReader reader, IEnumerable<Extent> extents, CaptureRequest? request = null, ISegmentSpool? spool = null) =>
        CaptureAsync(reader, extents.ToAsyncEnumerable(), request, spool, TestContext.Current.CancellationToken);

    public Task<CapturedDisk> CaptureAsync(
        IBlockReader reader, IAsyncEnumerable<Extent> extents, CaptureRequest? request, ISegmentSpool? spool, CancellationToken cancellationToken) =>
        new DiskCapture(NullLogger<DiskCapture>.Instance, Pool)
            .RunAsync(reader, extents, request ?? new CaptureRequest(Identity), spool ?? Spool(), null, cancellationToken);

    public FileSegmentSpool Spool(Func<SpooledSegment, long, CancellationToken, ValueTask>? completed = null) =>
        new(Path.Combine(_folder.Path, "attempt"), completed);

    public async Task ApplyAsync(CapturedDisk captured, IReplicaDisk replica)
    {
        foreach (SpooledSegment segment in captured.Segments)
        {
            Memory<byte> bytes = await ReadAsync(segment);
            SegmentIdentity expected = Identity with { Segment = segment.Segment };
            await new SegmentApplier(Pool).ApplyAsync(bytes, expected, replica, TestContext.Current.CancellationToken);
        }
    }

    public static async Task<Memory<byte>> ReadAsync(SpooledSegment segment)
    {
        await using SpooledSegmentStream stream = SpooledSegmentStream.Open(segment);
        byte[] content = new byte[segment.LengthBytes];
        await stream.ReadExactlyAsync(content, TestContext.Current.CancellationToken);
        return content;
    }

    public void Dispose() => _folder.Dispose();
}
