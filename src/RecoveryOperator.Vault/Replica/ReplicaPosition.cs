using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica;

/// <summary>What a replica holds: all of an epoch through a set, or the point that an epoch began from (sequence 0).</summary>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Sequence">Last applied set; 0 before the first.</param>
/// <param name="SetSha256">SHA-256 (hex) of its <c>set.json</c>; null at sequence 0.</param>
internal readonly record struct ReplicaPosition(long Epoch, long Sequence, string? SetSha256)
{
    public static ReplicaPosition Of(AppliedDocument applied) =>
        new(Math.Max(applied.Epoch, 1), applied.Sequence, applied.Sequence == 0 ? null : applied.SetSha256);

    public static ReplicaPosition Of(ComparedPosition compared) => new(compared.Epoch, compared.Sequence, compared.SetSha256);

    public static ReplicaPosition Of(ReplicaStateDocument state) => new(state.Epoch, state.Sequence, state.SetSha256);
}

/// <summary>Where a set must stand to be the next one: behind the position, or behind sets that are skipped.</summary>
/// <param name="Position">What the replica holds.</param>
/// <param name="Sequence">The set's sequence.</param>
/// <param name="PreviousSha256">SHA-256 (hex) of what stands at the sequence before it; null for the first of an epoch.</param>
/// <param name="IsPreviousKnown">False: what stands before it is too large to be read, so nothing can be shown to follow it.</param>
internal sealed record SetPlace(ReplicaPosition Position, long Sequence, string? PreviousSha256, bool IsPreviousKnown = true)
{
    /// <summary>The place directly behind a position.</summary>
    public static SetPlace Behind(AppliedDocument applied)
    {
        ReplicaPosition position = ReplicaPosition.Of(applied);
        return new SetPlace(position, position.Sequence + 1, position.SetSha256);
    }
}
