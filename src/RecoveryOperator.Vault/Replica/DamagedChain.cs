using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Walks over the sets behind a damaged one: none of them is applied, but one that completes a resynchronization, or a seal. Remembers how far it came; a new
/// process walks again.
/// </summary>
internal sealed class DamagedChain(ProtectionVault vault)
{
    private ReplicaPosition? _position;
    private long _sequence;
    private string? _previousSha256;

    /// <summary>The sequence to look at next; null when nothing is known about this position yet.</summary>
    public long? NextSequence(AppliedDocument applied) => _position == ReplicaPosition.Of(applied) ? _sequence : null;

    /// <summary>The next set that may be applied, or seal, with its place. Null at the first free sequence.</summary>
    public async Task<(StoredSet Set, SetPlace Place)?> FindNextAsync(AppliedDocument applied, CancellationToken cancellationToken)
    {
        ReplicaPosition position = ReplicaPosition.Of(applied);
        if (_position != position)
            (_position, _sequence, _previousSha256) = (position, position.Sequence + 1, position.SetSha256);

        while (true)
        {
            (StoredSet? set, string? sha256) = await ReadAsync(position.Epoch, _sequence, cancellationToken);
            if (sha256 is null)
                return null;
            if (set?.Manifest.Kind == SetKind.Seal || (set?.Manifest.Completes == Completes.Resync && _sequence > applied.Damage?.Sequence))
                return (set, new SetPlace(position, _sequence, _previousSha256));

            _sequence++;
            _previousSha256 = sha256;
        }
    }

    /// <summary>The set as far as it can be read, and the hash of its bytes in any case; nothing when the sequence is free.</summary>
    private async Task<(StoredSet? Set, string? Sha256)> ReadAsync(long epoch, long sequence, CancellationToken cancellationToken)
    {
        try
        {
            StoredSet? set = await vault.ReadSetAsync(epoch, sequence, cancellationToken);
            return (set, set?.Sha256);
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged)
        {
            return (null, await SetReader.ReadHashAsync(vault.Log, epoch, sequence, cancellationToken));
        }
    }
}
