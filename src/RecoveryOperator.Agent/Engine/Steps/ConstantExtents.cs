using System.Runtime.CompilerServices;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Puts the tail of a disk, whole, behind the changed extents in front of it.</summary>
internal static class ConstantExtents
{
    /// <summary>The extents that begin before <paramref name="fromBytes"/>, then everything from there to the disk's end.</summary>
    public static async IAsyncEnumerable<Extent> WithTailAsync(
        IAsyncEnumerable<Extent> extents, long fromBytes, long sizeBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Extent extent in extents.WithCancellation(cancellationToken))
        {
            if (extent.OffsetBytes >= fromBytes)
                break;
            yield return extent;
        }

        yield return new Extent(fromBytes, sizeBytes - fromBytes);
    }
}
