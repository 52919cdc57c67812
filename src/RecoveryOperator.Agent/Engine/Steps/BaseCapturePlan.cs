using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>What of a disk is captured into base segments.</summary>
internal sealed record BaseCapturePlan
{
    /// <summary>Shipped up to here already.</summary>
    public required long StartAtBytes { get; init; }

    /// <summary>Index of its next segment.</summary>
    public required int FirstSegment { get; init; }

    /// <summary>The ranges to look at.</summary>
    public Func<ISnapshotDisk, CancellationToken, IAsyncEnumerable<Extent>> Extents { get; init; } = (disk, token) => disk.ExtentsAsync(token);

    /// <summary>Zeros become records: the replica may hold something else there.</summary>
    public bool RecordZeros { get; init; }

    /// <summary>What the replica holds; null: not known.</summary>
    public IKnownChecksums? Known { get; init; }

    /// <summary>Asked at segments' boundaries and at each 64 MiB; true cuts the capture short.</summary>
    public Func<bool> ShouldStop { get; init; } = () => false;

    /// <summary>Stores that the disk is captured up to a position, with so many bytes recorded; null: segments tell that.</summary>
    public Action<long, long>? Mark { get; init; }

    /// <summary>Shows progress.</summary>
    public required Action<CaptureProgress> Show { get; init; }
}
