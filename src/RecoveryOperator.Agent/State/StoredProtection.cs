using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.State;

/// <summary>A protection as it is stored.</summary>
/// <param name="Desired">What the operator wants. Holds the grant: a secret.</param>
/// <param name="GrantedAt">When this grant was first put.</param>
/// <param name="Progress">Where it is.</param>
public sealed record StoredProtection(DesiredProtection Desired, DateTimeOffset GrantedAt, ProtectionProgress Progress);

/// <summary>A segment of an initial copy that is in the vault.</summary>
/// <param name="Disk">Index of the disk.</param>
/// <param name="Segment">Index of the segment.</param>
/// <param name="Attempt">Attempt that made it.</param>
/// <param name="Blob">Its blob.</param>
/// <param name="LengthBytes">Length in bytes.</param>
/// <param name="Sha256">SHA-256, hex.</param>
/// <param name="CoveredThroughBytes">The disk is copied up to here with it and those before it.</param>
public sealed record BaseSegment(int Disk, int Segment, Guid Attempt, string Blob, long LengthBytes, string Sha256, long CoveredThroughBytes);

/// <summary>A finished cut that is not committed yet.</summary>
/// <param name="Intent">What it was begun as.</param>
/// <param name="Manifest">The manifest's exact bytes.</param>
/// <param name="ChangedBytes">Bytes that it carries, before compression.</param>
/// <param name="Segments">Its segments.</param>
public sealed record PendingCut(CutIntent Intent, byte[] Manifest, long ChangedBytes, IReadOnlyList<CutSegment> Segments)
{
    /// <summary>Stored bytes that are not shipped yet.</summary>
    public long PendingBytes => Segments.Where(segment => !segment.Shipped).Sum(segment => segment.LengthBytes);

    /// <summary>Stored bytes.</summary>
    public long LengthBytes => Segments.Sum(segment => segment.LengthBytes);
}

/// <summary>A segment of a finished cut, in the spool.</summary>
/// <param name="Disk">Index of the disk.</param>
/// <param name="Segment">Index of the segment.</param>
/// <param name="Path">Its file.</param>
/// <param name="Blob">Its blob.</param>
/// <param name="LengthBytes">Length in bytes.</param>
/// <param name="Sha256">SHA-256, hex.</param>
/// <param name="Shipped">It is in the vault.</param>
public sealed record CutSegment(int Disk, int Segment, string Path, string Blob, long LengthBytes, string Sha256, bool Shipped);
