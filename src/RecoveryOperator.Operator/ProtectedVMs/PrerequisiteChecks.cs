using System.Collections.Concurrent;
using Grpc.Core;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Has hosts check machines, and remembers what came of it: a failure until it is time to look again, a success as long as the question is the same.</summary>
internal sealed class PrerequisiteChecks(OperatorOptions options, TimeProvider timeProvider)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Answer> _answers = new();

    public PrerequisiteFacts Known(GatheredProtection gathered) =>
        gathered.Id is { } id && _answers.TryGetValue(id.ToString(), out var answer) && answer.Question == Question(gathered)
        && (answer.Facts.Failure is null || timeProvider.GetUtcNow() - answer.At < options.RetryInterval)
            ? answer.Facts
            : PrerequisiteFacts.NotChecked;

    /// <summary>Asks the host.</summary>
    /// <exception cref="RpcException">The host could not be asked.</exception>
    public async Task CheckAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        var client = gathered.Connection!.Client;
        var request = new StartHostOperationRequest
        {
            Id = $"check-{gathered.Id}-{Guid.NewGuid():N}",
            CheckPrerequisites = new() { Machine = gathered.Facts.Machine.MachineId },
        };
        request.CheckPrerequisites.ExcludedDisks.AddRange(gathered.Entity.Spec.ExcludeDisks);
        var deadline = timeProvider.GetUtcNow().UtcDateTime + Limit;
        var operation = await client.StartOperationAsync(request, deadline: deadline, cancellationToken: cancellationToken);
        if (operation.State == OperationState.Running)
        {
            using var watch = client.WatchOperation(new WatchOperationRequest { Id = request.Id }, deadline: deadline, cancellationToken: cancellationToken);
            await foreach (var progress in watch.ResponseStream.ReadAllAsync(cancellationToken))
                operation = progress;
        }

        _answers[gathered.Id.ToString()!] = new(Question(gathered), Facts(operation), timeProvider.GetUtcNow());
    }

    public void Forget(string protectionId) => _answers.TryRemove(protectionId, out _);

    private static PrerequisiteFacts Facts(Operation operation)
    {
        if (operation.State != OperationState.Succeeded)
            return new(true, operation.Fault is { } fault ? AgentFaults.Explain(fault) : new("CheckFailed", "The host's check did not end well. It is tried again.", false));
        var failures = operation.Result?.Prerequisites?.Failures;
        return failures is not { Count: > 0 }
            ? PrerequisiteFacts.Passed
            : new(true, new(AgentFaults.ReasonOf(failures[0]), string.Join(" ", failures.Select(AgentFaults.Text))));
    }

    private static string Question(GatheredProtection gathered) =>
        string.Join('\n', gathered.Entity.Spec.ExcludeDisks.Prepend(gathered.Connection?.Host.ToString()).Prepend(gathered.Machine?.Id));

    private sealed record Answer(string Question, PrerequisiteFacts Facts, DateTimeOffset At);
}
