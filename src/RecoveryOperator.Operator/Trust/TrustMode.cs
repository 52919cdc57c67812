using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Which hosts enrol, and which are given certificates.</summary>
internal static class TrustMode
{
    /// <summary>Whether a host enrols: it asks for it, or nothing else is given.</summary>
    public static bool Enrols(RecoveryHost host, OperatorOptions options) =>
        options.Trust.IsOn && host.Spec.Tls is null && (host.Spec.Enrolment is not null || !options.Tls.IsGiven);
}
