using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.Operations;

public sealed class OperationRegistryTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.Parse("2026-01-01T00:00:00Z", null));
    private readonly InMemoryOperationStore _store = new();
    private readonly OperationRegistry _registry;
    private int _runs;

    public OperationRegistryTests() => _registry = NewRegistry();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    [Fact]
    public async Task The_same_id_with_the_same_request_runs_once()
    {
        _registry.Start("a", "digest", CountAsync);
        await EndOf("a");

        Operation again = _registry.Start("a", "digest", CountAsync);

        Assert.Equal(OperationState.Succeeded, again.State);
        Assert.Equal(1, _runs);
    }

    [Fact]
    public async Task The_same_id_with_another_request_is_refused_while_it_runs_and_after()
    {
        TaskCompletionSource hold = new();
        _registry.Start("a", "digest", async (_, token) => { await hold.Task.WaitAsync(token); return null; });
        Assert.Throws<OperationIdTakenException>(() => _registry.Start("a", "other", CountAsync));
        hold.SetResult();
        await EndOf("a");

        Assert.Throws<OperationIdTakenException>(() => _registry.Start("a", "other", CountAsync));
        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task An_ended_operation_is_found_by_a_new_process_for_a_day()
    {
        _registry.Start("a", "digest", CountAsync);
        await EndOf("a");
        await using OperationRegistry restarted = NewRegistry();

        Assert.Equal(OperationState.Succeeded, restarted.Get("a").State);
        _time.Advance(OperationRegistry.Memory - TimeSpan.FromSeconds(1));
        restarted.Start("b", "digest", CountAsync);
        Assert.Equal(OperationState.Succeeded, restarted.Get("a").State);
        _time.Advance(TimeSpan.FromSeconds(2));
        restarted.Start("c", "digest", CountAsync);
        Assert.Throws<OperationNotFoundException>(() => restarted.Get("a"));
    }

    [Fact]
    public async Task A_watcher_sees_the_present_state_each_step_and_the_end()
    {
        TaskCompletionSource hold = new();
        _registry.Start("a", "digest", async (context, token) =>
        {
            await hold.Task.WaitAsync(token);
            context.Step("copying");
            context.Progress(3, 10);
            return new OperationResult { Applied = new AppliedInfo { Sequence = 7 } };
        });
        List<Operation> seen = [];
        await foreach (Operation operation in _registry.WatchAsync("a", Token))
        {
            seen.Add(operation);
            hold.TrySetResult();
        }

        Assert.Equal(OperationState.Running, seen[0].State);
        Assert.Contains(seen, operation => operation is { Step: "copying", State: OperationState.Running });
        Assert.Contains(seen, operation => operation is { BytesDone: 3, BytesTotal: 10 });
        Assert.Equal(OperationState.Succeeded, seen[^1].State);
        Assert.Equal(7, seen[^1].Result.Applied.Sequence);
        Assert.NotNull(seen[^1].FinishedAt);
    }

    [Fact]
    public async Task Watching_an_ended_operation_gives_its_end()
    {
        _registry.Start("a", "digest", CountAsync);
        await EndOf("a");

        Assert.Equal(OperationState.Succeeded, (await EndOf("a")).State);
    }

    [Fact]
    public async Task A_failure_carries_its_fault()
    {
        _registry.Start("a", "digest", (_, _) => throw new InvalidOperationException("broken"));

        Operation end = await EndOf("a");

        Assert.Equal(OperationState.Failed, end.State);
        Assert.Equal("broken", end.Fault.Message);
    }

    [Fact]
    public async Task Cancel_ends_the_work_and_leaves_an_ended_operation_alone()
    {
        _registry.Start("a", "digest", async (_, token) => { await Task.Delay(Timeout.Infinite, token); return null; });
        _registry.Cancel("a");

        Assert.Equal(OperationState.Canceled, (await EndOf("a")).State);
        Assert.Equal(OperationState.Canceled, _registry.Cancel("a").State);
    }

    [Fact]
    public void An_unknown_id_is_not_found()
    {
        Assert.Throws<OperationNotFoundException>(() => _registry.Get("nope"));
        Assert.Throws<OperationNotFoundException>(() => _registry.Cancel("nope"));
    }

    private OperationRegistry NewRegistry() =>
        new(_store, fault => new Fault { Message = fault.Message }, _time, NullLogger<OperationRegistry>.Instance);

    private Task<OperationResult?> CountAsync(OperationContext context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        return Task.FromResult<OperationResult?>(null);
    }

    private async Task<Operation> EndOf(string id)
    {
        Operation? last = null;
        await foreach (Operation operation in _registry.WatchAsync(id, Token))
            last = operation;
        return last!;
    }
}
