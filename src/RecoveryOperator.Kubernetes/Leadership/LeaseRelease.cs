using k8s.Models;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>Gives a lease back at a graceful shutdown, so that the next candidate need not wait for it to expire.</summary>
/// <param name="client">Reads and writes the lease.</param>
/// <param name="logger">Gets one line per release.</param>
public sealed partial class LeaseRelease(ResourceClient client, ILogger<LeaseRelease> logger)
{
    /// <summary>A last renewal may cross the release: then it is read and tried again, so often at most.</summary>
    private const int Attempts = 3;

    /// <summary>Clears the holder if it is still this candidate. A failure is logged only: the lease then expires by itself.</summary>
    public async Task ReleaseAsync(LeadershipOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var key = new NamespacedName(options.Namespace, options.Name);
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            try
            {
                if (await TryReleaseAsync(key, options.Identity, cancellationToken))
                    LogReleased(key);
                return;
            }
            catch (ResourceRequestException e)
            {
                LogFailed(key, attempt, e.Message);
                if (!e.IsConflict)
                    return;
            }
        }
    }

    private async Task<bool> TryReleaseAsync(NamespacedName key, string identity, CancellationToken cancellationToken)
    {
        var lease = await client.GetAsync<V1Lease>(key, cancellationToken);
        if (lease?.Spec?.HolderIdentity != identity)
            return false;
        // Not null: an elector that finds no holder at all tries to create the lease, and fails for ever.
        lease.Spec.HolderIdentity = string.Empty;
        lease.Spec.LeaseDurationSeconds = 1;
        await client.ReplaceAsync(lease, cancellationToken);
        return true;
    }

    [LoggerMessage(LogLevel.Information, "Lease {Lease} is given back")]
    private partial void LogReleased(NamespacedName lease);

    [LoggerMessage(LogLevel.Warning, "Lease {Lease} could not be given back at attempt {Attempt}; left alone it expires by itself: {Error}")]
    private partial void LogFailed(NamespacedName lease, int attempt, string error);
}
