using Google.Protobuf;

namespace RecoveryOperator.Protocol;

/// <summary>Keeps the key out of every text that is made of a message, also of one that holds it.</summary>
public sealed partial class PayloadKey : ICustomDiagnosticMessage
{
    /// <inheritdoc/>
    public string ToDiagnosticString() => $"{{ \"id\": \"{Id}\" }}";
}
