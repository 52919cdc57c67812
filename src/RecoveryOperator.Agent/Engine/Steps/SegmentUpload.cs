using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Takes one segment from the spool to the vault.</summary>
internal static class SegmentUpload
{
    /// <summary>Verifies the segment as it leaves the spool (P5), and creates its blob.</summary>
    public static async Task RunAsync(ProtectionContext context, SpooledSegment file, string blob, CancellationToken cancellationToken)
    {
        using IDisposable turn = await context.Limits.EnterAsync(file.LengthBytes, cancellationToken);
        byte[] buffer = SegmentBuffers.Rent(file.LengthBytes);
        try
        {
            Memory<byte> content = await SpooledSegmentReader.ReadVerifiedAsync(file, buffer, cancellationToken);
            if (context.Desired.PayloadKey is not null && !SegmentHeader.IsEncrypted(content.Span))
                throw new SpoolDamageException(file, "it is in the clear, and the protection is encrypted since");
            await context.Log.CreateSegmentAsync(blob, content, cancellationToken);
        }
        finally
        {
            SegmentBuffers.Return(buffer);
        }

        context.Count(progress => progress with { ShippedBytesTotal = progress.ShippedBytesTotal + file.LengthBytes });
        context.Metrics.Shipped(file.LengthBytes);
    }
}
