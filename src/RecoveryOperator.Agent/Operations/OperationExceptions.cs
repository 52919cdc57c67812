namespace RecoveryOperator.Agent.Operations;

/// <summary>The id is spent: an operation with other fields was begun under it.</summary>
public sealed class OperationIdTakenException(string id)
    : Exception($"The operation id '{id}' was used with another request. An id is spent when first seen: use a new one.");

/// <summary>No operation of that id is known.</summary>
public sealed class OperationNotFoundException(string id)
    : Exception($"No operation '{id}' is known: it was never started here, ended over a day ago, or the agent was restarted while it ran. Start it again with the same id.");

/// <summary>A watcher did not take its messages; it must call again.</summary>
public sealed class WatcherTooSlowException()
    : Exception("The watcher did not keep up with the changes and was ended. Watch again: the first message is the present state.");
