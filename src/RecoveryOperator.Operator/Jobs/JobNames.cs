using System.Security.Cryptography;
using System.Text;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>Names of jobs: the same operation always has the same one, and no two operations share one. Pure.</summary>
internal static class JobNames
{
    private const int LongestSubject = 100;

    /// <summary>The name: readable, and told apart by a digest where what is readable is not.</summary>
    public static string Of(JobSubjectKind kind, string subject, RecoveryJobType type, string operationId)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}\n{subject}\n{type}\n{operationId}")).AsSpan(0, 4));
        return $"{Readable(subject.Cut(LongestSubject))}-{Readable(operationId)}-{digest}";
    }

    /// <summary>What an object's name cannot hold becomes a dash.</summary>
    private static string Readable(string text) =>
        string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-')).Trim('-');
}
