using Azure.Core;
using Azure.Core.Pipeline;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>The process dies here.</summary>
internal sealed class CrashException(string message) : Exception(message);

/// <summary>Counts writes to the vault and calls of agents, kills the process before or after one of them, and lets others act before each.</summary>
internal sealed class Faults : HttpPipelinePolicy
{
    private int _calls;

    /// <summary>Index of the call that kills; none when negative.</summary>
    public int CrashAt { get; init; } = -1;

    /// <summary>The call takes effect first.</summary>
    public bool After { get; init; }

    /// <summary>The vault does not answer.</summary>
    public bool VaultAway { get; set; }

    /// <summary>The vault is read, and refuses every write.</summary>
    public bool VaultReadOnly { get; set; }

    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Runs before each call, with its index.</summary>
    public Func<int, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs behind each call, with its index.</summary>
    public Func<int, Task> Behind { get; set; } = _ => Task.CompletedTask;

    public async Task<T> AroundAsync<T>(Func<Task<T>> call)
    {
        var index = Interlocked.Increment(ref _calls) - 1;
        await Before(index);
        Crash(index, after: false);
        var result = await call();
        await Behind(index);
        Crash(index, after: true);
        return result;
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("The vault is asked asynchronously only.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (VaultAway)
            throw new Azure.RequestFailedException(403, "The test took the vault away.", "AuthenticationFailed", null);
        if (message.Request.Method == RequestMethod.Get || message.Request.Method == RequestMethod.Head)
            await ProcessNextAsync(message, pipeline);
        else if (VaultReadOnly)
            throw new Azure.RequestFailedException(403, "The test refuses writes.", "AuthorizationFailure", null);
        else
            await AroundAsync(async () =>
            {
                await ProcessNextAsync(message, pipeline);
                return true;
            });
    }

    private void Crash(int index, bool after)
    {
        if (index == CrashAt && after == After)
            throw new CrashException($"Killed {(after ? "after" : "before")} call {index}.");
    }
}
