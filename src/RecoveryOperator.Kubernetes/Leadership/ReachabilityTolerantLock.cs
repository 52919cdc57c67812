using System.Net;
using k8s.Autorest;
using k8s.LeaderElection;

namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>
/// Lets a leader ride out a short outage. The elector takes an error status for a failed attempt and goes on until its deadline, but
/// takes a refused connection for the end of leadership at once; here both are failed attempts.
/// </summary>
/// <param name="inner">The lease.</param>
/// <param name="report">Gets what went wrong.</param>
internal sealed class ReachabilityTolerantLock(ILock inner, Action<Exception> report) : ILock
{
    public string Identity => inner.Identity;

    public string Describe() => inner.Describe();

    public async Task<LeaderElectionRecord> GetAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.GetAsync(cancellationToken);
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            using var unavailable = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            throw new HttpOperationException($"The API server cannot be reached: {e.Message}", e)
            {
                Response = new HttpResponseMessageWrapper(unavailable, string.Empty),
            };
        }
    }

    public Task<bool> CreateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default) =>
        TryAsync(inner.CreateAsync, record, cancellationToken);

    public Task<bool> UpdateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default) =>
        TryAsync(inner.UpdateAsync, record, cancellationToken);

    private async Task<bool> TryAsync(
        Func<LeaderElectionRecord, CancellationToken, Task<bool>> write, LeaderElectionRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return await write(record, cancellationToken);
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            report(e);
            return false;
        }
    }

    private static bool IsOutage(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}
