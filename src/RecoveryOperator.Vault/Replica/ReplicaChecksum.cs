using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.Vault.Replica;

/// <summary>A block's checksum as tables hold it: sixteen zeros for a block of zeros.</summary>
internal static class ReplicaChecksum
{
    public static void Compute(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        if (BlockChecksum.IsZero(block))
            destination[..BlockChecksum.LengthBytes].Clear();
        else
            BlockChecksum.Compute(block, destination);
    }
}
