namespace RecoveryOperator.DataPath.Spool;

/// <summary>A finished segment in the spool.</summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="FileName">Name of the file, <c>disk-&lt;n&gt;.&lt;segment, six digits&gt;.hrl</c>: also the last part of its blob's name.</param>
/// <param name="LengthBytes">Length of the file in bytes.</param>
/// <param name="Sha256">SHA-256 of the file, 64 lower-case hexadecimal digits, computed while it was written.</param>
public sealed record SpooledSegment(string Path, string FileName, long LengthBytes, string Sha256)
{
    /// <summary>Index of the disk, from the file's name.</summary>
    public int Disk => SegmentFileName.Parse(FileName).Disk;

    /// <summary>Index of the segment, from the file's name.</summary>
    public int Segment => SegmentFileName.Parse(FileName).Segment;
}
