using k8s;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>
/// Campaigns for a Lease with KubernetesClient's elector. Losing it ends the process: the elector's own state cannot be trusted after a
/// loss (it still says leader, and a late renewal may yet write), and work in hand may belong to the next leader already.
/// </summary>
/// <param name="client">Reads and writes the lease.</param>
/// <param name="options">How leadership is won and kept.</param>
/// <param name="terminator">Ends the process.</param>
/// <param name="release">Gives the lease back.</param>
/// <param name="timeProvider">Measures the grace after a loss. The elector itself uses the machine's clock.</param>
/// <param name="logger">Gets one line per change.</param>
public sealed partial class LeaderElection(
    IKubernetes client,
    LeadershipOptions options,
    IProcessTerminator terminator,
    LeaseRelease release,
    TimeProvider timeProvider,
    ILogger<LeaderElection> logger) : BackgroundService, ILeadership
{
    private readonly CancellationTokenSource _lost = new();
    private readonly TaskCompletionSource _leading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isLeader;

    /// <inheritdoc/>
    public bool IsLeader => _isLeader;

    /// <inheritdoc/>
    public CancellationToken Lost => _lost.Token;

    /// <inheritdoc/>
    public Task WaitAsync(CancellationToken cancellationToken) => _leading.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _lost.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
        {
            Win();
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            await CampaignAsync(stoppingToken);
            if (stoppingToken.IsCancellationRequested)
                break;
            if (_isLeader)
            {
                await LoseAsync();
                return;
            }
        }

        await GiveBackAsync();
    }

    /// <summary>One campaign: ends when leadership is lost, when the first attempts fail, or on shutdown.</summary>
    private async Task CampaignAsync(CancellationToken stoppingToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var elector = Elector();
        elector.OnStartedLeading += Win;
        elector.OnNewLeader += LogNewLeader;
        elector.OnError += e => LogElectionError(options.Namespace, options.Name, e.Message);
        try
        {
            await elector.RunUntilLeadershipLostAsync(ending.Token);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            // The elector lets an unreachable server out while it campaigns: not leading yet, so try again.
            LogElectionError(options.Namespace, options.Name, e.Message);
        }

        // A renewal that is still under way must not write after this.
        await ending.CancelAsync();
        if (!_isLeader)
            await PauseAsync(stoppingToken);
    }

    private LeaderElector Elector() =>
        new(new LeaderElectionConfig(Lock())
        {
            LeaseDuration = options.LeaseDuration,
            RenewDeadline = options.RenewDeadline,
            RetryPeriod = options.RetryPeriod,
        });

    private ReachabilityTolerantLock Lock()
    {
        var lease = new LeaseLock(client, options.Namespace, options.Name, options.Identity);
        lease.OnHttpError += e => LogElectionError(options.Namespace, options.Name, e.Message);
        return new(lease, e => LogElectionError(options.Namespace, options.Name, e.Message));
    }

    private void Win()
    {
        _isLeader = true;
        LogLeading(options.Identity);
        _leading.TrySetResult();
    }

    private async Task LoseAsync()
    {
        _isLeader = false;
        LogLost(options.Namespace, options.Name, options.TerminationGrace.TotalSeconds);
        await _lost.CancelAsync();
        await Task.Delay(options.TerminationGrace, timeProvider, CancellationToken.None);
        terminator.Terminate($"Leadership by lease {options.Namespace}/{options.Name} was lost.");
    }

    private async Task GiveBackAsync()
    {
        if (!_isLeader)
            return;
        _isLeader = false;
        await release.ReleaseAsync(options, CancellationToken.None);
    }

    private async Task PauseAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(options.RetryPeriod * (1 + Random.Shared.NextDouble()), timeProvider, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped(options.Identity);
        }
    }
}
