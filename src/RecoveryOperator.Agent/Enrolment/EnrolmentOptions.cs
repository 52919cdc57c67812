namespace RecoveryOperator.Agent.Enrolment;

/// <summary>Section <c>Enrolment</c>: how this host gets its certificate from the operator.</summary>
/// <param name="TokenFile"><c>Enrolment:TokenFile</c>: a file with a one-time token; null: this host does not enrol by itself.</param>
/// <param name="Directory"><c>Enrolment:Directory</c>: where key and certificate are kept; <c>identity</c> in the state directory unless set.</param>
/// <param name="RenewAtFraction"><c>Enrolment:RenewAtFraction</c>: after which part of its life the certificate is renewed; 0.01 to 0.9, two thirds unless set.</param>
public sealed record EnrolmentOptions(string? TokenFile, string Directory, double RenewAtFraction)
{
    /// <summary>Reads them.</summary>
    public static EnrolmentOptions Read(IConfiguration configuration) => new(
        configuration["Enrolment:TokenFile"],
        configuration["Enrolment:Directory"] ?? Path.Combine(configuration["State:Directory"] ?? "/var/lib/recovery-operator/agent", "identity"),
        configuration.GetValue("Enrolment:RenewAtFraction", 2.0 / 3));

    /// <summary>All that is wrong.</summary>
    public IEnumerable<string> Failures()
    {
        if (RenewAtFraction is not (>= 0.01 and <= 0.9))
            yield return "Enrolment:RenewAtFraction must be 0.01 to 0.9.";
    }
}
