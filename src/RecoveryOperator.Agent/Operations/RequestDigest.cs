using System.Security.Cryptography;
using Google.Protobuf;

namespace RecoveryOperator.Agent.Operations;

/// <summary>Tells whether two requests are the same.</summary>
public static class RequestDigest
{
    /// <summary>SHA-256 (hex) over a request. Secrets that are renewed between calls must be taken out before.</summary>
    public static string Compute(IMessage request) => Convert.ToHexStringLower(SHA256.HashData(request.ToByteArray()));
}
