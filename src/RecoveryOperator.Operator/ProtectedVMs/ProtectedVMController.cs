using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Jobs.Protections;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Brings one protection in line: gathers the facts, decides by pure rules, does one step, writes what is known.</summary>
internal sealed class ProtectedVMController(
    FactsGatherer gatherer,
    ProtectionKeys keys,
    ProtectionSteps steps,
    ProtectionRegistry registry,
    SyncRequests syncs,
    GuestIncidents incidents,
    AfterFailover afterFailover,
    HostGrants grants,
    FencedSources fenced,
    ProtectionJobs jobs,
    StatusWriter status,
    IEventRecorder events,
    OperatorOptions options) : IEntityController<ProtectedVM>
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<ReconciliationResult<ProtectedVM>> ReconcileAsync(ProtectedVM entity, CancellationToken cancellationToken)
    {
        var gathered = await gatherer.GatherAsync(entity, cancellationToken);
        if (gathered.Settling && entity.Status is not null)
            return ReconciliationResult<ProtectedVM>.Success(entity, Soon);
        gathered = await keys.KeepAsync(gathered, cancellationToken);
        var decision = ProtectionDecider.Decide(gathered.Facts);
        await jobs.ShowAsync(gathered, decision, cancellationToken);
        var done = false;
        if (decision.Step is not (ProtectionStep.Observe or ProtectionStep.AwaitStart))
        {
            var hindered = await steps.RunAsync(decision.Step, gathered, cancellationToken);
            done = hindered is null;
            gathered = hindered is null
                ? await gatherer.GatherAsync(entity, cancellationToken)
                : gathered with { Facts = gathered.Facts with { LastStep = hindered } };
            decision = ProtectionDecider.Decide(gathered.Facts);
        }

        if (await afterFailover.RunAsync(gathered, cancellationToken) is { } open)
        {
            gathered = gathered with { Facts = gathered.Facts with { LastStep = open } };
            decision = ProtectionDecider.Decide(gathered.Facts);
        }

        if (await grants.RunAsync(gathered, cancellationToken) is { } notRenewed && gathered.Facts.LastStep is null)
        {
            gathered = gathered with { Facts = gathered.Facts with { LastStep = notRenewed } };
            decision = ProtectionDecider.Decide(gathered.Facts);
        }

        await fenced.RunAsync(gathered, cancellationToken);
        Register(gathered, decision);
        await syncs.ForwardAsync(gathered, cancellationToken);
        await WriteAsync(gathered, decision, cancellationToken);
        incidents.Tell(gathered);
        return ReconciliationResult<ProtectedVM>.Success(entity, done ? AtOnce : VisitSchedule.Next(gathered.Facts, decision, options.RetryInterval));
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<ProtectedVM>> DeletedAsync(ProtectedVM entity, CancellationToken cancellationToken)
    {
        registry.Remove(NamespacedName.Of(entity));
        syncs.Forget(NamespacedName.Of(entity));
        incidents.Forget(NamespacedName.Of(entity));
        return Task.FromResult(ReconciliationResult<ProtectedVM>.Success(entity));
    }

    private void Register(GatheredProtection gathered, ProtectionDecision decision)
    {
        if (gathered.Id is not { } id)
            return;
        registry.Put(new(
            gathered.Key,
            id.ToString(),
            gathered.Terms?.CopyFrequency,
            Watched(gathered.Facts.Vault, registry.Find(id.ToString())?.LatestPoint),
            gathered.Replica?.Applied?.PointCount,
            decision.Phase,
            decision.Health.Health,
            gathered.Connection?.Host));
    }

    /// <summary>The point whose age is the RPO: the last known one while the vault is silent, none where nothing replicates any more.</summary>
    private static DateTimeOffset? Watched(VaultFacts vault, DateTimeOffset? before) =>
        vault.Failover != FailoverState.None ? null : vault.LatestPoint ?? before;

    private async Task WriteAsync(GatheredProtection gathered, ProtectionDecision decision, CancellationToken cancellationToken)
    {
        var before = gathered.Entity.Status;
        var desired = ProtectedVMStatusBuilder.Build(gathered, decision, options.StatusRefreshInterval);
        if (!await status.ApplyAsync(gathered.Entity, desired, cancellationToken))
            return;
        Transitions.Publish(events, gathered.Entity, before?.Conditions, desired.Conditions);
        if (before?.Phase is { } phase && phase != desired.Phase)
        {
            var bad = desired.Phase is ProtectionPhase.Critical or ProtectionPhase.Unknown;
            events.Publish(gathered.Entity, bad ? EventType.Warning : EventType.Normal, desired.Phase.ToString()!, $"Phase changed from {phase} to {desired.Phase}.");
        }
    }
}
