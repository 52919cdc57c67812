namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>A command cannot go on. The message says what failed, on which object, and what to do.</summary>
internal sealed class CommandFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
