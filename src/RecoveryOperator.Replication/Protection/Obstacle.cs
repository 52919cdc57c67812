namespace RecoveryOperator.Replication.Protection;

/// <summary>What stands in the way.</summary>
/// <param name="Reason">Stable CamelCase code, used as a condition's reason.</param>
/// <param name="Message">Object, cause and remedy, for people.</param>
/// <param name="NeedsSomebody">Nothing moves before a person acts; false: it is tried again by itself.</param>
public sealed record Obstacle(string Reason, string Message, bool NeedsSomebody = true);
