using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Takes one segment from the spool to the vault.</summary>
internal static class SegmentUpload
{
    /// <summary>Verifies the segment as it leaves the spool (P5) with every reading, and creates its blob from the file: nothing of it is held in memory.</summary>
    public static async Task RunAsync(ProtectionContext context, SpooledSegment file, string blob, CancellationToken cancellationToken)
    {
        using IDisposable turn = await context.Limits.EnterAsync(file.LengthBytes, cancellationToken);
        using (SpooledSegmentStream segment = SpooledSegmentStream.Open(file))
        {
            if (context.Desired.PayloadKey is not null && !segment.IsEncrypted())
                throw new SpoolDamageException(file, "it is in the clear, and the protection is encrypted since");
            await context.Log.CreateSegmentAsync(blob, segment, cancellationToken);
        }

        context.Count(progress => progress with { ShippedBytesTotal = progress.ShippedBytesTotal + file.LengthBytes });
        context.Metrics.Shipped(file.LengthBytes);
    }
}
