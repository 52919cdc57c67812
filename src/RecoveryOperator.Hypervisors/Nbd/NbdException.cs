namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>The server broke the connection or the protocol, or refused a request.</summary>
public sealed class NbdException(string message, Exception? innerException = null) : IOException(message, innerException);
