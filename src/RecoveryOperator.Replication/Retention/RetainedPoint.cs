namespace RecoveryOperator.Replication.Retention;

/// <summary>What retention needs to know of a recovery point.</summary>
/// <param name="Epoch">Epoch of its set.</param>
/// <param name="Sequence">Sequence of its set.</param>
/// <param name="StoredAt">When its set was committed, by the storage's clock.</param>
/// <param name="ClockSkew">Its instant and its storage time disagree.</param>
/// <param name="Verified">All of it was read and compared once.</param>
/// <param name="Pinned">In use, or kept by somebody's wish.</param>
public sealed record RetainedPoint(long Epoch, long Sequence, DateTimeOffset StoredAt, bool ClockSkew, bool Verified, bool Pinned);
