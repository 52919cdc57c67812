using System.Collections.Concurrent;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Plans;
using OperationState = RecoveryOperator.Protocol.OperationState;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Runs agents' operations and remembers what failed, so that it is tried again in time and not at once.</summary>
internal sealed class AgentAttempts(IPlanAgents agents, TimeProvider time, PlanOptions options)
{
    private const int MaxPassedOver = 100;

    private readonly ConcurrentDictionary<string, Attempt> _attempts = new();

    /// <summary>Forgets how long the steps of an operation wait for their next try, also under the names of the version before, which had no plan in them.</summary>
    public void RetryNow(RecoveryPlan plan, OperationRequest request)
    {
        foreach (var (key, attempt) in _attempts.Where(a => a.Key.Contains($"/{request.Id}/{NamespacedName.Of(plan).Namespace}/", StringComparison.Ordinal)))
            _attempts.TryUpdate(key, attempt with { NotBefore = DateTimeOffset.MinValue }, attempt);
    }

    /// <summary>
    /// Runs an agent's operation as <c>key/number</c>. One that failed is followed by the next number, the blocked interval after its end. In a new
    /// process the numbers start again, so what runs or has ended well is found, and what failed before is passed over at once. A check, whose answer
    /// ages, starts at the clock's seconds instead.
    /// </summary>
    public async Task<(Protocol.Operation? Succeeded, StepOutcome Waiting)> RunAsync(
        NamespacedName host, string key, Func<string, StartHostOperationRequest> request, CancellationToken cancellationToken, long firstNumber = 0)
    {
        var attempts = $"{host}/{key}";
        var attempt = _attempts.GetOrAdd(attempts, _ => new Attempt(firstNumber, DateTimeOffset.MinValue, string.Empty, 0));
        while (time.GetUtcNow() >= attempt.NotBefore)
        {
            var operation = await agents.BeginAsync(host, request($"{key}/{attempt.Number}"), cancellationToken);
            if (operation.State == OperationState.Succeeded)
            {
                _attempts.TryRemove(attempts, out _);
                return (operation, StepOutcome.Done);
            }

            if (operation.State is not (OperationState.Failed or OperationState.Canceled))
                return (null, StepOutcome.Running(Progress(operation, host)));
            _attempts[attempts] = attempt = After(attempt, operation, host);
        }

        return (null, StepOutcome.Blocked(attempt.Failure));
    }

    /// <summary>
    /// The end is told by the host's clock, which may be wrong. So only so many are passed over at once; then, each waits by this clock.
    /// </summary>
    private Attempt After(Attempt attempt, Protocol.Operation operation, NamespacedName host)
    {
        var now = time.GetUtcNow();
        var ended = attempt.PassedOver < MaxPassedOver && operation.FinishedAt?.ToDateTimeOffset() is { } told && told < now ? told : now;
        var failure = operation.Fault is { } fault ? AgentFaults.Text(fault) : $"Operation {operation.Id} was canceled on host {host.Name}; it is begun again.";
        return new Attempt(attempt.Number + 1, ended + options.BlockedInterval, failure, attempt.PassedOver + 1);
    }

    /// <summary>Has the next try wait, and says why meanwhile.</summary>
    public void AskLater(string attempts, long number, string obstacle) =>
        _attempts[attempts] = new Attempt(number, time.GetUtcNow() + options.BlockedInterval, obstacle, 0);

    private static string Progress(Protocol.Operation operation, NamespacedName host)
    {
        var step = operation.Step.Length > 0 ? operation.Step : $"Host {host.Name} was asked and works on it.";
        return operation.BytesTotal > 0 ? $"{step} ({100 * operation.BytesDone / operation.BytesTotal} %)" : step;
    }

    private sealed record Attempt(long Number, DateTimeOffset NotBefore, string Failure, int PassedOver);
}
