using System.Globalization;
using Azure;

namespace RecoveryOperator.Vault;

/// <summary>The one place that classifies storage errors. Messages hold names and codes, never a query string, a key or a signature.</summary>
internal static class VaultErrors
{
    /// <summary>Whether an exception came from the storage or the way to it, and not from the caller's own cancellation.</summary>
    public static bool IsStorageFault(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        RequestFailedException => true,
        AggregateException many => many.InnerExceptions.All(inner => IsStorageFault(inner, cancellationToken)),
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        IOException or HttpRequestException => true,
        _ => false,
    };

    /// <summary>The same error as a <see cref="VaultException"/>.</summary>
    /// <param name="exception">One that <see cref="IsStorageFault"/> accepts.</param>
    /// <param name="target">Account, container or blob that it is about, without a query string.</param>
    public static VaultException Map(Exception exception, string target)
    {
        Exception last = exception is AggregateException many ? many.Flatten().InnerExceptions[^1] : exception;
        return last is RequestFailedException { Status: not 0 } answer ? MapAnswer(answer, target) : Unreachable(last, target);
    }

    /// <summary>Whether the blob is not there (and the container is).</summary>
    public static bool IsBlobNotFound(RequestFailedException fault) => fault.Status == 404 && fault.ErrorCode is "BlobNotFound" or "ResourceNotFound";

    /// <summary>Whether the blob is there and cannot be read before it is brought back from the archive tier.</summary>
    public static bool IsArchived(RequestFailedException fault) => fault.Status == 409 && fault.ErrorCode is "BlobArchived" or "BlobBeingRehydrated";

    /// <summary>Whether a create-only write may have met a blob: 409, 412, or 403 where the grant allows no overwriting.</summary>
    public static bool IsStandInTheWay(RequestFailedException fault) => fault.Status is 403 or 409 or 412;

    /// <summary>Target's name without its query string.</summary>
    public static string NameOf(Uri uri) => uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private static VaultException MapAnswer(RequestFailedException answer, string target)
    {
        (VaultFault fault, string remedy) = Classify(answer);
        string code = string.IsNullOrEmpty(answer.ErrorCode) ? "no error code" : answer.ErrorCode;
        string request = answer.GetRawResponse()?.ClientRequestId is { } id ? $", client request {id}" : "";
        string status = answer.Status.ToString(CultureInfo.InvariantCulture);
        return new VaultException(fault, target, $"The storage refused a request to {target}: HTTP {status}, {code}{request}.", remedy)
        {
            GrantExpired = fault == VaultFault.AccessDenied && SaysExpired(answer.Message),
        };
    }

    /// <summary>The detail of an authentication error is the only place that tells an expired grant from a revoked one.</summary>
    private static bool SaysExpired(string message) =>
        message.Contains("specified time frame", StringComparison.OrdinalIgnoreCase) || message.Contains("Signed expiry time", StringComparison.OrdinalIgnoreCase);

    private static (VaultFault Fault, string Remedy) Classify(RequestFailedException answer) => (answer.Status, answer.ErrorCode) switch
    {
        (409, "ContainerBeingDeleted") => (VaultFault.Unavailable, "The container is still being deleted: it is tried again by itself; this takes about a minute."),
        (409, "BlobArchived" or "BlobBeingRehydrated") => (VaultFault.Unsupported,
            "It is in the archive tier, where nothing can be read, or on its way back. Set its access tier to Hot (that takes some hours), and leave this vault's containers out of lifecycle rules that move blobs to the archive tier. It goes on by itself then."),
        (401 or 403, _) => (VaultFault.AccessDenied,
            "Check the account name and key (or identity) of the RecoveryVault, the firewall of the storage account, and whether the grant was revoked or has expired."),
        (404, _) => (VaultFault.NotFound, "Check the endpoint and prefix of the RecoveryVault, and whether somebody deleted the container or blob."),
        (412, "SequenceNumberConditionNotMet") => (VaultFault.Conflict, "A request that was sent again arrived late: it is tried again by itself. If it lasts, look for somebody else who writes to this blob."),
        (409 or 412, _) => (VaultFault.Conflict, "Somebody else wrote or holds a lease: read again and repeat, or wait until the lease ends (60 s at most)."),
        (400, "Md5Mismatch") => (VaultFault.Unavailable, "What arrived was damaged on its way: it is sent again by itself."),
        (408 or 429 or >= 500, _) => (VaultFault.Unavailable, "It is tried again by itself; if it lasts, look at the storage account's availability and throttling."),
        _ => (VaultFault.Unsupported, "Check that the account is a Standard general-purpose v2 account (or Azurite started with --skipApiVersionCheck)."),
    };

    private static VaultException Unreachable(Exception cause, string target) => new(
        VaultFault.Unavailable,
        target,
        $"The storage at {target} cannot be reached or did not answer in time.",
        "Check the endpoint's address, name resolution, the network and its firewalls; it is tried again by itself.",
        cause);
}
