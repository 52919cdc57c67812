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
    private bool _isPreviousKnown;

    /// <summary>The sequence to look at next; null when nothing is known about this position yet.</summary>
    public long? NextSequence(AppliedDocument applied) => _position == ReplicaPosition.Of(applied) ? _sequence : null;

    /// <summary>The next set that may be applied, or seal, with its place. Null at the first free sequence.</summary>
    public async Task<(StoredSet Set, SetPlace Place)?> FindNextAsync(AppliedDocument applied, CancellationToken cancellationToken)
    {
        ReplicaPosition position = ReplicaPosition.Of(applied);
        if (_position != position)
            (_position, _sequence, _previousSha256, _isPreviousKnown) = (position, position.Sequence + 1, position.SetSha256, true);

        while (true)
        {
            if (await SetReader.ReadStandingAsync(vault.Log, position.Epoch, _sequence, passNewer: false, cancellationToken) is not { } standing)
                return null;
            if (standing.Set is { } set && (set.Manifest.Kind == SetKind.Seal || (set.Manifest.Completes == Completes.Resync && _sequence > applied.Damage?.Sequence)))
                return (set, new SetPlace(position, _sequence, _previousSha256, _isPreviousKnown));

            _sequence++;
            _previousSha256 = standing.Sha256;
            _isPreviousKnown = standing.Sha256 is not null;
        }
    }
}
