namespace RecoveryOperator.Operator.Trust;

/// <summary>A certificate that was issued to a host. Public data.</summary>
/// <param name="Serial">Its serial, hex.</param>
/// <param name="KeySha256">SHA-256 of its public key, lower-case hex.</param>
/// <param name="NotAfter">Until when it is good.</param>
/// <param name="Pem">The certificate with its intermediates.</param>
public sealed record IssuedRecord(string Serial, string KeySha256, DateTimeOffset NotAfter, string Pem);

/// <summary>What the operator knows of a host's enrolment; holds no secret.</summary>
public sealed record HostRecord
{
    /// <summary>SHA-256 of the token's secret, lower-case hex; empty: there is no token.</summary>
    public string TokenSha256 { get; init; } = "";

    /// <summary>From then on the token is void.</summary>
    public DateTimeOffset TokenExpires { get; init; }

    /// <summary>SHA-256 of the public key that spent the token; null: unspent.</summary>
    public string? SpentKeySha256 { get; init; }

    /// <summary>Certificates, oldest first.</summary>
    public IReadOnlyList<IssuedRecord> Certificates { get; init; } = [];

    /// <summary>The value of the annotation that asks for another enrolment, as last obeyed.</summary>
    public string? EnrolAgain { get; init; }

    /// <summary>The host is being deleted: nothing is issued any more.</summary>
    public bool Closed { get; init; }

    /// <summary>Certificates that have not expired.</summary>
    public IReadOnlyList<IssuedRecord> Living(DateTimeOffset now) => [.. Certificates.Where(certificate => certificate.NotAfter > now)];

    /// <summary>The newest certificate that has not expired; null: the host is not enrolled.</summary>
    public IssuedRecord? Newest(DateTimeOffset now) => Living(now).MaxBy(certificate => certificate.NotAfter);
}
