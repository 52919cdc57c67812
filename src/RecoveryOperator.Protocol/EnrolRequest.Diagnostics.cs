using Google.Protobuf;

namespace RecoveryOperator.Protocol;

/// <summary>A token's secret goes into no text: not into logs, not into errors.</summary>
public sealed partial class EnrolRequest : ICustomDiagnosticMessage
{
    /// <inheritdoc/>
    public string ToDiagnosticString() => $"{{ \"host\": \"{Namespace}/{Name}\", \"secret\": \"[secret]\" }}";
}
