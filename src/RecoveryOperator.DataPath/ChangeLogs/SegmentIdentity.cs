namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>Which segment a file is: where it belongs in the vault. A segment found in another place is damage.</summary>
/// <param name="Protection">The protected VM.</param>
/// <param name="Epoch">Epoch of the chain, from 1.</param>
/// <param name="Sequence">Sequence of the set, from 1; 0 for base data.</param>
/// <param name="Attempt">The cut that wrote it; new for each.</param>
/// <param name="Disk">Index of the disk.</param>
/// <param name="Segment">Index of the segment, from 0 without gaps.</param>
public readonly record struct SegmentIdentity(ProtectionId Protection, long Epoch, long Sequence, Guid Attempt, int Disk, int Segment)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"segment {Segment} of disk {Disk} ({(Sequence == 0 ? "base data" : $"set {Sequence}")} of epoch {Epoch}, "
        + $"attempt {Attempt}, protection {Protection})";
}
